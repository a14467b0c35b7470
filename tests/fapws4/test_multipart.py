"""Forms with files: what browsers send is understood, everything else refused."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest

from fapws4 import multipart

TEXT = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
FILE = b'--B\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\nContent-Type: image/png\r\n\r\nDATA\r\n'
END = b"--B--\r\n"


class Dribble:
    """An input that gives a few bytes at a time, as a slow client does."""

    def __init__(self, body: bytes, step: int) -> None:
        self.source, self.step = io.BytesIO(body), step

    def read(self, size: int) -> bytes:
        """At most `step` bytes."""
        return self.source.read(min(size, self.step))


def environ_of(body: bytes, kind: str = "multipart/form-data; boundary=B", step: int = 65536) -> dict[str, Any]:
    """What the parser needs of an environ."""
    return {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body)), "wsgi.input": Dribble(body, step)}


def part(header: str, content: bytes = b"x") -> bytes:
    """A body of one part with this header."""
    return b"--B\r\n" + header.encode() + b"\r\n\r\n" + content + b"\r\n" + END


def disposition(parameters: str, content: bytes = b"x") -> bytes:
    """A body of one part, a form field with these parameters."""
    return part(f"Content-Disposition: form-data; {parameters}", content)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 65536])
def test_fields_and_files_arrive(step: int) -> None:
    """Fields are text, files have name, type and content, in pieces of any size."""
    body = b"preamble\r\n" + TEXT + FILE + TEXT.replace(b"\r\n1", b"\r\n\xc3\xa9\xff") + END + b"epilogue"
    with multipart.parse_form(environ_of(body, step=step)) as form:
        assert {"a": ["1", "\u00e9\ufffd"]} == form.fields
        (upload,) = form.files["f"]
        found = (upload.filename, upload.content_type, upload.size, upload.file.read())
        assert ("x.bin", "image/png", 4, b"DATA") == found
    assert upload.file.closed


@pytest.mark.parametrize("step", [1, 5, 65536])
@pytest.mark.parametrize(
    "content",
    [b"", b"\r\n", b"\r\n\r\n", b"\r\n--", b"\r\n-", b"--B", b"\n--B\r\n", b"\r--B--", b"\r\n\r\n--\r\n--A", b"\0\xff" * 50],
)
def test_content_is_kept_byte_for_byte(content: bytes, step: int) -> None:
    """What looks like a boundary, but is none, belongs to the file."""
    with multipart.parse_form(environ_of(disposition('name="f"; filename="x"', content), step=step)) as form:
        assert content == form.files["f"][0].file.read()


def test_a_large_file_leaves_memory() -> None:
    """Above spool_size the content is in a temporary file."""
    content = b"0123456789" * 50000
    with multipart.parse_form(environ_of(disposition('name="f"; filename="x"', content)), spool_size=1000) as form:
        upload = form.files["f"][0]
        assert upload.file.fileno() > 2
        assert (len(content), content) == (upload.size, upload.file.read())


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("x.txt", "x.txt"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg"),
        ("..", ""),
        ("a/..", ""),
        ("...", ""),
        ("a/", ""),
        ("", ""),
        ("a\0b\x1b[31m.txt", "ab[31m.txt"),
        ('say \\"hi\\".txt', 'say "hi".txt'),
        ("%22quoted%22%0D%0A.txt", '"quoted".txt'),
        ("\u202etxt.exe", "txt.exe"),
        ("caf\u00e9.txt", "caf\u00e9.txt"),
        ("n" * 300, "n" * 255),
    ],
)
def test_file_names_are_labels(sent: str, shown: str) -> None:
    """A name cannot lead anywhere, nor break a page or a log."""
    with multipart.parse_form(environ_of(disposition(f'name="f"; filename="{sent}"'))) as form:
        assert [shown] == [upload.filename for upload in form.files["f"]]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("name=a", "a"),
        ("NAME = a", "a"),
        ('name="a;b"', "a;b"),
        ('name="a\\"b"', 'a"b'),
        ('name="a%22b"', 'a"b'),
        ('name=""', ""),
        ('; name="a" ;', "a"),
        ('name="\u00e9"', "\u00e9"),
    ],
)
def test_names_are_understood(parameters: str, name: str) -> None:
    """Every way of writing a field's name works."""
    assert {name: ["x"]} == multipart.parse_form(environ_of(disposition(parameters))).fields


def test_unusual_but_legal_forms() -> None:
    """Folded headers, padding behind boundaries, quoted boundaries, extended names, empty forms."""
    folded = part('Content-Disposition:\r\n form-data;\r\n\tname="a"').replace(b"--B\r\n", b"--B \t\r\n")
    assert {"a": ["x"]} == multipart.parse_form(environ_of(folded)).fields
    quoted = environ_of(TEXT.replace(b"--B", b"--a b") + b"--a b--", 'Multipart/Form-Data; charset=utf-8; boundary="a b"')
    assert {"a": ["1"]} == multipart.parse_form(quoted).fields
    with multipart.parse_form(environ_of(disposition("name=f; filename*=UTF-8''caf%C3%A9.txt"))) as form:
        assert "caf\u00e9.txt" == form.files["f"][0].filename
    assert {} == multipart.parse_form(environ_of(END)).fields
    assert {} == multipart.parse_form(environ_of(disposition('name="f"; filename=""', b""))).files


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (400, b""),
        (400, b"no form at all"),
        (400, TEXT),
        (400, TEXT + b"--B"),
        (400, TEXT + b"--B-"),
        (400, TEXT + b"--Bx\r\n\r\n\r\n" + END),
        (400, b"--B\n" + TEXT[5:].replace(b"\r\n", b"\n") + b"--B--\n"),
        (400, b"--B\r\n\r\nx\r\n" + END),
        (400, part("Content-Disposition: form-data")),
        (400, part('Content-Disposition: attachment; name="a"')),
        (400, part("Content-Type: text/plain")),
        (400, part("no colon")),
        (400, part(": x")),
        (400, part('Content-Disposition : form-data; name="a"')),
        (400, part('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"')),
        (400, part('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64')),
        (400, disposition('name="a"; name="b"')),
        (400, disposition('name="a"; filename="x"; filename="y"')),
        (400, disposition('name="a')),
        (400, disposition('name="a"b')),
        (400, disposition("name")),
        (400, disposition("=a")),
        (413, part("X: " + "y" * 9000)),
        (413, b"--B\r\n" + b"X: y\r\n" * 20000),
        (413, TEXT * 4 + END),
        (413, disposition('name="a"', b"x" * 101)),
        (413, TEXT + disposition('name="a"', b"x" * 100)),
        (413, disposition('name="a"; filename="x"', b"x" * 201)),
    ],
)
@pytest.mark.parametrize("step", [1000, 65536])
def test_hostile_forms_are_refused(code: int, body: bytes, step: int) -> None:
    """A malformed or excessive form is refused, and no file stays open."""
    limits = {"max_parts": 4, "max_fields_size": 100, "max_file_size": 200, "spool_size": 1}
    with pytest.raises(multipart.FormError) as caught:
        multipart.parse_form(environ_of(FILE + body, step=step), **limits)
    assert code == caught.value.code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (415, ""),
        (415, "application/x-www-form-urlencoded"),
        (415, "multipart/mixed; boundary=B"),
        (400, "multipart/form-data"),
        (400, "multipart/form-data; boundary="),
        (400, "multipart/form-data; boundary=" + "B" * 71),
        (400, 'multipart/form-data; boundary="B "'),
        (400, 'multipart/form-data; boundary="B\u00e9"'),
        (400, 'multipart/form-data; boundary="B'),
        (400, "multipart/form-data; boundary=B; boundary=C"),
        (400, "multipart/form-data; boundary=A"),
    ],
)
def test_other_bodies_are_refused(code: int, kind: str) -> None:
    """What is no multipart form, or does not say its boundary, is refused."""
    with pytest.raises(multipart.FormError) as caught:
        multipart.parse_form(environ_of(TEXT + END, kind))
    assert code == caught.value.code


def test_nothing_is_read_behind_the_body() -> None:
    """Content-Length is respected where the input itself has no end."""
    environ = environ_of(TEXT + END + b"next request")
    environ["CONTENT_LENGTH"] = str(len(TEXT))
    with pytest.raises(multipart.FormError):
        multipart.parse_form(environ)
    assert END + b"next request" == environ["wsgi.input"].read(1000)


def outcome(body: bytes, step: int) -> object:
    """Everything that comes out of a body, or the code of its refusal."""
    try:
        with multipart.parse_form(environ_of(body, step=step), max_header_size=300) as form:
            return form.fields, [(upload.filename, upload.file.read()) for each in form.files.values() for upload in each]
    except multipart.FormError as error:
        return error.code


def test_damaged_forms_do_not_depend_on_the_network() -> None:
    """However a body is damaged and cut into pieces, it is understood or refused alike."""
    chance = random.Random(7578)
    whole = TEXT + FILE.replace(b"DATA", b"\r\n--" * 20) + END
    for _ in range(500):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 5)] = chance.choice([b"", b"\r\n", b"--B", b'"', b";", b"=", b"\0"])
        assert outcome(bytes(body), 65536) == outcome(bytes(body), chance.randint(1, 40))
