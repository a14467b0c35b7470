"""The builder: one Python file in; a static binary and a bootable disk image out.

Read the modules in the order the data takes; each imports only what stands before it (tests/test_architecture.py holds
them to it): errors, places, progress, shell, recipes, registries, unpacking, sources, preflight, toolchain, libraries,
interpreter, data, packages, building, analysis, archive, link, trial, formats/, tools, kernel, bootloader, image, build.
Ends of the line, which nobody imports but the tasks: host, monitor, emulate, provision, report. The files *_inside.py run
under the device's Python.
"""
