"""Bills of material: what the projects behind the two formats say of them, and that they tell what is in the build."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from appliance.build import Plan
from appliance.delivering.components import Component
from appliance.delivering.sbom import Bill, cyclonedx, spdx

ODD = Bill(
    "odd_app",
    "1.0+ü",
    [
        Component("fapws4", "1", "framework", "binary", "BSD-2-Clause", "pkg:generic/fapws4@1"),
        Component("a_b", "2", "library", "binary", "", "pkg:pypi/a-b@2", stated="Do what you like.\nReally."),
        Component("a-b", "2", "library", "binary", "LicenseRef-mine OR MIT", "pkg:pypi/a.b@2", fixed=("CVE-2020-1",)),
        Component("fat", "6.1", "device-driver", "image", "GPL-2.0-only", "", file="fat.ko.xz", sha256="0" * 64, within="a_b"),
        Component("tiny", "1", "library", "binary", "MIT", "pkg:github/tiny/tiny@1"),
        Component("tiny", "1", "library", "binary", "MIT", "pkg:pypi/tiny@1"),
        Component("unknown", "0", "library", "binary", "", "pkg:generic/unknown@0"),
        Component("split", "1", "library", "binary", "MIT", "pkg:pypi/split@1", targets=("armv7", "x86_64")),
        Component("split", "2", "library", "binary", "MIT", "pkg:pypi/split@2", targets=("aarch64",)),
    ],
    {"odd_app-x86_64": "1" * 64},
    {"ziglang": "0.17.1"},
    ["x86_64", "aarch64", "armv7"],
)


def cyclonedx_faults(text: bytes) -> object:
    """What the validator of CycloneDX's own library says; None when it has nothing to say."""
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.decode())


def spdx_faults(text: bytes, folder: Path) -> list[str]:
    """What SPDX's own tools say of a document."""
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    file = folder / "bill.spdx.json"
    file.write_bytes(text)
    return [message.validation_message for message in validate_full_spdx_document(parse_file(str(file)))]


@pytest.fixture
def bill(hello: Plan) -> Any:
    """The CycloneDX bill of samples/hello with its image."""
    return json.loads((hello.output / "hello.cdx.json").read_text())


def test_cyclonedx_is_valid(hello: Plan) -> None:
    """The bill of a real build, and one with all that is odd."""
    assert None is cyclonedx_faults((hello.output / "hello.cdx.json").read_bytes())
    assert None is cyclonedx_faults(cyclonedx(ODD))


def test_the_validator_of_cyclonedx_sees_faults() -> None:
    """A key that is unknown does not pass."""
    assert None is not cyclonedx_faults(cyclonedx(ODD).replace(b'"components"', b'"componets"'))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_spdx_is_valid(hello: Plan, tmp_path: Path) -> None:
    """The bill of a real build, and one with all that is odd."""
    assert [] == spdx_faults((hello.output / "hello.spdx.json").read_bytes(), tmp_path)
    assert [] == spdx_faults(spdx(ODD), tmp_path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_validator_of_spdx_sees_faults(tmp_path: Path) -> None:
    """A licence that is none does not pass."""
    assert [] != spdx_faults(spdx(ODD).replace(b"GPL-2.0-only", b"MIT-ish"), tmp_path)


def test_everything_is_in_it(bill: Any) -> None:
    """The server, Python and its parts, the libraries, the libc, the kernel with its modules, the boot loaders."""
    found = {each["name"]: each for each in bill["components"]}
    assert {"fapws4", "cpython", "mimalloc", "libuv", "picohttpparser", "zlib", "musl", "grub-pc-bin", "ext4"} <= found.keys()
    assert "libffi" not in found  # hello has no _ctypes
    kinds = {"fapws4": "framework", "cpython": "library", "ext4": "device-driver", "grub-pc-bin": "firmware"}
    assert kinds == {name: found[name]["type"] for name in kinds}
    assert ["operating-system"] == [each["type"] for each in bill["components"] if each["name"].startswith("linux-image-")]
    assert [] == [name for name, each in found.items() if "licenses" not in each]
    assert [] == [name for name, each in found.items() if each["type"] != "framework" and name not in ("musl", "zig")
                  and "externalReferences" not in each]


def test_libraries_have_their_own_names_and_versions(bill: Any) -> None:
    """Not those of the sdists that carry them; and flaws that patches mend are told."""
    found = {each["name"]: each for each in bill["components"]}
    assert "0.23.0" != found["libuv"]["version"]
    assert found["libuv"]["purl"] == f"pkg:github/libuv/libuv@v{found['libuv']['version']}"
    assert {"uvloop", "gunicorn-h1c"}.isdisjoint(found)
    mended = [issue["id"] for patch in found["cpython"]["pedigree"]["patches"] for issue in patch["resolves"]]
    assert mended
    assert all(name.startswith("CVE-") for name in mended)


def test_what_is_part_of_what(bill: Any) -> None:
    """The app depends on the server, Python and the kernel; mimalloc is a part of Python, a module one of the kernel."""
    inside = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert {"framework:fapws4", "library:cpython", "library:libuv"} <= set(inside["app"])
    assert "library:mimalloc" in inside["library:cpython"]
    [kernel] = [ref for ref in inside if ref.startswith("operating-system:")]
    assert "device-driver:ext4" in inside[kernel]
    every = [name for names in inside.values() for name in names]
    assert sorted(every) == sorted(each["bom-ref"] for each in bill["components"])


def test_package_urls_are_canonical(bill: Any) -> None:
    """Each is written as the specification's own library writes it."""
    urls = [each["purl"] for each in bill["components"] if "purl" in each]
    assert urls == [PackageURL.from_string(url).to_string() for url in urls]


def test_both_bills_tell_the_same(hello: Plan, bill: Any) -> None:
    """The same names, versions and package URLs in both formats."""
    other = json.loads((hello.output / "hello.spdx.json").read_text())
    urls = {(each["name"], each["versionInfo"], next((ref["referenceLocator"] for ref in each["externalRefs"]
             if ref["referenceType"] == "purl"), None)) for each in other["packages"][1:]}
    assert urls == {(each["name"], each["version"], each.get("purl")) for each in bill["components"]}


def test_numbers_come_from_the_content() -> None:
    """No date and no chance: the same bill has the same bytes and number, another one has another number."""
    other = Bill(ODD.name, "2", ODD.components, ODD.outputs, ODD.tools)
    assert cyclonedx(ODD) == cyclonedx(ODD)
    assert spdx(ODD) == spdx(ODD)
    numbers = [json.loads(cyclonedx(each))["serialNumber"] for each in (ODD, other)]
    assert numbers[0] != numbers[1]
    assert 5 == uuid.UUID(numbers[0]).version


def test_what_only_some_processors_have_says_so() -> None:
    """In both formats, for the whole and for each component."""
    bill, other = json.loads(cyclonedx(ODD)), json.loads(spdx(ODD))
    whole = [item["value"] for item in bill["metadata"]["component"]["properties"] if item["name"] == "fapws4:target"]
    assert (["x86_64", "aarch64", "armv7"], "for x86_64, aarch64, armv7") == (whole, other["comment"])
    told = {each["version"]: [item["value"] for item in each["properties"] if item["name"] == "fapws4:target"]
            for each in bill["components"] if each["name"] == "split"}
    assert {"1": ["armv7", "x86_64"], "2": ["aarch64"]} == told
    comments = {each["versionInfo"]: each["comment"] for each in other["packages"] if each["name"] == "split"}
    assert {"1": "only for armv7, x86_64", "2": "only for aarch64"} == comments
