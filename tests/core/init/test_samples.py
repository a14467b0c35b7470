"""How the machine was in the last hour: what is read of the kernel's texts, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest

MEMORY = b"MemTotal:  60000 kB\nMemFree: 20000 kB\nMemAvailable:   39000 kB\nBuffers: 1 kB\n"


@pytest.mark.parametrize(("load", "memory", "sample"), [
    (b"0.07 0.12 0.20 1/90 1234\n", MEMORY, (7, 39000)), (b"12.50 1.00 0.20\n", b"MemAvailable: 5 kB", (1250, 5)),
    (b"", b"", (0, 0)), (b"x", b"MemAvailable:", (0, 0)), (b"3", b"MemFree: 1 kB\n", (0, 0))])
def test_what_the_kernel_says(pure: Any, load: bytes, memory: bytes, sample: tuple[int, int]) -> None:
    """Load in hundredths, memory in KiB; what is not there is 0."""
    one, _block = pure.span(load)
    other, _other_block = pure.span(memory)
    found = pure.lib.sample_of(one[0], other[0])
    assert sample == (found.load, found.free)


def test_an_hour_is_kept(pure: Any) -> None:
    """The newest last; what is older makes room."""
    ffi = pure.ffi
    loop, samples = ffi.new("struct loop *"), ffi.new("struct samples *")
    text = ffi.new("char[]", pure.lib.SAMPLES_TEXT)
    pure.lib.loop_init(loop)
    pure.lib.samples_open(samples, loop)
    assert 1 == len(ffi.buffer(text, pure.lib.samples_format(samples, text))[:].splitlines())
    for number in range(70):
        samples.rows[number % pure.lib.SAMPLES] = {"uptime": 0xFFFFFFFF, "load": 0xFFFFFFFF, "free": 0xFFFFFFFF - number}
        samples.taken = number + 1
    rows = [row.split() for row in ffi.buffer(text, pure.lib.samples_format(samples, text))[:].splitlines()]
    assert [0xFFFFFFFF - number for number in range(10, 70)] == [int(row[2]) for row in rows]
