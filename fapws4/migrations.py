"""Settings that an older version of the app has kept, brought to what this version reads.

    def one_file(settings: Path) -> None:  # 1: what the first release kept in three
        ...

    def celsius(settings: Path) -> None:  # 2
        ...

    SETTINGS = migrate(data_dir() / "settings", {1: one_file, 2: celsius})

The number of the last step that a folder has behind it, its data version, stands in its file `data_version`; without that file
it is 0, and so it is on a new device, where the steps begin with an empty folder. The steps that are missing work in their
order on a copy, which is all that they may change; it takes the folder's place in one go when they have all come to their end
and it is on the disk. Whatever happens before, the folder is as it was, and the next start begins anew. Workers wait for the
first of them. Call it where the app is imported: nobody may write into the folder meanwhile, and nobody is served yet.

On a device only the folder that pyproject.toml names is migrated, since only that is put back when a new version fails:

    [tool.fapws4]
    settings = "settings"
    data_version = 2        # as many as there are steps
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fapws4.data_folder import is_data_dir
from fapws4.settings_folder import fault, locked, replaced, settle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Steps = Mapping[int, Callable[[Path], object]]

_NUMBER = "data_version"
_LOST = "cannot be put back when a new version of the app fails"
_SAY = "under [tool.fapws4] in pyproject.toml, say "


class MigrationError(Exception):
    """Why the settings are not migrated, and what to do; they are as they were."""


def migrate(folder: str | Path, steps: Steps) -> Path:
    """Do what is missing of the steps, which are numbered 1, 2, 3 ...; each is called with the folder that it has to change.

    Returns the folder. MigrationError when it is not the declared one, could not be kept by a device, is of a newer version
    of the app, or a step has raised an exception.
    """
    place = Path(os.path.abspath(folder))  # noqa: PTH100 (resolve() would follow links)
    latest = len(steps)
    if not steps or sorted(steps) != list(range(1, latest + 1)):
        raise ValueError(f"steps of migrate() are numbered 1, 2, 3 ... without a gap, not {sorted(steps)}")
    _refuse_undeclared(place, latest)
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.parent):
        settle(place)
        present = _version_of(place)
        if present > latest:
            raise MigrationError(f"{place} is of data version {present}, and this version of the app knows none above "
                                 f"{latest}: install a newer version, or begin anew without the folder")
        if present < latest:
            _bring_up(place, present, steps)
    return place


def _bring_up(folder: Path, present: int, steps: Steps) -> None:
    _refuse_faulty(folder, folder)
    with replaced(folder) as work:
        for number in range(present + 1, len(steps) + 1):
            _take(steps, number, folder, work)
        (work / _NUMBER).write_text(f"{len(steps)}\n")
        _refuse_faulty(work, folder)
    sys.stderr.write(f"{folder}: data version {present} is migrated to {len(steps)}\n")


def _take(steps: Steps, number: int, folder: Path, work: Path) -> None:
    step = steps[number]
    try:
        step(work)
    except Exception as error:
        name = getattr(step, "__name__", "step")
        raise MigrationError(f"{folder}: {name}, its migration to data version {number}, has failed: "
                             f"{type(error).__name__}: {error}; the folder is as it was") from error


def _version_of(folder: Path) -> int:
    file = folder / _NUMBER
    try:
        number = file.read_bytes().strip()
    except FileNotFoundError:
        return 0
    if not number.isdigit() or len(number) > 9:
        raise MigrationError(f"{file} is no number: write into it up to which of its migrations the folder is, "
                             "or begin anew without the folder")
    return int(number)


def _refuse_faulty(folder: Path, name: Path) -> None:
    """`name` is what the folder is called, which may be a copy."""
    found = fault(folder) if folder.exists() else ""
    if found:
        raise MigrationError(f"{name} {_LOST}: {found}")


def _refuse_undeclared(folder: Path, latest: int) -> None:
    """FAPWS_SETTINGS and FAPWS_DATA_VERSION have what pyproject.toml says, on devices and when a program is built."""
    declared = os.environ.get("FAPWS_SETTINGS")
    names = tuple(declared.split("/")) if declared else ("",)
    if declared == "":
        raise MigrationError(f'{folder} {_LOST}, since no folder is declared: {_SAY}settings = "{folder.name}" and '
                             f"data_version = {latest}")
    if declared and not (folder.parts[-len(names):] == names and is_data_dir(Path(*folder.parts[:-len(names)]))):
        raise MigrationError(f'{folder} {_LOST}, since another folder is declared: migrate data_dir() / "{declared}", or '
                             f"{_SAY}settings = and which folder it is below data_dir()")
    if declared and os.environ.get("FAPWS_DATA_VERSION") != str(latest):
        raise MigrationError(f"{folder} has migrations to data version {latest}, and another one is declared: "
                             f"{_SAY}data_version = {latest}")
    for place in (folder, *folder.parents)[:len(names)]:
        if place.is_symlink():
            raise MigrationError(f"{place} is a link, and {_LOST}: let it be a folder")
