"""Handlers that tell their environ, and when the query says so do something with it that the next request must not notice."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import fapws4

KEPT: list[tuple[Any, Any]] = []


def told(environ: dict[str, Any]) -> str:
    """All of it in its order, and what wsgi.input gives."""
    return repr([(key, value) for key, value in environ.items() if not key.startswith("wsgi.")]) + str(
        environ["wsgi.input"].read())


def add(environ: dict[str, Any]) -> None:
    environ["mark"] = "set"


def replace(environ: dict[str, Any]) -> None:
    environ["PATH_INFO"] = environ["HTTP_HOST"] = "replaced"


def delete(environ: dict[str, Any]) -> None:
    del environ["REMOTE_ADDR"]


def pop(environ: dict[str, Any]) -> None:
    environ.popitem()


def clear(environ: dict[str, Any]) -> None:
    environ.clear()


def update(environ: dict[str, Any]) -> None:
    environ |= {"HTTP_HOST": "updated", "other": 1}


def set_default(environ: dict[str, Any]) -> None:
    environ.setdefault("mark", "set")


def restore(environ: dict[str, Any]) -> None:
    environ["HTTP_HOST"] = environ.pop("HTTP_HOST")


def keep(environ: dict[str, Any]) -> None:
    KEPT.append((environ, told(environ)))


def view_of_it(environ: dict[str, Any]) -> None:
    KEPT.append((environ.items().mapping.copy(), told(environ)))
    KEPT.append((environ.items(), None))


def change_what_was_kept(environ: dict[str, Any]) -> None:
    KEPT.append((environ, None))
    fapws4.defer(environ.update, {"HTTP_HOST": "changed later"})


def in_thread(environ: dict[str, Any]) -> None:
    """Changed behind the handler's back, before it returns."""
    thread = threading.Thread(target=lambda: environ.update({"HTTP_HOST": "changed by a thread"}))
    thread.start()
    thread.join()


def later_in_thread(environ: dict[str, Any]) -> None:
    """Changed once the answer is given."""
    answered = threading.Event()

    def change() -> None:
        answered.wait()
        environ["HTTP_HOST"] = "changed by a thread"

    threading.Thread(target=change).start()
    fapws4.defer(threading.Event.set, answered)


def as_attributes(environ: dict[str, Any]) -> None:
    """Set without any call on the dict itself."""
    owner = type("Owner", (), {})()
    owner.__dict__ = environ
    for turn in range(100):  # until the interpreter specialises it
        owner.HTTP_HOST = str(turn)


def as_globals(environ: dict[str, Any]) -> None:
    """The namespace of a program."""
    exec("HTTP_HOST = 'run'", environ)


def copied(environ: dict[str, Any]) -> None:
    """What is no change of it, nor kept."""
    twin = pickle.loads(pickle.dumps({key: value for key, value in environ.items() if isinstance(value, str)}))
    twin["HTTP_HOST"] = copy.copy(environ)["HTTP_HOST"] = "the copy's"


def fail(environ: dict[str, Any]) -> None:
    environ["HTTP_HOST"] = "failed"
    raise RuntimeError("on purpose")


ACTS = (add, replace, delete, pop, clear, update, set_default, restore, keep, view_of_it, change_what_was_kept,
        in_thread, later_in_thread, as_attributes, as_globals, copied, fail)


def native(act: Callable[[dict[str, Any]], None]) -> Callable[..., str]:
    """A handler of PATHS."""
    def handler(environ: Any, start_response: Any) -> str:
        answer = told(environ)
        if "now" in environ["QUERY_STRING"]:
            act(environ)
        return answer

    return handler


def wsgi(act: Callable[[dict[str, Any]], None]) -> Any:
    """A WSGI application."""
    def application(environ: Any, start_response: Any) -> list[bytes]:
        answer = told(environ).encode()
        if "now" in environ["QUERY_STRING"]:
            act(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [answer]

    return fapws4.wsgi(application)


def later(environ: dict[str, Any], start_response: Any) -> Iterator[str]:
    """The environ is still in use when the handler has returned."""
    yield told(environ)
    if "now" in environ["QUERY_STRING"]:
        environ["HTTP_HOST"] = "changed"
    yield environ["HTTP_HOST"]


def kept(environ: dict[str, Any], start_response: Any) -> str:
    """What was kept and was not to change."""
    return str([told(known) == text for known, text in KEPT if text is not None])


PATHS = [
    *((f"/native/{act.__name__}", native(act)) for act in ACTS), *((f"/wsgi/{act.__name__}", wsgi(act)) for act in ACTS),
    ("/later", later), ("/kept", kept),
]
