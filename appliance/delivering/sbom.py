"""An end of the line: what a build consists of as bills of material, for tools that watch for flaws and check licences.

CycloneDX 1.6 (ECMA-424) and SPDX 2.3, both as JSON. The same build gives the same bytes: their time is that of every
generated file, their numbers are derived from their content.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from appliance.common.places import SOURCE_DATE_EPOCH
from appliance.delivering.components import Component

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "fapws4/sbom")
_TIME = datetime.fromtimestamp(SOURCE_DATE_EPOCH, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
_APP = "app"
_PURPOSES = {"application": "APPLICATION", "library": "LIBRARY", "framework": "FRAMEWORK", "firmware": "FIRMWARE",
             "operating-system": "OPERATING-SYSTEM", "device-driver": "OTHER"}

Table = dict[str, Any]


@dataclass(frozen=True)
class Bill:
    """A finished build: the app, the components, the digests (sha256) of its results, the tools that made them, and the
    processors that it is for."""

    name: str
    version: str
    components: Sequence[Component]
    outputs: Mapping[str, str]
    tools: Mapping[str, str]
    targets: Sequence[str] = ()

    @property
    def builder(self) -> str:
        """The version of fapws4."""
        return next((each.version for each in self.components if each.name == "fapws4"), "0")

    def inside(self, name: str) -> list[Component]:
        """The components directly within that one ("": within the whole)."""
        return [each for each in self.components if each.within == name]


def cyclonedx(bill: Bill) -> bytes:
    """The bill in CycloneDX."""
    whole: Table = {"type": "application", "bom-ref": _APP, "name": bill.name, "version": bill.version,
             "purl": f"pkg:generic/{bill.name}@{bill.version}"}
    whole["properties"] = [{"name": "fapws4:target", "value": target} for target in bill.targets]
    whole["properties"] += [{"name": f"fapws4:sha256:{file}", "value": digest} for file, digest in bill.outputs.items()]
    tools = {"fapws4": bill.builder, **bill.tools}
    parents = {_APP: bill.inside(""), **{_reference(each): bill.inside(each.name) for each in bill.components}}
    table = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "",
        "version": 1,
        "metadata": {
            "timestamp": _TIME,
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "name": name, "version": version}
                                     for name, version in tools.items()]},
            "component": whole,
        },
        "components": [_cyclonedx_component(each) for each in bill.components],
        "dependencies": [{"ref": parent, "dependsOn": [_reference(each) for each in inside]}
                         for parent, inside in parents.items()],
        "compositions": [{"aggregate": "complete", "assemblies": [_APP]}],
    }
    table["serialNumber"] = f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(table))}"
    return _json(table)


def spdx(bill: Bill) -> bytes:
    """The bill in SPDX."""
    whole = Component(bill.name, bill.version, "application", "", "", f"pkg:generic/{bill.name}@{bill.version}")
    parents = {each.name: _spdx_name(_reference(each)) for each in bill.components} | {"": _spdx_name(_APP)}
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": parents[""]}]
    relations += [{"spdxElementId": parents[each.within], "relationshipType": "CONTAINS",
                   "relatedSpdxElement": _spdx_name(_reference(each))} for each in bill.components]
    table = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{bill.name} {bill.version}",
        **({"comment": f"for {', '.join(bill.targets)}"} if bill.targets else {}),
        "documentNamespace": "",
        "creationInfo": {"created": _TIME, "creators": [f"Tool: fapws4-{bill.builder}"]},
        "packages": [{**_spdx_package(whole), "SPDXID": parents[""]},
                     *(_spdx_package(each) for each in bill.components)],
        "hasExtractedLicensingInfos": [{"licenseId": name, "extractedText": text}
                                       for name, text in _own_licences(bill.components).items()],
        "relationships": relations,
    }
    table["documentNamespace"] = f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(table))}"
    return _json(table)


def _cyclonedx_component(each: Component) -> Table:
    table: Table = {"type": each.kind, "bom-ref": _reference(each), "name": each.name, "version": each.version}
    if each.licence:
        table["licenses"] = [{"expression": each.licence}]
    elif each.stated:
        table["licenses"] = [{"license": {"name": each.stated}}]
    table |= {key: value for key, value in (("cpe", each.cpe), ("purl", each.purl)) if value}
    if each.sha256:
        hashes = [{"alg": "SHA-256", "content": each.sha256}]
        table["externalReferences"] = [{"type": "distribution", "url": each.file, "hashes": hashes}]
    if each.fixed:
        resolved = [{"type": "security", "id": flaw, "name": flaw} for flaw in each.fixed]
        table["pedigree"] = {"patches": [{"type": "backport", "resolves": resolved}]}
    table["properties"] = [{"name": "fapws4:part", "value": each.part},
                           *({"name": "fapws4:target", "value": target} for target in each.targets)]
    return table


def _spdx_package(each: Component) -> Table:
    references = [("PACKAGE-MANAGER", "purl", each.purl), ("SECURITY", "cpe23Type", each.cpe)]
    table: Table = {"SPDXID": _spdx_name(_reference(each)), "name": each.name, "versionInfo": each.version}
    if each.sha256:
        table |= {"packageFileName": each.file, "checksums": [{"algorithm": "SHA256", "checksumValue": each.sha256}]}
    licence = each.licence or (_licence_reference(each) if each.stated else "NOASSERTION")
    table |= {
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": _PURPOSES[each.kind],
        "externalRefs": [{"referenceCategory": category, "referenceType": kind, "referenceLocator": value}
                         for category, kind, value in references if value],
    }
    if each.targets:
        table["comment"] = f"only for {', '.join(each.targets)}"
    if each.fixed:
        table["sourceInfo"] = "patched for " + ", ".join(each.fixed)
    return table


def _own_licences(components: Sequence[Component]) -> dict[str, str]:
    """Licences that SPDX's list does not have: their names in the document, and what is known of them."""
    found = {_licence_reference(each): each.stated for each in components if each.stated}
    named = {name: each.name for each in components for name in re.findall(r"LicenseRef-[\w.-]+", each.licence)}
    return found | {name: f"See the licence texts of {owner}." for name, owner in named.items()}


def _reference(each: Component) -> str:
    """What a component is called inside a bill; unique, though a package may have the name of a library or of a module, and
    other versions for other processors."""
    kind = "pypi" if each.purl.startswith("pkg:pypi/") else each.kind
    return ":".join([kind, each.name, *each.targets])


def _spdx_name(reference: str) -> str:
    return f"SPDXRef-{_bare(reference)}"


def _licence_reference(each: Component) -> str:
    return f"LicenseRef-{_bare(each.name)}"


def _bare(text: str) -> str:
    """Letters, digits, dots and hyphens only; an underscore is told from a hyphen by being two."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", text.replace("_", "--"))


def _json(table: Table) -> bytes:
    return (json.dumps(table, indent=2) + "\n").encode()
