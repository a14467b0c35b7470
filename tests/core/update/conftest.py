"""The updater's C files, compiled with AddressSanitizer and UBSan and called through cffi."""

from __future__ import annotations

import importlib.util
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from cffi import FFI

from appliance.build import cores
from appliance.common.places import CORE
from appliance.common.shell import run
from appliance.fetching.sources import unpacked
from appliance.freezing.link import C_WARNINGS
from appliance.host import SANITIZED, compile_here
from appliance.imaging.keys import PrivateKey
from appliance.updating.update import update_flags
from tests.build import of_pid_1
from tests.core_update import Slot, manifest_of, packed

HERE = Path(__file__).parent
SOURCES = CORE / "update"
# In include order: a header may use only what stands earlier.
HEADERS = ["text", "digest", "signature", "manifest", "identity", "bundle", "install", "greeting", "session"]
HEADERS += ["head", "choice", "sender", "../init/policy", "../init/loop", "../init/owner/claim", "../init/updates/gate"]
# install.c writes to a disk whose faults a test chooses.
DISK = ["-Dpwrite=faulty_pwrite", "-Dpread=faulty_pread"]


def declarations(header: Path) -> str:
    """A header's own text as cffi reads it: without comments and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
    return re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


def refusals() -> list[str]:
    """The names in the table of refusal.h, in its order."""
    return re.findall(r"X\((REFUSED_\w+)", (SOURCES / "refusal.h").read_text())


def compiled(folder: Path, generated: Path) -> list[Path]:
    """The objects of everything."""
    flags = [*SANITIZED, *C_WARNINGS, "-Wshadow", "-fPIC", *update_flags()]
    own = [path for path in sorted(SOURCES.glob("*.c")) if path.stem != "install"]
    own += [of_pid_1(f"{name}.c") for name in ("span", "file", "loop", "claim", "credentials", "gate")]
    monocypher, sha2 = unpacked("monocypher") / "monocypher.c", unpacked("hacl-sha2") / "Hacl_Hash_SHA2.c"
    objects = compile_here(own, CORE, folder / "own", flags, cores())
    faulty = [*flags, *DISK, "-include", str(HERE / "faults.h")]
    objects += compile_here([SOURCES / "install.c"], CORE, folder / "own", faulty, 1)
    objects += compile_here([HERE / "faults.c"], HERE, folder / "own", flags, 1)
    for library in (monocypher, sha2):
        objects += compile_here([library], library.parent, folder / "libraries", [*flags, "-w"], 1)
    python = ["-isystem", sysconfig.get_path("include"), f"-I{HERE}", f"-I{SOURCES}"]
    return [*objects, *compile_here([generated], folder, folder / "own", [*flags, "-w", *python], 1)]


class Updater:
    """The compiled functions (`lib`), and what tests do with them again and again."""

    def __init__(self, ffi: Any, lib: Any) -> None:
        self.ffi = ffi
        self.lib = lib
        self.refusals = ["ACCEPTED", *refusals()]

    def exact(self, data: bytes, kind: str = "char *") -> Any:
        """`data` in a heap block of exactly its size, in which the sanitizer sees the first byte too far."""
        block = self.ffi.gc(self.ffi.cast(kind, self.lib.malloc(len(data))), self.lib.free)
        self.ffi.memmove(block, data, len(data))
        return block

    def span(self, data: bytes) -> tuple[Any, Any]:
        """A struct span over exact(data); keep the second value alive as long as the first."""
        block = self.exact(data)
        return self.ffi.new("struct span *", {"start": block, "length": len(data)}), block

    def key_set(self, threshold: int, keys: list[PrivateKey]) -> Any:
        """A struct key_set of these keys."""
        return self.ffi.new("struct key_set *", {
            "threshold": threshold, "count": len(keys), "keys": [list(key) for key in sorted(key.public for key in keys)]})

    def name(self, refusal: int) -> str:
        """What a refusal is called."""
        return self.refusals[refusal]


@pytest.fixture(scope="session")
def updater(tmp_path_factory: pytest.TempPathFactory) -> Updater:
    """Builds the extension once a session."""
    folder = tmp_path_factory.mktemp("update")
    ffi = FFI()
    ffi.cdef("void *malloc(size_t size); void free(void *block);")
    ffi.cdef(f"enum refusal {{ ACCEPTED, {', '.join(refusals())} }}; const char *refusal_text(enum refusal refusal);")
    ffi.cdef(declarations(CORE / "init" / "span.h"))
    for name in HEADERS:
        ffi.cdef(declarations(SOURCES / f"{name}.h"))
    ffi.cdef("struct faults { long writes, cut_before, lost; bool unreadable; }; extern struct faults faults;")
    ffi.cdef('''extern "Python" {
        bool asked(void *owner, char why[256]);
        void went_on(void *owner, uint64_t done, uint64_t total);
        bool was_installed(void *owner, const struct manifest *manifest, char why[256]);
        void entered(void *owner, int fd, enum session_mode mode, struct span early);
    }''')
    includes = "".join(f'#include "{name}.h"\n' for name in ["refusal", *HEADERS, "faults"])
    ffi.set_source("update_pure", "#include <stdlib.h>\n" + includes)
    ffi.emit_c_code(str(folder / "update_pure.c"))
    shared = folder / "update_pure.so"
    run(["cc", "-shared", *SANITIZED, *compiled(folder, folder / "update_pure.c"), "-o", shared])
    spec = importlib.util.spec_from_file_location("update_pure", shared)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["update_pure"] = module
    spec.loader.exec_module(module)
    return Updater(module.ffi, module.lib)


@pytest.fixture
def slot() -> Slot:
    """A small version of a product."""
    return Slot()


@pytest.fixture
def key() -> PrivateKey:
    """The key that the device trusts."""
    return PrivateKey(bytes(range(32)))


@pytest.fixture
def bundle(slot: Slot, key: PrivateKey) -> bytes:
    """A bundle that the device accepts."""
    return packed(slot, manifest_of(slot, [key]), [key])
