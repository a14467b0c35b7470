"""A device looks for updates in a container registry, where `invoke publish` has put them.

`courier` is a process that PID 1 starts (core/init/updates/fetch.h), `registry` what it knows of registries. They are in the
program of an image only when its project names a registry (`update_from`).
"""
