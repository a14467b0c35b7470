"""Staticfile over the folder that is given, in its several ways."""

import os
import sys

from fapws4.views import Staticfile

ROOT = sys.argv[1]


class Packaged(Staticfile):
    """As in a frozen app, where an open file is not what its path shows."""

    def __call__(self, environ, start_response):
        real = os.path.samestat
        os.path.samestat = lambda *_: False
        try:
            return super().__call__(environ, start_response)
        finally:
            os.path.samestat = real


def count(environ, start_response):
    return str(len(os.listdir("/proc/self/fd")))


PATHS = [
    ("/plain/", Staticfile(ROOT, sidecars=False)),
    ("/slash", Staticfile(ROOT + "/")),
    ("/one", Staticfile(os.path.join(ROOT, "a.txt"))),
    ("/packaged/", Packaged(ROOT)),
    ("/descriptors", count),
    ("/site", Staticfile(ROOT, 60, index="index.html")),
    ("/", Staticfile(ROOT, index="index.html")),
]
