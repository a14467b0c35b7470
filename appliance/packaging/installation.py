"""The packages of an app, installed in a folder that the analysis looks into: what is required, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from appliance.common.places import cache_folder, digest_of, whole_folder
from appliance.common.progress import step
from appliance.packaging import wheels
from appliance.packaging.building import Package, Workplace, make_packages
from appliance.packaging.extensions import Extension
from appliance.packaging.packages import Choice


@dataclass(frozen=True)
class Packages:
    """What was chosen, and the folder that holds it installed (None: nothing is required)."""

    chosen: tuple[Package, ...] = ()
    site: Path | None = None

    @property
    def digest(self) -> str:
        """Of everything in the folder, and of the C modules."""
        return digest_of(*(package.wheel_sha256 for package in self.chosen))

    @property
    def extensions(self) -> dict[str, Extension]:
        """The C modules by their names."""
        return {extension.name: extension for package in self.chosen for extension in package.extensions}

    def find(self, name: str) -> Package | None:
        """The distribution of that name, however it is spelled."""
        return next((each for each in self.chosen if canonicalize_name(each.name) == canonicalize_name(name)), None)


NO_PACKAGES = Packages()


def install(choice: Choice | None, place: Workplace) -> Packages:
    """The packages of a choice in the cache, sources built."""
    if choice is None:
        return NO_PACKAGES
    chosen = tuple(sorted(make_packages(choice, place), key=lambda package: package.name.lower()))
    site = cache_folder("sites") / digest_of(*(package.wheel_sha256 for package in chosen))[:16]
    if not site.exists():
        with step(f"install {len(chosen)} packages"), whole_folder(site) as work:
            wheels.install((package.wheel for package in chosen), work)
    return Packages(chosen, site)
