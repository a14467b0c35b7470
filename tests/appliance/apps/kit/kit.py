"""An app of many parts, each with a page that shows that it works from inside the static program."""

from __future__ import annotations

import array
import asyncio
import ctypes
import dataclasses
import datetime
import gettext
import importlib.metadata
import importlib.resources
import json
import logging
import logging.config
import os
import pkgutil
import queue
import shutil
import sys
import tempfile
import threading
import xmlrpc.server
import zoneinfo
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import bottle
import jinja2

import fapws4

HERE = Path(__file__).parent
zoneinfo.reset_tzpath(to=[])  # the zones of the package tzdata, whatever this machine has
log = logging.getLogger("kit")
log.addHandler(logging.FileHandler(fapws4.data_dir() / "kit.log"))
PARTS = {"name": "a<b", "parts": ["one", "two"]}


def simple_template() -> str:
    """Bottle's own templates, from a file."""
    return str(bottle.template("page.stpl", template_lookup=[str(HERE / "views")], **PARTS))


def jinja() -> str:
    """A template that extends another."""
    loader = jinja2.FileSystemLoader(HERE / "views")
    return jinja2.Environment(loader=loader, autoescape=True).get_template("page.html").render(**PARTS)


def coroutines() -> list[int]:
    """Both are waited for, in one thread."""
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    async def both() -> list[int]:
        async with asyncio.timeout(30):
            return list(await asyncio.gather(double(1), double(2)))

    return asyncio.run(both())


def threads() -> list[int]:
    """Work in four threads."""
    results: queue.Queue[int] = queue.Queue()
    workers = [threading.Thread(target=lambda number=number: results.put(number**2)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(results.queue)


def zones() -> str:
    """Daylight saving time from packaged data."""
    return datetime.datetime(2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).isoformat()


def catalogue() -> str:
    """A message in another language."""
    return gettext.translation("kit", HERE / "locale", ["de"]).gettext("Good morning")


def logged() -> str:
    """The file that was logged to."""
    log.warning("seen")
    return (fapws4.data_dir() / "kit.log").read_text()


def libc() -> list[Any]:
    """Functions of the libc, by the program itself and by the name of the libc's file; one calls back, one fails."""
    own, named = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libc.so.6")
    numbers = (ctypes.c_int * 4)(3, 1, 2, 0)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    named.qsort(numbers, 4, ctypes.sizeof(ctypes.c_int), kind(lambda one, other: one[0] - other[0]))
    opened = own.open(b"/appliance/none", os.O_RDONLY), os.strerror(ctypes.get_errno())
    return [own.strlen(b"four"), getattr(named, "getpid")() == os.getpid(), list(numbers), *opened]  # noqa: B009


def copied() -> list[Any]:
    """A packaged folder, with all that copytree wants to know of it."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(shutil.copytree(HERE / "views", Path(folder, "views")))
        return [sorted(path.name for path in made.iterdir()), os.listxattr(HERE / "views")]


def configured() -> list[str]:
    """A handler that only a text names, as settings of logging do."""
    file = fapws4.data_dir() / "rotated.log"
    handler = {"class": "logging.handlers.RotatingFileHandler", "filename": str(file), "maxBytes": 1000}
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "handlers": {"file": handler},
                               "loggers": {"other": {"handlers": ["file"]}}})
    logging.getLogger("other").error("seen too")
    return file.read_text().splitlines()[-1:]


def versions() -> list[str]:
    """Of packages, by a name that the metadata module was given here."""
    return [metadata.version("Jinja2"), metadata.metadata("markupsafe")["Name"]]


def about() -> list[Any]:
    """What is known of the packages."""
    return [importlib.metadata.version("bottle"), (importlib.resources.files("tzdata") / "zones").read_text().split()[0],
            len(pkgutil.get_data("tzdata", "zoneinfo/UTC") or b""), (HERE / "views" / "base.html").open().read()]


def long_numbers() -> list[Any]:
    """Integers of so many digits that the interpreter divides and writes them by Python of its own."""
    sys.set_int_max_str_digits(0)
    quotient, rest = divmod(10**40000, 7**9000)
    return [quotient * 7**9000 + rest == 10**40000, len(str(10**50000)), int("9" * 7000) + 1 == 10**7000]


def unlike_views() -> list[bool]:
    """Views of memory with items of different kinds."""
    short, long = array.array("h", [1, 2]), array.array("l", [1, 2])
    return [memoryview(short) == memoryview(long), memoryview(short)[1:] == memoryview(long)]


def characters() -> list[Any]:
    """By their names, in texts that are made while it runs, and in the name of a field."""
    @dataclasses.dataclass
    class Measure:
        größe: int

    return ["\u2022".encode("ascii", "namereplace").decode(), rb"\N{BULLET}".decode("unicode_escape"), eval(r"'\N{BULLET}'"),
            Measure(größe=1).größe]


def seven_bits() -> list[str]:
    """Codecs whose tables are in other codecs' modules."""
    return ["日本".encode("iso2022_jp").hex(), "日本".encode("iso2022_jp_2").hex(), "한".encode("iso2022_kr").hex(),
            "中".encode("big5hkscs").hex()]


def method_help() -> str:
    """Of a server of remote calls, which reads it by pydoc."""
    calls = xmlrpc.server.SimpleXMLRPCDispatcher()
    calls.register_function(zones)
    return calls.system_methodHelp("zones")


def page(question: Callable[[], Any]) -> Callable[[dict[str, Any], Any], str]:
    """A handler that sends the answer as JSON."""
    def handler(environ: dict[str, Any], start_response: Any) -> str:
        return json.dumps(question())

    return handler


PATHS = [(f"/{question.__name__}", page(question))
         for question in (simple_template, jinja, coroutines, threads, zones, catalogue, logged, libc, copied, configured, versions,
                          about, long_numbers, unlike_views, characters, seven_bits, method_help)]
