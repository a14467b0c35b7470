"""What the kernel says of the machine, from files as it writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fapws4.manager import readings

MEMORY = "MemTotal:         60000 kB\nMemFree:  1 kB\nMemAvailable:     39000 kB\nHugePages_Total:       0\n"


@pytest.fixture
def kernel(tmp_path: Path) -> str:
    """A folder with such files."""
    (tmp_path / "loadavg").write_text("0.07 1.12 12.20 1/90 1234\n")
    (tmp_path / "meminfo").write_text(MEMORY)
    for name, kind, value in (("thermal_zone0", "cpu\n", "41500\n"), ("thermal_zone1", "", "-2000\n"),
                              ("thermal_zone2", "broken\n", "\n"), ("cooling_device0", "fan\n", "1\n")):
        zone = tmp_path / "class" / "thermal" / name
        zone.mkdir(parents=True)
        (zone / "type").write_text(kind)
        (zone / "temp").write_text(value)
    return str(tmp_path)


def test_numbers_of_the_kernel(kernel: str) -> None:
    """Load, memory in bytes, and the sensors that say something."""
    assert [0.07, 1.12, 12.2] == readings.load(kernel)
    assert {"total": 60000 * 1024, "free": 39000 * 1024} == readings.memory(kernel)
    assert [{"name": "cpu", "celsius": 41.5}, {"name": "thermal_zone1", "celsius": -2.0}] == readings.temperatures(kernel)


def test_what_is_not_there(tmp_path: Path) -> None:
    """A machine without sensors, and without a file system to look at."""
    nowhere = str(tmp_path / "nowhere")
    assert ([], []) == (readings.load(nowhere), readings.temperatures(nowhere))
    assert {"total": 0, "free": 0} == readings.memory(nowhere) == readings.room(nowhere)
    assert 0 == readings.used_below(nowhere)


def test_what_an_app_has_is_counted_without_following_links(tmp_path: Path) -> None:
    """Blocks of files and folders; what a link leads to is somebody else's."""
    (tmp_path / "app" / "deep").mkdir(parents=True)
    (tmp_path / "large").write_bytes(b"x" * (1 << 20))
    before = readings.used_below(str(tmp_path / "app"))
    (tmp_path / "app" / "deep" / "link").symlink_to(tmp_path / "large")
    (tmp_path / "app" / "deep" / "file").write_bytes(b"x" * 65536)
    assert 65536 <= readings.used_below(str(tmp_path / "app")) - before < 1 << 20
