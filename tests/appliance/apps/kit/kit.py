"""An app of many parts, each with a page that shows that it works from inside the static program."""

from __future__ import annotations

import asyncio
import datetime
import gettext
import importlib.metadata
import importlib.resources
import json
import logging
import pkgutil
import queue
import threading
import zoneinfo
from collections.abc import Callable
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


def about() -> list[Any]:
    """What is known of the packages."""
    return [importlib.metadata.version("bottle"), (importlib.resources.files("tzdata") / "zones").read_text().split()[0],
            len(pkgutil.get_data("tzdata", "zoneinfo/UTC") or b""), (HERE / "views" / "base.html").open().read()]


def page(question: Callable[[], Any]) -> Callable[[dict[str, Any], Any], str]:
    """A handler that sends the answer as JSON."""
    def handler(environ: dict[str, Any], start_response: Any) -> str:
        return json.dumps(question())

    return handler


PATHS = [(f"/{question.__name__}", page(question))
         for question in (simple_template, jinja, coroutines, threads, zones, catalogue, logged, about)]
