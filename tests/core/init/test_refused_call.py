"""Records of the kernel's log that say which system call was refused."""

from typing import Any

import pytest

RECORD = (b'5,412,7301234,-;audit: type=1326 audit(1.5:3): auid=4294967295 uid=1000 gid=1000 ses=4294967295 '
          b'subj=kernel pid=71 comm="%s" exe="/init" sig=0 arch=c000003e syscall=%s compat=0 ip=0x4 code=%s\n SUBSYSTEM=x\n')


def parsed(pure: Any, record: bytes) -> tuple[int, int] | None:
    """Process and number, or None when the record is of another kind."""
    span, _block = pure.span(record)
    call = pure.ffi.new("struct refused_call *")
    return (call.process, call.number) if pure.lib.refused_call_parse(span[0], call) else None


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (RECORD % (b"hello", b"101", b"0x50000"), (71, 101)),
        (RECORD % (b"syscall=7", b"101", b"0x50000"), (71, 101)),
        (RECORD % (b"hello", b"101", b"0x7ffc0000"), None),
        (RECORD % (b"hello", b"1x1", b"0x50000"), None),
        (RECORD % (b"hello", b"", b"0x50000"), None),
        (RECORD % (b"hello", b"9999999999", b"0x50000"), None),
        (RECORD.replace(b"1326", b"1300") % (b"hello", b"101", b"0x50000"), None),
        (RECORD.replace(b"\n", b"", 1).replace(b" pid=71", b"\n pid=71") % (b"hello", b"101", b"0x50000"), None),
        (b"6,1,0,-;random: crng init done\n", None),
        (b"", None),
    ],
    ids=["refused", "a name that looks like a field", "logged only", "no digits", "no number", "too large",
         "another record", "properties", "other news", "nothing"],
)
def test_only_refusals_are_read(pure: Any, record: bytes, expected: tuple[int, int] | None) -> None:
    """The process and the number of a refused call; nothing of any other record."""
    assert expected == parsed(pure, record)
