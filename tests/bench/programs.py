"""Runs under the Python that is measured: prints, as JSON, the least CPU seconds of each small program.

Each program leans on another part of the interpreter or of the C library: calls, attributes, floats, dictionaries, byte
strings, sorting, json, re, formatting, memory.
"""

import json
import re
import sys
import time


def calls(number=21):
    return number if number < 2 else calls(number - 1) + calls(number - 2)


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def move(self, steps):
        self.x += steps * self.y
        return self.x


def attributes():
    points = [Point(number, 1) for number in range(60)]
    for _ in range(250):
        for point in points:
            point.move(2)


def floats():
    place, speed = 1.0, 0.0
    for _ in range(60_000):
        speed -= place * 0.005
        place += speed * 0.01
    return place


def dictionaries():
    counts = {}
    for number in range(20_000):
        name = f"key-{number & 1023}"
        counts[name] = counts.get(name, 0) + number
    return counts


def sieve():
    flags = bytearray([1]) * 300_000
    for number in range(2, 548):
        if flags[number]:
            flags[number * number :: number] = bytes(len(range(number * number, 300_000, number)))
    return sum(flags)


def sorting():
    return sorted((number * 7919) % 20_011 for number in range(20_011))


DOCUMENT = {"rows": [[1, 2.5, "a text of some length", {"inner": None, "flag": True}]] * 60, "name": "report"}


def documents():
    for _ in range(20):
        json.loads(json.dumps(DOCUMENT))


ADDRESS = re.compile(r"([\w.]+)@(\w+)\.(?:org|com)")
LETTER = "ordinary words and then someone.else@example.org " * 150


def patterns():
    for _ in range(8):
        ADDRESS.findall(LETTER)


HEAD = b"Field-Name: value of the field\r\n" * 1500


def bytestrings():
    for _ in range(5):
        HEAD.split(b"\r\n")
        HEAD.find(b"absent")
        HEAD.replace(b"value", b"other")
        HEAD.count(b"\n")


def formatting():
    return "".join(f"<tr><td>{number}</td><td>{number / 7:.3f}</td></tr>" for number in range(12_000))


def memory():
    for _ in range(20):
        [bytearray(700 + size) for size in range(300)]


PROGRAMS = (calls, attributes, floats, dictionaries, sieve, sorting, documents, patterns, bytestrings, formatting, memory)


def least(program, rounds):
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        program()
        best = min(best, time.process_time() - began)
    return best


if __name__ == "__main__":
    print(json.dumps({program.__name__: least(program, int(sys.argv[1])) for program in PROGRAMS}))
