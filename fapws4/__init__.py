"""fapws4: what an app imports.

`base` has the classes of the two arguments of every handler, `headers` answers such as a redirect,
`views` ready handlers such as static files. `fapws4.wsgi(app)` mounts a WSGI application in PATHS.
`add_timer(seconds, f)` calls a function again and again, `defer(f, arg)` calls one when the requests
that are there are answered; both may be used at any time, by any thread, and call on the server's.
`@threaded` marks a handler that would hold up the others, `@streaming` one that reads the body of its
request as it arrives. `data_dir()` is the folder for the files that the app keeps. `Stream()` is a body
that is written after the handler has returned it: for long polls and Server-Sent Events.

A Stream's `write(data)` may be called by anything, on any thread, until `close()`. It sends bytes or
str and never blocks. False means that 64 KiB wait because the client is slow: write again when
`on_drain` is called; who goes on all the same gets a BufferError at 1 MiB. When the client goes (also
when it only says the end of what it sends), or the server stops, `on_gone` is called, and a later
`write` raises BrokenPipeError.

The server itself is the program `fapws4` (or the frozen app), not this package.
"""

from __future__ import annotations

from fapws4.marks import streaming, threaded, wsgi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _fapws4 import Stream, add_timer, defer, defer_queue_size

    from fapws4.data_folder import data_dir

__all__ = ["Stream", "add_timer", "data_dir", "defer", "defer_queue_size", "streaming", "threaded", "wsgi"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """What the server itself holds, looked up late, so that the rest of the package is importable under plain Python; and
    what few apps want."""
    if name not in __all__:
        raise AttributeError(f"module 'fapws4' has no attribute {name!r}")
    if name == "data_dir":
        from fapws4.data_folder import data_dir

        return data_dir
    import _fapws4

    return getattr(_fapws4, name)
