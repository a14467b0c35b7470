"""REPORT.txt: what a program consists of, byte by byte, and why each module is in it."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.freezing.analysis import Analysis
from appliance.freezing.archive import ROOT, Archive
from appliance.freezing.link import Code

TLS = ("openssl", "cpython-openssl")
_UNNAMED = "texts, tables and what the linker adds"


def written(program: str, size: int, analysis: Analysis, archive: Archive, code: Code) -> str:
    """The report on a program of ``size`` bytes; the same for the same program."""
    libraries = {f"({name})": stored for name, stored in code.libraries.items()}
    modules = {name: stored for name, stored in archive.sizes.items() if not name.startswith(ROOT)}
    files = {name: stored for name, stored in archive.sizes.items() if name.startswith(ROOT) and stored}
    parts = [f"{program}: {size:,} bytes",
             _table("shares", shares(size, archive, code)),
             _table("interpreter, C modules with who imports them first, and libraries",
                    {"(interpreter)": code.interpreter, **code.modules, **libraries}, analysis),
             _table("Python modules, with who imports them first", modules, analysis),
             _table("files", files)]
    parts += [f"left out: {reason}\n\n  {' '.join(names)}" for reason, names in analysis.left_out.items()]
    return "\n\n".join(parts) + "\n"


def shares(size: int, archive: Archive, code: Code) -> dict[str, int]:
    """How the bytes of the program are divided; their sum is its size."""
    tls = sum(code.libraries.get(name, 0) for name in TLS)
    rest = sum(stored for name, stored in code.libraries.items() if name not in TLS)
    found = {"interpreter": code.interpreter + sum(code.modules.values()), "TLS": tls, "core and libraries": rest,
             **archive.shares}
    return {name: stored for name, stored in {**found, _UNNAMED: size - sum(found.values())}.items() if stored}


def _chain(name: str, analysis: Analysis) -> str:
    """The modules from the app to this one, each of which imports the next."""
    names = [name]
    while above := analysis.through.get(names[-1], ""):
        names.append(above)
    return " > ".join(reversed(names)) if names[1:] else ""


def _table(title: str, sizes: Mapping[str, int], analysis: Analysis | None = None) -> str:
    """The largest first, equal ones by their names; modules with their chains."""
    rows = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    chains = {name: _chain(name, analysis) if analysis else "" for name in sizes}
    return "\n".join([title, "", *(f"{size:12,}  {name:32} {chains[name]}".rstrip() for name, size in rows)])
