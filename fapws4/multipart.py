"""Forms with files: multipart/form-data (RFC 7578).

    with multipart.parse_form(environ) as form:
        title = form.fields["title"][0]
        for upload in form.files.get("picture", []):
            shutil.copyfileobj(upload.file, ...)

The body is read as it comes; large files go to a temporary file that has no name. `read_parts` keeps nothing: a
`streaming` handler passes on what arrives.
"""

from __future__ import annotations

from fapws4.multipart_reader import FormError, PartReader
from fapws4.parameters import parse_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from tempfile import SpooledTemporaryFile
    from typing import Any

__all__ = ["Form", "FormError", "Part", "Upload", "parse_form", "read_parts"]

_BLOCK = 65536  # bytes read at once


class Upload:
    """One file of a form.

    `filename` is what the client calls it, without folders and control characters, possibly empty:
    show it, but never open a path that is made of it. `content_type` is the client's claim too.
    `file` is open for reading bytes, at its start; `size` is in bytes.
    """

    def __init__(
        self, filename: str, content_type: str, size: int, file: SpooledTemporaryFile[bytes]
    ) -> None:
        self.filename = filename
        self.content_type = content_type
        self.size = size
        self.file = file

    def close(self) -> None:
        """Closes the file, which deletes it."""
        self.file.close()


class Form:
    """A form: `fields` and `files` are dicts of name to list, in the order of the body.

    Use it in a `with` statement, or call close(): that closes the files.
    """

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}
        self.files: dict[str, list[Upload]] = {}

    def __enter__(self) -> Form:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all files."""
        for uploads in self.files.values():
            for upload in uploads:
                upload.close()


class Part:
    """One part of a form, as it arrives.

    `filename` is None for a text field; else it is a label as in Upload. `header` has the part's fields by their names in
    lower case. `data` gives the content in pieces.
    """

    def __init__(self, name: str, filename: str | None, header: Mapping[str, str], data: Iterator[bytes]) -> None:
        self.name = name
        self.filename = filename
        self.header = header
        self.data = data


def read_parts(environ: Mapping[str, Any], *, max_header_size: int = 8192) -> Iterator[Part]:
    """The parts of the form in wsgi.input, in the order of the body.

    What of a part's `data` is not taken is passed over when the next part is asked for. FormError says with which code to
    refuse.
    """
    reader = PartReader(_reader(environ), _boundary(environ), max_header_size)
    while (header := reader.next_part()) is not None:
        data = reader.data()
        yield Part(*_disposition(header), header, data)
        for _ in data:
            pass


def parse_form(
    environ: Mapping[str, Any],
    *,
    max_parts: int = 1000,
    max_fields_size: int = 1048576,
    max_file_size: int | None = None,
    max_header_size: int = 8192,
    spool_size: int = 262144,
) -> Form:
    """Reads the form in wsgi.input.

    Sizes are in bytes: `max_fields_size` of all text fields together, `max_file_size` of one file
    (None: as much as the body may have), `max_header_size` of the header of one part; files above
    `spool_size` leave memory for TMPDIR. Text is UTF-8, with replacement characters for what is
    none. A file that was not chosen (no name, no content) is left out. FormError says with which
    code to refuse; nothing stays open then.
    """
    form = Form()
    try:
        left = max_fields_size
        for count, part in enumerate(read_parts(environ, max_header_size=max_header_size)):
            if count == max_parts:
                raise FormError(f"the form has more than {max_parts} parts", 413)
            if part.filename is None:
                data = _take_field(part, left)
                left -= len(data)
                form.fields.setdefault(part.name, []).append(data.decode("utf-8", "replace"))
                continue
            upload = _take_file(part, part.filename, max_file_size, spool_size)
            if upload is not None:
                form.files.setdefault(part.name, []).append(upload)
        return form
    except BaseException:
        form.close()
        raise


def _reader(environ: Mapping[str, Any]) -> Callable[[], bytes]:
    """A function that gives the next bytes of the body, never more than Content-Length says."""
    source = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH", "")
    left = int(length) if length.isascii() and length.isdecimal() and len(length) < 19 else None

    def read() -> bytes:
        nonlocal left
        block: bytes = source.read(_BLOCK if left is None else min(_BLOCK, left))
        if left is not None:
            left -= len(block)
        return block

    return read


def _boundary(environ: Mapping[str, Any]) -> str:
    try:
        kind, parameters = parse_parameters(environ.get("CONTENT_TYPE", ""))
    except ValueError as error:
        raise FormError(f"Content-Type: {error}") from None
    if kind != "multipart/form-data":
        raise FormError("the body is no multipart/form-data", 415)
    return parameters.get("boundary", "")


def _disposition(header: Mapping[str, str]) -> tuple[str, str | None]:
    """The name of a field, and the name of its file if it is one (RFC 7578 section 4.2)."""
    if header.get("content-transfer-encoding", "binary").lower() not in ("7bit", "8bit", "binary"):
        raise FormError("a part is encoded; Content-Transfer-Encoding is not for forms")
    try:
        kind, parameters = parse_parameters(header.get("content-disposition", ""))
    except ValueError as error:
        raise FormError(f"Content-Disposition: {error}") from None
    if kind != "form-data" or "name" not in parameters:
        raise FormError("a part has no name")
    filename = parameters.get("filename")
    extended = parameters.get("filename*")
    if filename is None and extended is not None:
        filename = _extended_value(extended)
    return _unescape(parameters["name"]), None if filename is None else _label(_unescape(filename))


def _unescape(text: str) -> str:
    """The three characters that browsers percent-encode in names (WHATWG HTML, form submission)."""
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _extended_value(text: str) -> str:
    """`UTF-8''na%C3%AFve.txt` (RFC 8187): not for forms, but old versions of urllib3 send it."""
    first, *others = text.rpartition("'")[2].encode().split(b"%")
    try:
        return (first + b"".join(bytes.fromhex(other[:2].decode()) + other[2:] for other in others)).decode("utf-8", "replace")
    except ValueError:
        raise FormError("the name of a file is malformed") from None


def _label(filename: str) -> str:
    """A client's file name as something to show."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    printable = "".join(char for char in name if char.isprintable())
    return "" if printable.strip(". ") == "" else printable[:255]


def _take_field(part: Part, limit: int) -> bytes:
    data = bytearray()
    for piece in part.data:
        data += piece
        if len(data) > limit:
            raise FormError("the fields of the form are too long", 413)
    return bytes(data)


def _take_file(part: Part, filename: str, limit: int | None, spool_size: int) -> Upload | None:
    """The file of a part; None when the user has chosen none."""
    from tempfile import SpooledTemporaryFile

    file = SpooledTemporaryFile(max_size=spool_size)  # noqa: SIM115
    size = 0
    try:
        for piece in part.data:
            size += len(piece)
            if limit is not None and size > limit:
                raise FormError(f"a file is larger than {limit} bytes", 413)
            file.write(piece)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    if not filename and not size:
        file.close()
        return None
    content_type = part.header.get("content-type", "application/octet-stream")
    return Upload(filename, content_type, size, file)
