"""The builder: one Python file in; a static binary and a bootable disk image out.

Read the folders in the order the data takes: common, formats, fetching, compiling, packaging, freezing, imaging, delivering,
and then build.py, which calls them in turn. Behind it stand what is done with a finished build (emulating, flashing, updating,
powercuts) and what nobody imports but the tasks: host, provision, skeleton, doctor, report. A file imports only what stands
before it: tests/test_architecture.py has the order, and holds them to it. The files *_inside.py run under another Python.
"""
