"""The archive reader of core/frozen/ under AddressSanitizer, on archives of freezing/archive.py, whole and damaged."""

from __future__ import annotations

import importlib.util
import random
import struct
import zlib
from typing import Any

import pytest
from cffi import FFI

from appliance.common.places import CORE
from appliance.fetching.sources import unpacked
from appliance.freezing.archive import Entry, _folders, pack

SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
DECLARATIONS = """
void *malloc(size_t size);
void free(void *memory);
struct archive_entry { uint32_t name, name_length, path, data, stored, size, flags, mark; };
const unsigned char *archive_open(const char **why);
const unsigned char *archive_open_bytes(const unsigned char *bytes, size_t length, const char **why);
const char *archive_app(void);
const struct archive_entry *archive_find(const char *name, size_t length);
const struct archive_entry *archive_at(size_t index);
const char *archive_text(uint32_t offset);
const struct archive_entry *archive_child(const struct archive_entry *directory, size_t index);
int archive_read(const struct archive_entry *entry, unsigned char *to);
"""


class Reader:
    """The compiled functions, and archives in memory that the sanitizer guards."""

    def __init__(self, ffi: Any, lib: Any) -> None:
        self.ffi, self.lib = ffi, lib
        self.block: Any = None

    def open(self, data: bytes) -> str:
        """Opens an archive; "" or why not."""
        self.block = self.ffi.gc(self.ffi.cast("unsigned char *", self.lib.malloc(len(data))), self.lib.free)
        self.ffi.memmove(self.block, data, len(data))
        why = self.ffi.new("const char **")
        opened = self.lib.archive_open_bytes(self.block, len(data), why)
        return "" if opened != self.ffi.NULL else self.ffi.string(why[0]).decode()

    def find(self, name: str) -> Any:
        """The entry of that name, or None."""
        entry = self.lib.archive_find(name.encode(), len(name.encode()))
        return None if entry == self.ffi.NULL else entry

    def read(self, entry: Any) -> bytes | None:
        """The content, or None when it is damaged."""
        room = self.ffi.gc(self.ffi.cast("unsigned char *", self.lib.malloc(max(entry.size, 1))), self.lib.free)
        return None if self.lib.archive_read(entry, room) != 0 else bytes(self.ffi.buffer(room, entry.size))

    def children(self, folder: str) -> list[str]:
        """Paths of what stands in a folder."""
        found: list[str] = []
        entry = self.find(folder)
        while (child := self.lib.archive_child(entry, len(found))) != self.ffi.NULL:
            found.append(self.ffi.string(self.lib.archive_text(child.name)).decode())
        return found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """core/frozen/archive.c and zlib, compiled once."""
    folder, inflate = tmp_path_factory.mktemp("archive"), unpacked("zlib")
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    needed = [inflate / f"{name}.c" for name in ("adler32", "crc32", "inffast", "inflate", "inftrees", "zutil")]
    ffi.set_source(
        "frozen_archive",
        '#include <stdlib.h>\n#include "archive.h"\n',
        sources=[str(path) for path in (CORE / "frozen" / "archive.c", *needed)],
        include_dirs=[str(CORE / "frozen"), str(inflate)],
        extra_compile_args=["-std=c11", "-D_GNU_SOURCE", "-g", "-O1", "-w", *SANITIZERS],
        extra_link_args=SANITIZERS,
    )
    spec = importlib.util.spec_from_file_location("frozen_archive", ffi.compile(tmpdir=str(folder)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Reader(module.ffi, module.lib)


def deflated(data: bytes) -> bytes:
    """Raw deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def file(path: str, content: bytes, squeeze: bool = False) -> Entry:
    """A packaged file."""
    return Entry(
        path, path, deflated(content) if squeeze else content, len(content), 4 | (16 if squeeze else 0), "data"
    )


FILES = {f"/appliance/lib/data/{number}.txt": b"line %d\n" % number * number for number in range(200)}


def whole() -> bytes:
    """An archive with 200 files, half of them deflated."""
    entries = [file(path, content, number % 2 == 0) for number, (path, content) in enumerate(FILES.items())]
    return pack([*entries, *_folders(entries)], "page")


def test_every_entry_is_found(reader: Reader) -> None:
    """Each name leads to its content, inflated; names that are not there lead nowhere."""
    assert "" == reader.open(whole())
    assert b"page" == reader.ffi.string(reader.lib.archive_app())
    for path, content in FILES.items():
        assert content == reader.read(reader.find(path))
    for name in (
        "",
        "/appliance/lib/data/200.txt",
        "/appliance/lib/data/1.tx",
        "/appliance/lib/data/1.txt/",
        "é",
        "x" * 4000,
    ):
        assert reader.find(name) is None


def test_folders_list_their_children(reader: Reader) -> None:
    """A folder has all that stands directly in it, in the order of the names."""
    reader.open(whole())
    assert sorted(FILES) == reader.children("/appliance/lib/data")
    assert ["/appliance/app", "/appliance/lib"] == reader.children("/appliance")
    assert [] == reader.children("/appliance/app")


def test_all_entries_in_the_order_of_their_names(reader: Reader) -> None:
    """Counting through the entries ends after the last one."""
    reader.open(whole())
    names: list[str] = []
    while (entry := reader.lib.archive_at(len(names))) != reader.ffi.NULL:
        names.append(reader.ffi.string(reader.lib.archive_text(entry.name)).decode())
    assert sorted([*FILES, "/appliance", "/appliance/app", "/appliance/lib", "/appliance/lib/data"]) == names


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"FAPWS4A2",
        b"X" * 24,
        struct.pack("<8s4I", b"FAPWS4A2", 0, 0, 24, 0),
        struct.pack("<8s4I", b"FAPWS4A2", 3, 0, 24, 0),
        struct.pack("<8s4I", b"FAPWS4A2", 1 << 31, 0, 24, 0),
        struct.pack("<8s4I", b"FAPWS4A2", 2, 1 << 31, 24, 0),
        struct.pack("<8s4I", b"FAPWS4A2", 1, 0, 25, 0),
    ],
    ids=range(8),
)
def test_a_damaged_header(reader: Reader, data: bytes) -> None:
    """A header that cannot be right is refused."""
    assert "the app inside this program is damaged" == reader.open(data)


def test_a_cut_archive(reader: Reader) -> None:
    """An archive that ends early is refused at every length."""
    data = whole()
    for length in range(0, len(data), 97):
        assert "the app inside this program is damaged" == reader.open(data[:length])


def test_damaged_content(reader: Reader) -> None:
    """Deflated data with wrong bytes is said to be damaged, or is other data; it never leads astray."""
    data, chance = bytearray(whole()), random.Random(7)
    reader.open(bytes(data))
    path = "/appliance/lib/data/198.txt"
    start, stored = reader.find(path).data, reader.find(path).stored
    outcomes = set()
    for _ in range(200):
        broken = bytearray(data)
        for _ in range(3):
            broken[start + chance.randrange(stored)] = chance.randrange(256)
        reader.open(bytes(broken))
        outcomes.add(reader.read(reader.find(path)) is None)
    assert True in outcomes


def test_a_program_without_an_app(reader: Reader) -> None:
    """What has no archive segment says so."""
    why = reader.ffi.new("const char **")
    assert reader.ffi.NULL == reader.lib.archive_open(why)
    assert b"there is no app inside this program" == reader.ffi.string(why[0])
