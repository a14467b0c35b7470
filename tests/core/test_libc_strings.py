"""core/libc/strings.c: memchr, memrchr, memcmp, bcmp and strlen, at every alignment, beside an unreadable page."""

from __future__ import annotations

import ctypes
import importlib.util
import mmap
import random
from collections.abc import Iterator
from typing import Any

import pytest
from cffi import FFI

from appliance.common.places import CORE

NAMES = ("memchr", "memrchr", "memcmp", "bcmp", "strlen")
DECLARATIONS = """
void *own_memchr(const void *memory, int value, size_t length);
void *own_memrchr(const void *memory, int value, size_t length);
int own_memcmp(const void *left, const void *right, size_t length);
int own_bcmp(const void *left, const void *right, size_t length);
size_t own_strlen(const char *text);
"""
PAGE = mmap.PAGESIZE


@pytest.fixture(scope="module", params=["sse2", "portable"])
def strings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The functions under other names, with UBSan; ASan would call their reads of whole aligned blocks an overread.

    ``portable`` is what a processor without SSE2 and NEON gets.
    """
    folder = tmp_path_factory.mktemp(request.param)
    renamed = "".join(f"#define {name} own_{name}\n" for name in NAMES)
    undefined = "#undef __SSE2__\n" if request.param == "portable" else ""
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    ffi.set_source(
        f"strings_{request.param}",
        f'#include <string.h>\n{undefined}{renamed}{DECLARATIONS}#include "{CORE}/libc/strings.c"\n',
        extra_compile_args=[
            "-std=c11",
            "-O2",
            "-D_GNU_SOURCE",
            "-fno-builtin",
            "-w",
            "-fsanitize=undefined",
            "-fno-sanitize-recover=undefined",
        ],
        extra_link_args=["-fsanitize=undefined"],
    )
    spec = importlib.util.spec_from_file_location(f"strings_{request.param}", ffi.compile(tmpdir=str(folder)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Guarded:
    """Three pages, of which only the one in the middle may be read."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 3 * PAGE)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory)) + PAGE
        for place in (self.start - PAGE, self.start + PAGE):
            assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(place), PAGE, 0) == 0

    def write(self, offset: int, data: bytes) -> int:
        """The address of the data, which begins so far into the page."""
        self.memory[PAGE + offset : PAGE + offset + len(data)] = data
        return self.start + offset


@pytest.fixture(scope="module")
def guarded() -> tuple[Guarded, Guarded]:
    """Two such places, for comparisons."""
    return (Guarded(), Guarded())


def cases() -> Iterator[tuple[int, bytes]]:
    """(offset in the page, text): at both ends of the page, all lengths up to 70, few different bytes."""
    chance = random.Random(3)
    for length in range(70):
        for offset in (*range(17), *range(PAGE - length - 17, PAGE - length)):
            if offset + length <= PAGE:
                yield offset, bytes(chance.choice(b"\x00\x01\x7f\x80\xffab") for _ in range(length))


def test_memchr_and_memrchr(strings: Any, guarded: tuple[Guarded, Guarded]) -> None:
    """The first and the last place of a byte, as Python's find and rfind say, without a read beyond the pages."""
    place = guarded[0]
    for offset, text in cases():
        address = place.write(offset, text)
        memory = strings.ffi.cast("void *", address)
        for value in (0, 1, 0x80, 0xFF, 0x161):
            for name, expected in (("own_memchr", text.find(value & 255)), ("own_memrchr", text.rfind(value & 255))):
                found = int(strings.ffi.cast("uintptr_t", getattr(strings.lib, name)(memory, value, len(text))))
                assert expected == (found - address if found else -1), (name, offset, text, value)


def test_memchr_until_found(strings: Any, guarded: tuple[Guarded, Guarded]) -> None:
    """A search without an end (the longest length there is) stops at the byte."""
    address = guarded[0].write(PAGE - 40, b"a" * 39 + b"z")
    found = strings.lib.own_memchr(strings.ffi.cast("void *", address), ord("z"), 2**64 - 1)
    assert address + 39 == int(strings.ffi.cast("uintptr_t", found))


def test_memcmp(strings: Any, guarded: tuple[Guarded, Guarded]) -> None:
    """The sign is that of the first byte that differs, compared without sign."""
    left, right = guarded
    chance = random.Random(5)
    for offset, text in cases():
        other = bytearray(text)
        if text and chance.random() < 0.8:
            other[chance.randrange(len(text))] = chance.randrange(256)
        first = strings.ffi.cast("void *", left.write(offset, text))
        second = strings.ffi.cast("void *", right.write(PAGE - len(text), bytes(other)))
        expected = (text > bytes(other)) - (text < bytes(other))
        found = strings.lib.own_memcmp(first, second, len(text))
        assert expected == (found > 0) - (found < 0)
        assert (expected != 0) == (strings.lib.own_bcmp(first, second, len(text)) != 0)


def test_strlen(strings: Any, guarded: tuple[Guarded, Guarded]) -> None:
    """The length of a text whose end is the last byte of a page."""
    for length in range(100):
        address = guarded[0].write(PAGE - length - 1, b"\x80" * length + b"\0")
        assert length == strings.lib.own_strlen(strings.ffi.cast("char *", address))
