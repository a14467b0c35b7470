"""Ready-made handlers."""

# Importing pathlib takes ten times as long as this module: a frozen app starts in milliseconds.
# ruff: noqa: PTH112, PTH116, PTH118, PTH119

from __future__ import annotations

import errno
import os
from stat import S_ISREG

from _fapws4 import CachedFile

from fapws4.base import get_status, http_date
from fapws4.content_types import content_type
from fapws4.negotiation import choose_coding
from fapws4.preconditions import evaluate, range_applies
from fapws4.ranges import FilePart, parse_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import FileIO

    from fapws4.base import Environ, Field, Start_response

# Codings and the ends of the names of files that hold them, the denser one first.
_SIDECARS = (("br", b".br"), ("gzip", b".gz"))

# What the system says about names that lead nowhere; other errors are the server's fault: 500.
_MISSING = frozenset(
    (
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
        errno.ELOOP,
        errno.ENAMETOOLONG,
    )
)


class Staticfile:
    """Serves the files below a folder: `PATHS = [("/static/", Staticfile("static/"))]`.

    `rootpath` may also name one file, which is then served for the uri itself; a relative one
    begins at the working directory. `maxage` is sent as Cache-Control, in seconds. `index`, for
    example "index.html", is served for folders; a folder's uri gets its slash by a redirect.
    `page.html.br` and `page.html.gz`, when they are not older than `page.html`, are sent in its
    place to clients that accept them, unless `sidecars` is false. Only regular files are served, to
    GET and HEAD; nothing outside of `rootpath` is, symbolic links included.
    """

    def __init__(
        self,
        rootpath: str = "",
        maxage: int | None = None,
        *,
        index: str | None = None,
        sidecars: bool = True,
    ) -> None:
        self.root = os.path.realpath(os.fsencode(rootpath))
        self.maxage = maxage
        self.index = index
        self.sidecars = sidecars

    def __call__(self, environ: Environ, start_response: Start_response) -> object:
        """Answers with the file, a part of it, 301, 304, 404, 405, 412 or 416."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _refuse(start_response, 405, [("Allow", "GET, HEAD")])
        asked = environ["PATH_INFO"].encode("latin-1")
        name = self._name(asked)
        path = self._resolve(name)
        if self.index is not None and path is not None and os.path.isdir(path):
            uri = environ["SCRIPT_NAME"].encode("latin-1") + asked
            if not uri.endswith(b"/"):
                return _add_slash(start_response, uri)
            name = self._name(asked + b"/" + os.fsencode(self.index))
            path = self._resolve(name)
        elif asked.strip(b"/") and asked.rpartition(b"/")[2] in (b"", b".", b".."):
            path = None  # the uri of a folder
        if name is None or path is None:
            return _missing(start_response)
        try:
            return self._serve(environ, start_response, name, path)
        except OSError as error:
            if error.errno not in _MISSING:
                raise
            return _missing(start_response)

    def _name(self, asked: bytes) -> bytes | None:
        """The name below the root that a uri means; None when there can be no such file.

        Dots are resolved as in URIs, by the text (RFC 3986 section 5.2.4).
        """
        name = os.path.normpath(asked.strip(b"/") or b".")
        if b"\0" in name or name.split(b"/")[0] == b"..":
            return None
        return self.root if name == b"." else os.path.join(self.root, name)

    def _resolve(self, name: bytes | None) -> bytes | None:
        """The file that a name leads to through all links, None when it is not inside the root."""
        if name is None or name == self.root:
            return name
        path = os.path.realpath(name)
        return path if path.startswith(self.root.rstrip(b"/") + b"/") else None

    def _serve(
        self, environ: Environ, start_response: Start_response, name: bytes, path: bytes
    ) -> object:
        status = os.stat(path)
        if not S_ISREG(status.st_mode):
            return _missing(start_response)
        kind = content_type(os.fsdecode(os.path.basename(path)))
        headers = [("Content-Type", kind)]
        if self.maxage is not None:
            headers.append(("Cache-Control", f"max-age={self.maxage}"))
        depends = (name, *(path + ending for _, ending in _SIDECARS)) if self.sidecars else (name,)
        sidecars = _current_sidecars(path, status.st_mtime) if self.sidecars else {}
        if sidecars:
            headers.append(("Vary", "Accept-Encoding"))
            coding = choose_coding(environ.get("HTTP_ACCEPT_ENCODING"), list(sidecars))
            if coding is not None:
                headers.append(("Content-Encoding", coding))
                path = sidecars[coding]
        file = open(path, "rb", buffering=0, opener=_open_regular)  # noqa: SIM115
        try:
            return _answer(environ, start_response, file, headers, depends)
        except BaseException:
            file.close()
            raise


def _current_sidecars(path: bytes, modified: float) -> dict[str, bytes]:
    """Coding to path of the encoded files beside a file; one that is older is out of date.

    Compared in seconds: the fraction of files inside a frozen app says nothing about their age.
    """
    found = {}
    for coding, ending in _SIDECARS:
        try:
            status = os.lstat(path + ending)
        except OSError:
            continue
        if S_ISREG(status.st_mode) and int(status.st_mtime) >= int(modified):
            found[coding] = path + ending
    return found


def _open_regular(path: bytes | str, flags: int) -> int:
    """Opens for reading what must not have become a link, or a pipe that would block."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _validators(file: FileIO) -> tuple[str, float | None]:
    """The entity tag of a file, and its time of change if that says something.

    Files inside a frozen app all have the same time; there the content makes the tag.
    """
    opened, named = os.fstat(file.fileno()), os.stat(file.name)
    if os.path.samestat(opened, named):
        return f'"{opened.st_mtime_ns:x}-{opened.st_size:x}"', opened.st_mtime
    from zlib import crc32

    digest = 0
    while block := file.read(65536):
        digest = crc32(block, digest)
    file.seek(0)
    return f'"{digest:x}-{opened.st_size:x}"', None


def _answer(
    environ: Environ,
    start_response: Start_response,
    file: FileIO,
    headers: list[Field],
    depends: tuple[bytes, ...],
) -> object:
    """What is asked of the file; `depends` are the paths that decide which file it is."""
    size = os.fstat(file.fileno()).st_size
    etag, modified = _validators(file)
    headers.append(("ETag", etag))
    if modified is not None:
        headers.append(("Last-Modified", http_date(modified)))
    code = evaluate(environ, etag, modified)
    if code != 200:
        file.close()
        return _say_unsent(start_response, code, headers)
    headers.append(("Accept-Ranges", "bytes"))
    field = environ.get("HTTP_RANGE") if environ["REQUEST_METHOD"] == "GET" else None
    wanted = parse_range(field, size) if field else None
    if wanted is None or not range_applies(environ, etag, modified):
        start_response(get_status(200), [*headers, ("Content-Length", str(size))])
        return CachedFile(file, () if modified is None else depends)  # packaged: for ever the same
    first, last = wanted
    if first >= size:
        file.close()
        return _refuse(start_response, 416, [("Content-Range", f"bytes */{size}")])
    headers.append(("Content-Range", f"bytes {first}-{last}/{size}"))
    headers.append(("Content-Length", str(last - first + 1)))
    start_response(get_status(206), headers)
    return FilePart(file, first, last)


def _say_unsent(start_response: Start_response, code: int, headers: list[Field]) -> object:
    """304 with what a 200 would say about caching (RFC 9110 section 15.4.5), or 412."""
    if code != 304:
        return _refuse(start_response, code, [])
    kept = ("ETag", "Last-Modified", "Cache-Control", "Vary")
    start_response(get_status(code), [field for field in headers if field[0] in kept])
    return None


def _add_slash(start_response: Start_response, uri: bytes) -> object:
    """Sends the client from `/docs` to `/docs/`, so that the page's relative links work.

    The location is relative: an absolute one made of `//host/..` would lead to another server.
    """
    from urllib.parse import quote

    location = f"./{quote(uri.rpartition(b'/')[2])}/"
    return _refuse(start_response, 301, [("Location", location)])


def _missing(start_response: Start_response) -> object:
    return _refuse(start_response, 404, [])


def _refuse(start_response: Start_response, code: int, headers: list[Field]) -> bytes:
    status = get_status(code)
    start_response(status, [*headers, ("Content-Type", "text/plain; charset=utf-8")])
    return status[4:].encode()
