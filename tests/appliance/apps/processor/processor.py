"""What could differ from one processor to another: sizes, byte order, floats, calls through libffi, times, threads, files."""

import ctypes
import decimal
import json
import math
import os
import struct
import sys
import threading
import time
import zlib
from pathlib import Path

HERE = Path(__file__).parent
NAME = Path(__file__).with_name("words.txt")

Callback = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_double, ctypes.c_char, ctypes.c_int64)


def facts():
    """The same on every processor."""
    return {
        "order": sys.byteorder,
        "floats": [repr(value) for value in (0.1 + 0.2, math.pi ** 20, math.exp(-700), 2.0 ** 0.5, float("1e-320"))],
        "integers": str(3 ** 500 // 7 ** 99),
        "decimal": str(decimal.Decimal(1) / 7),
        "packed": struct.pack("<qdhi", -(2 ** 40), 1.5, -3, 2 ** 30).hex(),
        "native": struct.unpack("=qd", struct.pack("=qd", 2 ** 40 + 1, 0.1)),
        "checks": [zlib.crc32(bytes(range(256)) * 9), zlib.adler32(b"words" * 999)],
        "later": time.gmtime(2 ** 33)[:6],  # after 2038
        "callback": Callback(lambda a, b, c, d: a * b + ord(c) + d)(2 ** 40, 0.5, b"x", -(2 ** 33)),
        "threads": threads(),
        "words": NAME.read_text().split(),
        "folder": "words.txt" in os.listdir(HERE),
        "statuses": statuses(),
        "searches": searches(),
    }


def statuses():
    """Of packaged files, in every way that the system has."""
    sizes = [entry.stat().st_size for entry in os.scandir(HERE) if entry.name == NAME.name]
    return [NAME.is_file(), HERE.is_dir(), (HERE / "none").exists(), NAME.stat().st_size, NAME.lstat().st_size, sizes]


def touched():
    """Whether a packaged file's time can be changed."""
    try:
        os.utime(NAME)
    except OSError as error:
        return os.strerror(error.errno)
    return "yes"


def threads():
    """Sums that threads made, which all ran."""
    sums = [0] * 4

    def add(number):
        sums[number] = sum(range(number * 10_000))

    running = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sums


def searches():
    """What the libc's string routines find for Python, at many offsets."""
    text = bytes(range(1, 256)) * 3
    found = [text[start:].find(b"\x80") + text[start:].rfind(b"\x81") for start in range(300)]
    return [sum(found), text[5:] < text[5:200] + b"\0", ctypes.create_string_buffer(text).value == text]


def page(environ, start_response):
    """All of it, the size of a pointer, and what only a program's own files refuse."""
    return json.dumps({"pointer": struct.calcsize("P"), "maximum": sys.maxsize, "touched": touched(), "facts": facts()})


PATHS = [("/", page)]
