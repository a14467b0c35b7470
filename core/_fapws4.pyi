"""The part of fapws4 that is written in C, as Python sees it; see core/module.c."""

from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any

class Input:
    """The body of a request; read-only, whole in memory."""

    def read(self, size: int | None = -1, /) -> bytes: ...
    def readline(self, size: int | None = -1, /) -> bytes: ...
    def readlines(self, hint: int | None = -1, /) -> list[bytes]: ...
    def getvalue(self) -> bytes: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def __next__(self) -> bytes: ...

class StartResponse:
    """Begins the response."""

    status: str | int | None
    headers: list[tuple[str, str]]
    cookies: SimpleCookie | None
    exc_info: Any
    @property
    def sent(self) -> bool: ...
    def __call__(
        self,
        status: str | int,
        response_headers: list[tuple[str, str]],
        exc_info: Any = None,
        /,
    ) -> Callable[[bytes], None]: ...

def status_reason(code: int, /) -> str: ...
