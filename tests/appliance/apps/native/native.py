"""Says what the C parts of packages do, each of them in the one static program."""

from __future__ import annotations

import json
import sys

import cffi
import markupsafe
import msgpack
import regex
import yaml
from _greeting import ffi, lib


def c_modules(environ, start_response):
    """Which C modules of packages are imported, and where from."""
    found = {name: getattr(module.__spec__, "origin", "") for name, module in sys.modules.items()
             if name.partition(".")[0] in ("markupsafe", "msgpack", "regex", "yaml", "_greeting", "_cffi_backend")}
    return json.dumps({name: origin for name, origin in found.items() if origin == "built-in"})


def escaped(environ, start_response):
    """MarkupSafe's speed-up."""
    return str(markupsafe.escape(environ["QUERY_STRING"]))


def packed(environ, start_response):
    """msgpack there and back, with a type of its own, and what it raises."""
    value = {"list": [1, 2.5, None, b"bytes"], "time": msgpack.Timestamp(1, 2)}
    data = msgpack.packb(value)
    try:
        msgpack.unpackb(data[:-1])
    except ValueError as error:
        return json.dumps([len(data), msgpack.unpackb(data) == value, str(error), msgpack.Packer.__module__])
    return "[]"


def matched(environ, start_response):
    """What re has not: a fuzzy match and a recursive one."""
    fuzzy = regex.search(r"(?:static){e<=1}", "a statik program")
    nested = regex.fullmatch(r"\((?:[^()]|(?R))*\)", "(one (two) three)")
    return json.dumps([fuzzy.group(), bool(nested)])


def loaded(environ, start_response):
    """PyYAML by libyaml."""
    table = yaml.load("a: [1, 2.5, yes]\nb: &x {c: 2026-11-23}\nd: *x\n", Loader=yaml.CSafeLoader)
    text = yaml.dump(table["a"], Dumper=yaml.CSafeDumper)
    return json.dumps([yaml.__with_libyaml__, str(table["d"]["c"]), text, ".".join(map(str, yaml._yaml.get_version()))])


def greeted(environ, start_response):
    """The app's own C, with a callback into Python, and what cffi makes at run time."""
    @ffi.def_extern()
    def told(number):
        return number * 2

    made = cffi.FFI()
    made.cdef("typedef struct { short a; long b; } pair;")
    return json.dumps([ffi.string(lib.greet(b"world")).decode(), lib.asked(21), lib.ANSWER, made.sizeof("pair")])


PATHS = [("/modules", c_modules), ("/escaped", escaped), ("/packed", packed), ("/matched", matched), ("/loaded", loaded),
         ("/greeted", greeted)]
