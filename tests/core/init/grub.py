"""What boot/grub.cfg itself decides: its own text, run by bash with GRUB's commands replaced."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from appliance.common.places import REPOSITORY

_CONFIGURATION = REPOSITORY / "appliance" / "imaging" / "boot" / "grub.cfg"
_SIGNATURE = b"# GRUB Environment Block\n"
_FIELDS = ("seq", "good", "try", "tries", "end")

# GRUB's commands for bash. Each decision runs in a process of its own, which the first slot that is started ends.
_COMMANDS = r"""
set() { declare -g "$1"; }
unset() { builtin unset -v "$1"; }
regexp() { declare -g disk=hd0; }
load_env() { eval "${sectors[${copies[${2: -5:1}]}]}"; }
save_env() {
    local at=${2: -5:1}
    (eval "${sectors[${copies[at]}]}") && declare -g written="$at $seq $good $try $tries $end"
}
chainloader() { printf '%s|%s|%s\n' "${2#fapws4.slot=}" "$copy" "$written"; exit; }
echo() { :; }
source() { :; }
root=hd0,gpt2 grub_platform=efi
"""


class Decision(NamedTuple):
    """The slot that is started, the copy that counts, and what was written before: copy and fields, or nothing."""

    slot: str
    copy: str
    written: str


def environment(sector: bytes) -> dict[str, str] | None:
    """What load_env finds (GRUB's grub_envblk_iterate): None without the signature; a line that has no end is the last."""
    if not sector.startswith(_SIGNATURE):
        return None
    found: dict[str, str] = {}
    at = len(_SIGNATURE)
    while at < len(sector):
        if sector[at : at + 1] != b"#":
            equals = sector.find(b"=", at)
            end = sector.find(b"\n", equals)
            if equals < 0 or end < 0:
                break
            found[sector[at:equals].decode("latin-1")] = sector[equals + 1 : end].decode("latin-1")
            at = end
        line = sector.find(b"\n", at)
        if line < 0:
            break
        at = line + 1
    return {name: found[name] for name in _FIELDS if name in found}


def decisions(sectors: Sequence[bytes], pairs: Sequence[tuple[int, int]], folder: Path) -> list[Decision]:
    """What GRUB does with each pair of ``sectors`` as the copies 0 and 1. ``folder`` is an empty one for its use."""
    for slot in ("(hd0,gpt4)", "(hd0,gpt5)"):
        (folder / slot).mkdir()
        for name in ("linux.cfg", "linux.efi"):
            (folder / slot / name).touch()
    text = _CONFIGURATION.read_text().replace("(uki)", "uki:")
    for name, number in (("STATE", "3"), ("SLOTA", "4"), ("SLOTB", "5")):
        text = text.replace(f"@{name}@", number)
    contents = [environment(sector) for sector in sectors]
    commands = ["false" if found is None else " ".join(f"{name}={shlex.quote(value)}" for name, value in found.items()) or ":"
                for found in contents]
    script = ["sectors=(", *map(shlex.quote, commands), ")", _COMMANDS, "decide() {", text, "}",
              *(f"(copies=({one} {other}); decide)" for one, other in pairs)]
    done = subprocess.run(["bash"], input="\n".join(script), cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [Decision(*line.split("|")) for line in done.stdout.splitlines()]
