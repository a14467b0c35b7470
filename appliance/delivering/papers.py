"""The papers of a build: what it consists of and under which terms, for the folder of the results and for the device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.compiling.libraries import Library
from appliance.compiling.toolchain import Toolchain
from appliance.delivering import components, licences, sbom
from appliance.delivering.components import Component
from appliance.fetching.recipes import Board
from appliance.freezing.analysis import Analysis
from appliance.imaging.kernel import PreparedKernel


@dataclass(frozen=True)
class Papers:
    """The parts of a build, and the texts of their licences."""

    parts: list[Component]
    sections: licences.Sections

    def with_image(self, board: Board, kernel: PreparedKernel, offline: bool) -> Papers:
        """These of a program, and those of the image around it."""
        more = components.image_components(board, kernel, offline)
        return Papers([*self.parts, *more], self.sections | licences.image_sections(more, board, offline))

    def held(self, name: str, table: Mapping[str, Any]) -> dict[str, bytes]:
        """What a device can show, by its name in /etc: the licences and the bill, which cannot say the digest of the image."""
        bill = sbom.cyclonedx(self._bill(name, table, {}))
        return {"licences": licences.written(self.sections, name).encode(), "bill": bill}

    def written(self, name: str, table: Mapping[str, Any]) -> list[bytes]:
        """CycloneDX, SPDX and LICENCES.txt, for the build that ``table`` (BUILD.json) describes."""
        bill = self._bill(name, table, {file: output["sha256"] for file, output in table["outputs"].items()})
        return [sbom.cyclonedx(bill), sbom.spdx(bill), licences.written(self.sections, name).encode()]

    def _bill(self, name: str, table: Mapping[str, Any], digests: dict[str, str]) -> sbom.Bill:
        return sbom.Bill(name, table["app"]["version"], self.parts, digests, table["tools"], table["targets"])


def papers_of(programs: Iterable[tuple[Analysis, Sequence[Library], Toolchain]], offline: bool) -> Papers:
    """Those of the programs of one app, one for each processor."""
    parts: dict[str, list[Component]] = {}
    sections: licences.Sections = {}
    for analysis, libraries, tools in programs:
        own = components.binary_components(analysis, libraries, tools, offline)
        parts[tools.target.name] = own
        sections |= licences.binary_sections(own, analysis, libraries, offline)
    return Papers(components.merged(parts), sections)


def read_again(table: Mapping[str, Any], texts: str) -> Papers:
    """Those of the programs of an earlier build: from its BUILD.json, and its LICENCES.txt if there is one."""
    parts = [part for part in map(licences.component_from, table["components"]) if part.part == components.BINARY]
    return Papers(parts, licences.without_image(licences.read(texts)))
