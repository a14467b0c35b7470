"""The time zones as the pinned package tzdata has them: which rule is in force in each.

A device knows rules only: its programs have no time zone database, unless an app brings one.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from appliance.common.places import cache_folder, digest_of, whole_file

# Names that are there only for old programs.
_OLD = ("Etc/", "US/")


def zone_rules() -> dict[str, str]:
    """Name -> POSIX rule, like CET-1CEST,M3.5.0,M10.5.0/3, of the zones of continents and oceans, and UTC."""
    database = files("tzdata")
    names = database.joinpath("zones").read_text().split()
    chosen = sorted(name for name in names if name == "UTC" or ("/" in name and not name.startswith(_OLD)))
    return {name: _rule(database.joinpath("zoneinfo", *name.split("/")).read_bytes()) for name in chosen}


def zone_table() -> Path:
    """A file with a line for each, as fapws4/device/zones.py reads it."""
    text = "".join(f"{name} {rule}\n" for name, rule in zone_rules().items())
    file = cache_folder("code") / f"zones-{digest_of(text)[:16]}.txt"
    if not file.exists():
        with whole_file(file) as work:
            work.write_text(text)
    return file


def _rule(data: bytes) -> str:
    """The last line of a zone's file (RFC 8536, 3.3)."""
    return data.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")
