"""Imports modules from the archive inside the executable; the first thing that Python runs in a frozen program.

Stands first in sys.meta_path. ``_fapws4_archive`` is the C side: ``find(name)`` gives ``(path, is_package)`` or None,
``code(name)`` the code object, ``modules(folder)`` what pkgutil lists.
"""

import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import _LoaderBasics

import _fapws4_archive

_find = _fapws4_archive.find
_code = _fapws4_archive.code
_ROOT = "/appliance"  # ARCHIVE_ROOT of archive.h
_LEFT_OUT = _ROOT + "/bin/left-out"  # of appliance/freezing/archive.py: reasons, each with a line of names


class ArchiveLoader(_LoaderBasics):
    """Loads one module; what importlib, inspect, pkgutil and importlib.resources ask of a loader.

    ``create_module`` and ``exec_module`` are importlib's own, whose lines Python leaves out of tracebacks.
    """

    __slots__ = ("name", "path")

    def __init__(self, name, path):
        self.name = name
        self.path = path

    def get_code(self, name):
        return _code(name)

    def get_source(self, name):
        return None

    def is_package(self, name):
        return _find(name)[1]

    def get_filename(self, name=None):
        return self.path

    def get_data(self, path):
        from _io import FileIO

        with FileIO(path, "r") as file:
            return file.read()

    def get_resource_reader(self, name):
        from importlib.readers import FileReader

        return FileReader(self)


class ArchiveFinder:
    """Finds modules of the archive by their full names."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        found = _find(name)
        if found is None:
            return None
        file, is_package = found
        folder = file.rpartition("/")[0]
        if file.endswith("/"):  # a namespace package: a folder, no code
            spec = ModuleSpec(name, None, is_package=True)
        else:
            spec = ModuleSpec(name, ArchiveLoader(name, file), origin=file, is_package=is_package)
            spec._set_fileattr = True
        if is_package:
            spec.submodule_search_locations.append(folder)
        return spec

    @staticmethod
    def invalidate_caches():
        pass


class ArchiveFolder:
    """One folder of the archive, as pkgutil and importlib ask for it by its path."""

    __slots__ = ("path",)

    def __init__(self, path):
        if path != _ROOT and not path.startswith(f"{_ROOT}/"):
            raise ImportError("no folder of the archive")
        self.path = path.rstrip("/")

    def find_spec(self, name, target=None):
        return ArchiveFinder.find_spec(name)

    def iter_modules(self, prefix=""):
        return [(prefix + name, is_package) for name, is_package in _fapws4_archive.modules(self.path)]

    def invalidate_caches(self):
        pass


class LeftOut:
    """Stands last in sys.meta_path: who imports a module that the build left out is told why.

    ``importlib.util.find_spec`` asks too, and does not find it as it finds none that was never there.
    """

    @staticmethod
    def find_spec(name, path=None, target=None):
        if sys._getframe(2).f_code.co_name == "_find_and_load_unlocked" and (reason := _reason(name)):
            raise ModuleNotFoundError(f"No module named {name!r} in this program: {reason}", name=name)

    @staticmethod
    def invalidate_caches():
        pass


def _reason(name):
    from _io import FileIO

    try:
        with FileIO(_LEFT_OUT, "r") as file:
            lines = file.read().decode().splitlines()
    except FileNotFoundError:
        return ""
    return next((reason for reason, names in zip(lines[::2], lines[1::2]) if name in names.split()), "")


sys.meta_path.insert(0, ArchiveFinder)
sys.meta_path.append(LeftOut)
sys.path_hooks.insert(0, ArchiveFolder)
sys.path_importer_cache.clear()
