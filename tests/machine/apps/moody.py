"""An app that behaves as the kernel's command line says, which every slot has for itself: mood=500, exit, deaf or silent;
or convert: it migrates its settings, and then is ill."""

import os
import sys
import time
from pathlib import Path

from fapws4 import data_dir, threaded
from fapws4.migrations import migrate

VERSION = "1.0"
HEALTH = "/well"

WORDS = dict(word.partition("=")[::2] for word in Path("/proc/cmdline").read_text().split())
MOOD = WORDS.get("mood", "")

if MOOD == "exit":
    print("I cannot go on", flush=True)
    sys.exit(3)


def begin(settings):
    settings.joinpath("word").write_text("begun")


def convert(settings):
    word = settings / "word"
    word.write_text(word.read_text() + ", converted")


SETTINGS = data_dir() / "settings"
WORD = SETTINGS / "word"
if (SETTINGS / "data_version").exists():
    migrate(SETTINGS, {1: begin, 2: convert} if MOOD == "convert" else {1: begin})
if MOOD == "deaf":
    time.sleep(3600)


def answer(environ, start_response):
    if MOOD == "silent":
        time.sleep(3600)
    if MOOD in ("500", "convert"):
        raise RuntimeError("I am ill")
    return "well"


def show(environ, start_response):
    return "\n".join(f"{name}={value}" for name, value in sorted(os.environ.items()))


@threaded
def rest(environ, start_response):
    """Answers after so many seconds."""
    time.sleep(int(environ["PATH_INFO"].rpartition("/")[2]))
    return "rested"


def fill(environ, start_response):
    """Writes until nothing more goes on the disk."""
    try:
        with Path("/data/app/much").open("wb", buffering=0) as file:
            while file.write(bytes(1 << 20)):
                pass
    except OSError as error:
        return str(error)
    return "there is no end of it"


def say(environ, start_response):
    return WORD.read_text()


def number(environ, start_response):
    return (SETTINGS / "data_version").read_text()


def note(environ, start_response):
    """Keeps a word among the settings."""
    WORD.parent.mkdir(exist_ok=True)
    WORD.write_text(environ["QUERY_STRING"])
    return "kept"


PATHS = [("/environ", show), ("/word", say), ("/number", number), ("/note", note), ("/fill", fill), ("/rest", rest),
         ("/well", answer), ("/", answer)]
