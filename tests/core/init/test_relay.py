"""The app's output on the way to screen and serial port."""

from typing import Any


def lines(pure: Any, *pieces: bytes) -> tuple[list[bytes], bytes]:
    """What relay_next yields for the pieces, and relay_rest at the end."""
    relay = pure.ffi.new("struct relay *")
    line = pure.ffi.new("struct span *")
    found = []
    for piece in pieces:
        rest, _block = pure.span(piece)
        while pure.lib.relay_next(relay, rest, line):
            found.append(pure.text(line))
        assert rest.length == 0
    return found, pure.text(line) if pure.lib.relay_rest(relay, line) else b""


def test_lines_come_out_whole_however_they_arrive(pure: Any) -> None:
    """Where the pipe cuts the text makes no difference."""
    text = b"one\r\ntwo\n\nthree"
    expected = ([b"one", b"two", b""], b"three")
    assert expected == lines(pure, text)
    assert expected == lines(pure, *(text[i : i + 1] for i in range(len(text))))


def test_escape_sequences_do_not_reach_the_terminal(pure: Any) -> None:
    """An app cannot blank or reprogram the screen; tabs and UTF-8 pass."""
    assert lines(pure, b"\x1b[2J\x077\t\xc3\xa9\x7f\n") == ([b"?[2J?7\t\xc3\xa9?"], b"")


def test_endless_lines_are_cut(pure: Any) -> None:
    """A line without end is shown in pieces of 1024 bytes and never grows."""
    assert lines(pure, b"x" * 2049 + b"\n") == ([b"x" * 1024, b"x" * 1024, b"x"], b"")
    assert lines(pure, b"x" * 1024 + b"\n") == ([b"x" * 1024], b"")
