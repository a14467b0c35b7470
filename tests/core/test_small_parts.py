"""address.c, options.c, buffer.c, status.c and banner.c."""

from __future__ import annotations

from types import ModuleType

import pytest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (False, False, "0.0.0.0", 8888)),
        ("127.0.0.1", (False, False, "127.0.0.1", 8888)),
        ("127.0.0.1:80", (False, False, "127.0.0.1", 80)),
        (":81", (False, False, "0.0.0.0", 81)),
        (":0", (False, False, "0.0.0.0", 0)),
        ("[::1]", (False, True, "::1", 8888)),
        ("[::1]:82", (False, True, "::1", 82)),
        ("unix:/run/x", (True, False, "/run/x", 0)),
    ],
)
def test_addresses_are_read(core: ModuleType, text: str, expected: tuple[bool, bool, str, int]) -> None:
    """Every documented form of an address is understood."""
    address = core.ffi.new("struct address *")
    assert core.lib.address_parse(text.encode(), core.ffi.addressof(core.lib, "address_default"), address)
    found = (address.is_unix, address.is_v6, core.ffi.string(address.host).decode(), address.port)
    assert expected == found
    written = core.ffi.new("char[128]")
    core.lib.address_text(address, written)
    again = core.ffi.new("struct address *")
    assert core.lib.address_parse(core.ffi.string(written), core.ffi.addressof(core.lib, "address_default"), again)
    assert bytes(core.ffi.buffer(address)) == bytes(core.ffi.buffer(again))


@pytest.mark.parametrize(
    "text",
    ["localhost", "1.2.3", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:65536", "::1", "[::1", "[::1]x", "[1.2.3.4]", "unix:",
     "unix:" + "x" * 108],
)
def test_wrong_addresses_are_refused(core: ModuleType, text: str) -> None:
    """A mistyped address is not taken for another one."""
    defaults = core.ffi.addressof(core.lib, "address_default")
    assert not core.lib.address_parse(text.encode(), defaults, core.ffi.new("struct address *"))


@pytest.mark.parametrize(("text", "expected"), [
    ("", (True, "::", 80)), (":81", (True, "::", 81)), ("10.0.0.1", (False, "10.0.0.1", 80)), ("[::1]", (True, "::1", 80)),
])
def test_what_is_not_named_is_the_default(core: ModuleType, text: str, expected: tuple[bool, str, int]) -> None:
    """On a device that is every address of both kinds."""
    defaults = core.ffi.new("struct address *", {"is_v6": True, "host": b"::", "port": 80})
    address = core.ffi.new("struct address *")
    assert core.lib.address_parse(text.encode(), defaults, address)
    assert expected == (address.is_v6, core.ffi.string(address.host).decode(), address.port)


def options(core: ModuleType, words: list[str], frozen: bool = False) -> dict[str, object]:
    """The options that a command line gives."""
    memory = [core.ffi.new("char[]", word.encode()) for word in ["fapws4", *words]]
    argv = core.ffi.new("char *[]", memory)
    found = core.ffi.new("struct options *")
    core.lib.options_parse(len(memory), argv, frozen, found)

    def text(value: object) -> str | None:
        return core.ffi.string(value).decode() if value != core.ffi.NULL else None

    return {
        "app": text(found.app),
        "server": text(found.server),
        "module": text(found.module),
        "user": text(found.user),
        "chroot": text(found.chroot),
        "workers": found.workers,
        "umask": found.umask,
        "reload": found.reload,
        "words": [text(found.words[i]) for i in range(found.word_count)],
        "check": found.check,
        "fault": text(found.fault),
    }


@pytest.mark.parametrize(
    ("words", "frozen", "expected"),
    [
        ([], False, {"app": None, "words": [], "fault": None}),
        (["a.py"], False, {"app": "a.py", "words": []}),
        (["--server", ":1", "a.py", "x", "--check", "-v"], False,
         {"app": "a.py", "server": ":1", "words": ["x", "-v"], "check": True}),
        (["a.py", "--server=:1", "--", "--server", ":2"], False,
         {"app": "a.py", "server": ":1", "words": ["--server", ":2"]}),
        (["x", "--server", ":1", "y"], True, {"app": None, "server": ":1", "words": ["x", "y"]}),
        (["-m", "a.b", "x", "--", "y.py"], False, {"app": None, "module": "a.b", "words": ["x", "y.py"], "fault": None}),
        (["a.py", "--workers=128", "--user", "a:b", "--chroot=/x=y", "--umask", "027"], False,
         {"workers": 128, "user": "a:b", "chroot": "/x=y", "umask": 0o27, "reload": False}),
        (["a.py", "--reload"], False, {"workers": 0, "umask": -1, "reload": True}),
        (["a.py", "--workersx", "-mx", "-m=x"], False, {"words": ["--workersx", "-mx", "-m=x"]}),
        (["a.py", "--workers", "129"], False, {"fault": "--workers"}),
        (["a.py", "--workers", "2x"], False, {"fault": "--workers"}),
        (["a.py", "--workers=-1"], False, {"fault": "--workers"}),
        (["a.py", "--umask", "1000"], False, {"fault": "--umask"}),
        (["a.py", "--user="], False, {"fault": "--user"}),
        (["-m", "a", "b.py"], False, {"fault": "b.py"}),
        (["b.py", "-m", "a"], False, {"fault": "-m"}),
        (["-m", "a"], True, {"fault": "-m"}),
        (["--reload"], True, {"fault": "--reload"}),
        (["a.py", "--reload", "--workers", "2"], False, {"fault": "--reload"}),
        (["a.py", "--reload", "--user", "a"], False, {"fault": "--reload"}),
        (["--bogus", "a.py"], False, {"fault": "--bogus"}),
        (["a.py", "--server"], False, {"fault": "--server"}),
    ],
)
def test_words_are_sorted(core: ModuleType, words: list[str], frozen: bool, expected: dict[str, object]) -> None:
    """The app gets the words that are not the server's."""
    found = options(core, words, frozen)
    assert expected == {key: found[key] for key in expected}


def test_buffers_grow_and_shrink(core: ModuleType) -> None:
    """What is appended is there, and what is consumed is gone."""
    buffer = core.ffi.new("struct buffer *")
    memory = core.ffi.from_buffer(b"0123456789" * 200)
    core.lib.buffer_append_slice(buffer, {"data": memory, "length": len(memory)})
    core.lib.buffer_append_hex(buffer, 18446744073709551615)
    core.lib.buffer_append_hex(buffer, 43981)
    core.lib.buffer_consume(buffer, 1999)
    assert b"9ffffffffffffffffabcd" == bytes(core.ffi.buffer(buffer.data, buffer.length))
    core.lib.buffer_consume(buffer, 100)
    assert 0 == buffer.length
    core.lib.buffer_finish(buffer)
    core.lib.buffer_finish(buffer)


def test_a_buffer_that_cannot_grow_says_so(core: ModuleType) -> None:
    """Out of memory is noticed once, at the end."""
    buffer = core.ffi.new("struct buffer *")
    core.lib.buffer_append_slice(buffer, {"data": core.ffi.NULL, "length": 2**64 - 1})
    core.lib.buffer_append_hex(buffer, 1)
    assert (True, 0) == (buffer.failed, buffer.length)


def test_reasons_are_those_of_the_rfc(core: ModuleType) -> None:
    """A code has the phrase of RFC 9110, an unknown one a neutral word."""
    assert [b"Content Too Large", b"Unknown"] == [core.ffi.string(core.lib.status_reason(code)) for code in (413, 299)]


def test_the_date_is_written_as_http_wants(core: ModuleType) -> None:
    """The example of RFC 9110 comes out as it is printed there."""
    banner = core.ffi.new("struct banner *")
    core.lib.banner_update(banner, 784111777)
    expected = b"Server: fapws4\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    assert expected == bytes(core.ffi.buffer(banner.text, banner.length))
