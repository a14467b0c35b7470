"""Passphrases of private keys: asked for at the terminal, or taken from the environment where nobody sits at one."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from appliance.common.errors import Problem
from appliance.imaging.keys import LEAST_PASSPHRASE, PrivateKey, read_private_key

VARIABLE = "FAPWS_PASSPHRASE"


def new_passphrase() -> str:
    """The passphrase for a new key, asked for twice."""
    passphrase = _given() or _asked("passphrase for the new key: ")
    if len(passphrase) < LEAST_PASSPHRASE:
        raise Problem(f"the passphrase is shorter than {LEAST_PASSPHRASE} characters",
                      "choose a longer one, such as five words; --no-passphrase for a key that machines use alone")
    if not _given() and _asked("once more: ") != passphrase:
        raise Problem("the two passphrases differ", "try again")
    return passphrase


def unlocked(files: Iterable[str]) -> list[PrivateKey]:
    """The private keys in these files; for each that is encrypted the passphrase is asked for."""
    locked = [read_private_key(Path(file).expanduser()) for file in files]
    return [key.unlock((_given() or _asked(f"passphrase of {key.path}: ")) if key.is_encrypted else "") for key in locked]


def _given() -> str:
    return os.environ.get(VARIABLE, "")


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise Problem("there is no terminal to ask for the passphrase", f"set {VARIABLE}, or type it at a terminal")
    return getpass.getpass(question)
