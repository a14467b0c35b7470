"""A first app to begin with: appliance/skeleton/ copied under another name. It builds, runs and passes its test as it is."""

from __future__ import annotations

from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.places import whole_folder
from appliance.freezing.analysis import check_name

_TEMPLATE = Path(__file__).with_name("skeleton")
_NAME = "newapp"  # stands for the name, in the files and in their names


def new_app(folder: Path) -> list[Path]:
    """The files of a new app named as its folder, which must not be there yet."""
    check_name(folder.with_name(f"{folder.name}.py"))
    if folder.exists():
        raise Problem(f"{folder} is there already", "choose another name; nothing was changed")
    with whole_folder(folder) as work:
        for file in sorted(_TEMPLATE.iterdir()):
            if file.is_file():
                (work / file.name.replace(_NAME, folder.name)).write_text(file.read_text().replace(_NAME, folder.name))
    return sorted(folder.iterdir())
