"""Where PyInstaller finds the hook (entry point pyinstaller40, hook-dirs)."""

from __future__ import annotations

from pathlib import Path


def hook_folders() -> list[str]:
    """This folder."""
    return [str(Path(__file__).parent)]
