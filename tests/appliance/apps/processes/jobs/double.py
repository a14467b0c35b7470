"""Run by `python -m jobs.double`; nothing imports it."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    print(2 * int(sys.argv[1]), __file__)
