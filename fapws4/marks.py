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


def threaded(handler: Handler) -> Handler:
    """Marks a handler that takes its time: `@threaded`, or `("/shop", threaded(wsgi(shop)))`.

    It is called on a thread of its own, and so is the iterable that it returns; the server answers
    others meanwhile. The iterable waits while its client is slow; when the client has gone it is
    closed. Up to 32 such handlers run at a time, further ones wait. `wsgi.multithread` is true.
    """
    try:
        handler.fapws4_threaded = True  # type: ignore[attr-defined]
    except AttributeError:  # a method, or built in: nothing can be noted on it

        def call(environ: Any, start_response: Any) -> Any:
            return handler(environ, start_response)

        call.fapws4_threaded = True  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]
    return handler
