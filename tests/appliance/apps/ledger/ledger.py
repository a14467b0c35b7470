"""An app with a database: one process writes while others read, and texts are searched by their words."""

from __future__ import annotations

import bz2
import json
import lzma
import os
import sqlite3
from typing import Any
from urllib.parse import parse_qs

FILE = os.environ.get("LEDGER_FILE", ":memory:")
PACKED = bz2.compress(b"paper " * 1000)
PRESSED = lzma.compress(b"paper " * 1000)

store = sqlite3.connect(FILE)
MODE = store.execute("PRAGMA journal_mode = WAL").fetchone()[0]
store.execute("CREATE VIRTUAL TABLE IF NOT EXISTS notes USING fts5(title, body)")


def add(environ: dict[str, Any], start_response: Any) -> str:
    """/add?title=T&body=B"""
    query = parse_qs(environ["QUERY_STRING"])
    with store:
        store.execute("INSERT INTO notes VALUES (?, ?)", (query["title"][0], query["body"][0]))
    return "added"


def search(environ: dict[str, Any], start_response: Any) -> str:
    """/search?words=W: titles, the best first, read by a connection of its own"""
    words = parse_qs(environ["QUERY_STRING"])["words"][0]
    reader = sqlite3.connect(f"file:{FILE}?mode=ro", uri=True)
    try:
        rows = reader.execute("SELECT title, highlight(notes, 1, '[', ']') FROM notes WHERE notes MATCH ? ORDER BY rank", (words,))
        return json.dumps(rows.fetchall())
    finally:
        reader.close()


def about(environ: dict[str, Any], start_response: Any) -> str:
    """How it is kept."""
    options = [name for (name,) in store.execute("PRAGMA compile_options")]
    return json.dumps({"mode": MODE, "version": sqlite3.sqlite_version, "threads": sqlite3.threadsafety, "options": options,
                       "beside": sorted(os.listdir(os.path.dirname(FILE))), "packed": len(bz2.decompress(PACKED)),
                       "pressed": len(lzma.decompress(PRESSED)), "copy": len(store.serialize()) > 0,
                       "dump": next(iter(store.iterdump()))})


PATHS = [("/add", add), ("/search", search), ("/about", about)]
