"""System programs are checked before any work starts: what is missing is installed by name, or named in one command.

Only as root on Debian (and its kin) is anything installed; otherwise the command to type is printed and nothing happens.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from appliance.common.errors import Problem
from appliance.common.progress import step
from appliance.common.shell import Failed, run

# program or file -> the Debian package that it comes in
TO_COMPILE = {"make": "make", "patch": "patch"}
FOR_OPENSSL = {"prove": "perl"}  # its Configure wants all of perl, which prove comes with
FOR_SQLITE = {"tclsh": "tcl"}  # makes one file of its sources
# A kernel of our own, which zig cannot compile.
FOR_LINUX = {"gcc": "gcc", "ld": "binutils", "flex": "flex", "bison": "bison", "bc": "bc", "perl": "perl", "zstd": "zstd",
             "/usr/include/gelf.h": "libelf-dev"} | TO_COMPILE
TO_FETCH = {"apt-get": "apt", "dpkg": "dpkg", "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring"}


def require(needed: dict[str, str], purpose: str) -> None:
    """See to it that every program (or file, when it begins with a slash; * as in a shell) is there; else a Problem."""
    packages = sorted(set(absent(needed).values()))
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        rise = "" if os.geteuid() == 0 else "sudo "
        raise Problem(f"{purpose} needs programs that are not here", f"type: {rise}apt-get install {' '.join(packages)}")
    with step(f"install {' '.join(packages)}"):
        try:
            run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages], env=_QUIET, what="apt-get")
        except Failed:  # most often because the lists of a new machine are empty
            run(["apt-get", "update", "-qq"], env=_QUIET, what="apt-get update")
            run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages], env=_QUIET, what="apt-get")


def absent(needed: dict[str, str]) -> dict[str, str]:
    """Of programs and files, each with its package, those that are not there."""
    return {name: package for name, package in needed.items() if not _is_there(name)}


_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def _is_there(name: str) -> bool:
    return any(Path("/").glob(name[1:])) if name.startswith("/") else shutil.which(name) is not None
