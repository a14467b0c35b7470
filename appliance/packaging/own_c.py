"""The app's own C: modules of cffi's API mode, which a file NAME_build.py beside the app describes, by cffi's own convention.

Such a file has an ``FFI()`` at its top level and calls ``set_source`` with the name of the module. When the app imports that
module, the file and the C beside it become a source distribution, which is built like every other.
"""

from __future__ import annotations

import ast
import gzip
import importlib.metadata
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.common.places import SOURCE_DATE_EPOCH, cache_folder, digest_of, whole_folder
from appliance.packaging.syntax import unreadable

_C = (".c", ".h", ".S", ".s", ".inc", ".cc", ".cpp", ".cxx", ".hpp")
_NO_SOURCES = ("dist", "build", "node_modules", "__pycache__")

_PROJECT = '[build-system]\nrequires = ["setuptools=={setuptools}", "cffi=={cffi}"]\nbuild-backend = "setuptools.build_meta"\n'
_SETUP = "from setuptools import setup\n\nsetup(name={name!r}, version='0', py_modules=[], cffi_modules={modules!r})\n"


@dataclass(frozen=True)
class Description:
    """A file that describes a C module, and its variable that holds the FFI."""

    file: Path
    variable: str
    module: str


def described_modules(app: Path) -> list[Description]:
    """Those beside an app (a resolved path) whose modules it imports."""
    found = [each for file in sorted(app.parent.glob("*_build.py")) for each in _descriptions(file)]
    return [each for each in found if each.module in _imports(app)] if found else []


def source_of(app: Path, described: Iterable[Description], cffi: str) -> Path:
    """The source distribution for these modules, in the cache; ``cffi`` is the version that the app requires."""
    modules = [f"{each.file.name}:{each.variable}" for each in described]
    name = f"{app.stem}-own-c"
    members = {
        "pyproject.toml": _PROJECT.format(setuptools=importlib.metadata.version("setuptools"), cffi=cffi).encode(),
        "setup.py": _SETUP.format(name=name, modules=modules).encode(),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n".encode(),
        **{file.relative_to(app.parent).as_posix(): file.read_bytes()
           for each in described for file in (*_python_of(each.file), *_c_below(app.parent))},
    }
    data = _packed(f"{name}-0", members)
    folder = cache_folder("own") / digest_of(data)[:16]
    if not folder.exists():
        with whole_folder(folder) as work:
            (work / f"{name}-0.tar.gz").write_bytes(data)
    return folder / f"{name}-0.tar.gz"


def _descriptions(file: Path) -> Iterator[Description]:
    """The FFIs at the top level of a file that are given a name for their module."""
    tree = _tree(file)
    makers = {target.id for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
              and ast.unparse(node.value.func).rpartition(".")[2] == "FFI"
              for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("set_source"):
            variable, module = ast.unparse(node.func.value), node.args[0] if node.args else None
            if variable in makers and isinstance(module, ast.Constant) and isinstance(module.value, str):
                yield Description(file, variable, module.value)


def _imports(app: Path) -> set[str]:
    """The dotted names that the app and the files beside it that it imports name in import statements."""
    names: set[str] = set()
    for file in _python_of(app):
        for node in ast.walk(_tree(file)):
            if isinstance(node, ast.Import):
                names.update(entry.name for entry in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.update((node.module, *(f"{node.module}.{entry.name}" for entry in node.names)))
    return names


def _python_of(file: Path) -> list[Path]:
    """The file, and the files beside it that it imports in turn."""
    found, waiting = [], [file]
    while waiting:
        one = waiting.pop()
        if one not in found and one.is_file():
            found.append(one)
            nodes = [node for node in ast.walk(_tree(one)) if isinstance(node, ast.Import | ast.ImportFrom)]
            names = {entry.name for node in nodes if isinstance(node, ast.Import) for entry in node.names}
            names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
            waiting += [file.with_name(f"{name}.py") for name in sorted(names)]
    return found


def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        raise unreadable(file, error) from error


def _c_below(folder: Path) -> Iterator[Path]:
    """The files in C below the app's folder, not looking where none of its own are."""
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NO_SOURCES
                            and not Path(top, name, "pyvenv.cfg").exists())
        yield from (Path(top, name) for name in sorted(files) if name.endswith(_C))


def _packed(top: str, members: dict[str, bytes]) -> bytes:
    """A tarball, the same bytes for the same members."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, filename="") as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in sorted(members.items()):
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mtime = len(data), SOURCE_DATE_EPOCH
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()
