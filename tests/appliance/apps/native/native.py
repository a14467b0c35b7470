"""Says what the C parts of packages do, each of them in the one static program."""

from __future__ import annotations

import ctypes
import json
import sys
from ctypes.util import find_library

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
    made.cdef("typedef struct { short a; int b; } pair;")
    return json.dumps([ffi.string(lib.greet(b"world")).decode(), lib.asked(21), lib.ANSWER, made.sizeof("pair")])


def called(environ, start_response):
    """Functions of the libc and of Python's C API by their names, under the names that libraries have elsewhere."""
    libc, named, searched = ctypes.CDLL(None), ctypes.CDLL("libc.so.6", use_errno=True), ctypes.CDLL(find_library("c"))
    libc.strlen.restype = ctypes.c_size_t
    named.chdir(b"/nowhere")
    number = ctypes.pythonapi.PyLong_FromLong
    number.restype, number.argtypes = ctypes.py_object, [ctypes.c_long]
    defined = cffi.FFI()
    defined.cdef("int toupper(int);")
    failures = []
    for lacking in (lambda: ctypes.CDLL("libwater.so.1"), lambda: libc.no_such_function):
        try:
            lacking()
        except (OSError, AttributeError) as error:
            failures.append(str(error))
    return json.dumps([libc.strlen(b"hello"), ctypes.get_errno(), getattr(searched, "abs")(-3), number(7),
                       chr(defined.dlopen(None).toupper(ord("a"))), *failures])


PATHS = [("/called", called), ("/modules", c_modules), ("/escaped", escaped), ("/packed", packed), ("/matched", matched), ("/loaded", loaded),
         ("/greeted", greeted)]
