"""How a handler wants to be called. The server looks at the marks once, when it takes PATHS."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    Handler = TypeVar("Handler", bound=Callable[..., Any])

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Mount:
    """A WSGI application at a place in PATHS; made by `wsgi`."""

    # Decorators made with functools.wraps copy __dict__: the mark stays on what they make, the
    # application does not, so that they are not passed by.
    __slots__ = ("__dict__", "application")

    def __init__(self, application: Application) -> None:
        self.application = application
        self.fapws4_strict = True

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Calls the application."""
        return self.application(environ, start_response)


def wsgi(application: Application) -> Mount:
    """Mounts a WSGI application in PATHS: `("/shop", wsgi(shop))`.

    The application is called exactly as PEP 3333 says, with a plain dict and no names of fapws4.
    SCRIPT_NAME is the uri without a slash at its end, PATH_INFO the rest of the path, which begins
    with a slash or is empty. Unlike with other handlers, "/shop" does not take "/shopping", and
    "/shop/" means the same as "/shop".
    """
    if not callable(application):
        raise TypeError(f"wsgi() takes a WSGI application, not {type(application).__name__}")
    return Mount(application)


def _marked(handler: Handler, marks: dict[str, object]) -> Handler:
    """The handler with attributes for the server."""
    try:
        for name, value in marks.items():
            setattr(handler, name, value)
    except AttributeError:  # a method, or built in: nothing can be noted on it

        def call(environ: Any, start_response: Any) -> Any:
            return handler(environ, start_response)

        call.__dict__.update(marks)
        return call  # type: ignore[return-value]
    return handler


def threaded(handler: Handler) -> Handler:
    """Marks a handler that takes its time: `@threaded`, or `("/shop", threaded(wsgi(shop)))`.

    It is called on a thread of its own, and so is the iterable that it returns; the server answers
    others meanwhile. The iterable waits while its client is slow; when the client has gone it is
    closed. Up to 32 such handlers run at a time, further ones wait. `wsgi.multithread` is true.
    """
    return _marked(handler, {"fapws4_threaded": True})


def streaming(handler: Any = None, *, limit: Any = ...) -> Any:
    """Marks a handler that reads the body as it arrives: `@streaming`, `@streaming(limit=2**32)`, also around `wsgi(app)`.

    It is called on a thread, as with `threaded`, as soon as the head is there. `wsgi.input` then
    waits for the client, who has to wait in turn when the handler is slow: no more than 128 KiB are
    in memory. Who refuses without reading (no permission) never gets the body: a client that asked
    with `Expect: 100-continue` is told to go on only by the first read.

    `limit` is the size in bytes that a body may have; without it MAX_BODY_SIZE, None for any size. A
    Content-Length above it is answered 413, and the handler is not called. Otherwise reading raises
    an OSError when the body cannot be had: ConnectionResetError when the client has gone,
    TimeoutError when it sends less than 4 KiB in TIMEOUT seconds (what the handler does meanwhile
    does not count), a plain OSError when the body exceeds the limit or its chunks are malformed. A
    handler that lets it pass is answered with 400, 408 or 413 for it, unless the response has begun.

    After the response nothing more can be read; when much of the body is left the connection ends.
    `fapws.params` has the fields of the query, and there is no CONTENT_LENGTH when the client does not
    say one.
    """
    if limit is not None and limit is not ... and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise ValueError(f"streaming(): limit is a number of bytes or None, not {limit!r}")
    marks: dict[str, object] = {"fapws4_streaming": True}
    if limit is not ...:
        marks["fapws4_limit"] = limit
    if handler is not None:
        return _marked(handler, marks)
    return lambda handler: _marked(handler, marks)
