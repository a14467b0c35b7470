"""What a registry says about one repository, by the OCI distribution protocol: a tag's manifest, and blobs in ranges.

Nothing that comes from there is trusted, and whether a certificate has expired does not matter: a device's clock may be wrong,
and what counts is who has signed an update. Logins are not spoken; what everybody may read by a token is.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import time
from urllib.parse import urlencode, urljoin, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

MANIFEST = "application/vnd.oci.image.manifest.v1+json"

_SILENCE = 15.0  # seconds without a byte after which a line counts as cut
_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds before the tries that follow a cut; the updater waits for a minute
_BLOCK = 65536
_REDIRECTS = 5
_MOST_ANSWER = 1 << 20  # bytes of what is read as a whole
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME


class Trouble(Exception):
    """A sentence that says why a registry cannot be read."""


def trust(certificates: str) -> ssl.SSLContext:
    """TLS that knows only the certificate authorities in this file. Without any, a program has no ssl (appliance/build.py)."""
    import ssl

    context = ssl.create_default_context(cafile=certificates)
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
    return context


class Registry:
    """One repository; without `tls` it is asked by plain http."""

    def __init__(self, host: str, repository: str, tls: ssl.SSLContext | None) -> None:
        self._base = f"{'https' if tls else 'http'}://{host}/v2/{repository}/"
        self._host, self._tls = host, tls
        self._token = ""

    def digest(self, tag: str) -> str:
        """Of the manifest that a tag names now."""
        response = self._ask("HEAD", f"manifests/{tag}", {"Accept": MANIFEST})
        found = response.headers.get("Docker-Content-Digest", "")
        if response.status == 404:
            raise Trouble(f"{self._host} has no {tag} there")
        if response.status != 200 or not re.fullmatch(r"sha256:[0-9a-f]{64}", found):
            raise Trouble(f"{self._host} answers {response.status} when it is asked for {tag}")
        return found

    def manifest(self, digest: str) -> bytes:
        """The manifest of this digest."""
        return self._whole(f"manifests/{digest}", digest, {"Accept": MANIFEST})

    def blob(self, digest: str) -> bytes:
        """A small blob."""
        return self._whole(f"blobs/{digest}", digest, {})

    def pieces(self, digest: str, size: int) -> Iterator[bytes]:
        """A large blob as it comes, taken up again where a line was cut. What it is, is for others to check."""
        done = tries = 0
        while done < size:
            try:
                for block in self._from(digest, done, size):
                    done, tries = done + len(block), 0
                    yield block
            except (OSError, http.client.HTTPException) as error:  # noqa: PERF203
                if tries == len(_PAUSES):
                    raise Trouble(f"the line to {self._host} is cut ({error or type(error).__name__})") from error
                time.sleep(_PAUSES[tries])
                tries += 1

    def _from(self, digest: str, start: int, size: int) -> Iterator[bytes]:
        response = self._send("GET", f"blobs/{digest}", {"Range": f"bytes={start}-{size - 1}"})
        if response.status == 200:  # it knows no ranges
            left = start
            while left and (block := response.read(min(_BLOCK, left))):
                left -= len(block)
        elif response.status != 206:
            raise Trouble(f"{self._host} answers {response.status} when it is asked for {digest[:19]}")
        left = size - start
        while left:
            block = response.read1(min(_BLOCK, left))
            if not block:
                raise ConnectionError("it has ended too early")
            left -= len(block)
            yield block

    def _whole(self, path: str, digest: str, headers: Mapping[str, str]) -> bytes:
        response = self._ask("GET", path, headers)
        try:
            body = response.read(_MOST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise Trouble(f"the line to {self._host} is cut ({error})") from error
        if response.status != 200 or f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
            raise Trouble(f"{self._host} answers {response.status} when it is asked for {digest[:19]}, and not with that")
        return body

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        try:
            return self._send(method, path, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Trouble(f"{self._host} cannot be reached ({error or type(error).__name__})") from error

    def _send(self, method: str, path: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """One question, with a token if the registry wants one, and wherever it redirects to."""
        url = urljoin(self._base, path)
        response = self._open(method, url, {**headers, **self._authorization()})
        if response.status == 401:
            self._token = self._new_token(response.headers.get("WWW-Authenticate", ""))
            response = self._open(method, url, {**headers, **self._authorization()})
        for _ in range(_REDIRECTS):
            if response.status not in (301, 302, 303, 307, 308):
                break
            url = urljoin(url, response.headers.get("Location", ""))
            response = self._open(method, url, headers)  # another place need not know the token
        return response

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _new_token(self, challenge: str) -> str:
        """For everybody, by the protocol of Docker's registries."""
        kind, _, rest = challenge.partition(" ")
        words = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if kind.lower() != "bearer" or "realm" not in words:
            raise Trouble(f"{self._host} wants a login, and a device has none")
        query = urlencode({name: words[name] for name in ("service", "scope") if name in words})
        response = self._open("GET", f"{words['realm']}?{query}", {})
        try:
            answer = json.loads(response.read(_MOST_ANSWER))
            return str(answer.get("token") or answer["access_token"])
        except (ValueError, KeyError, AttributeError) as error:
            raise Trouble(f"{self._host} gives no token to everybody") from error

    def _open(self, method: str, url: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        place = urlsplit(url)
        if place.hostname is None or place.scheme != ("https" if self._tls else "http"):
            raise Trouble(f"{self._host} leads to a place that is not asked ({url[:80]})")
        connection: http.client.HTTPConnection
        if self._tls:
            connection = http.client.HTTPSConnection(place.hostname, place.port, timeout=_SILENCE, context=self._tls)
        else:
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=_SILENCE)
        connection.request(method, f"{place.path}{'?' if place.query else ''}{place.query}", headers=dict(headers))
        return connection.getresponse()
