"""The builder: one Python file in; a static binary and a bootable disk image out.

Read the modules in the order the data takes (each imports only what stands before it):
errors, places, shell, progress, recipes, sources, toolchain, libraries, analysis, archive, link, trial, formats/, kernel,
bootloader, image, emulate, build.
"""
