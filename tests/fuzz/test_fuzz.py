"""However a client's bytes are cut, and however little of each write is taken, the answer is the same.

The harness (session.c) delivers every input twice, at once and in the pieces that the input asks for, and compares what was
answered and how it ended; it also notices a connection that hangs, stays open or keeps what the handler gave it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from appliance.common.places import cache_folder
from appliance.imaging.keys import PrivateKey
from tests.core_update import Slot, manifest_of, packed

HANGS = 120  # seconds after which one input hangs, and is no victim of a busy machine; they take milliseconds
FORKING = ("sh", "-c", '"$@"; exit', "sh")  # libFuzzer limits the peak of memory, which exec() keeps: pytest's would count
SECONDS = 60  # that libFuzzer goes on looking; what it finds of new ways through the code is kept for its next run


def ended(command: list[str | Path]) -> str:
    """What a program says that ends well; otherwise its last words are the failure's."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode("utf-8", "backslashreplace")
    assert 0 == done.returncode, said[-8000:]
    return said


def test_every_case_in_two_pieces(replay: Path, seeds: Path) -> None:
    """Each case of tests/http, cut in two at every place, is answered as it is in one piece."""
    files = sorted(seeds.iterdir())
    assert len(files) == ended([replay, "--splits", *files]).count("replay: ")


def looked_for(program: Path, again: Path, name: str, seeds: Path, seconds: int) -> None:
    """libFuzzer finds nothing in ``seconds``. ``again`` runs a found input once more; ``name`` is a folder of the cache."""
    corpus, found = cache_folder(name, "corpus"), cache_folder(name, "found")
    command: list[str | Path] = [
        program, f"-max_total_time={seconds}", "-max_len=4096", f"-timeout={HANGS}", f"-artifact_prefix={found}/",
        "-print_final_stats=1", corpus, seeds,
    ]
    done = subprocess.run([*FORKING, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode("utf-8", "backslashreplace")
    written = re.findall(r"Test unit written to (\S+)", said)
    assert (0, []) == (done.returncode, written), "\n".join(
        [said[-6000:], *(f"what was found runs again by: {again} {file}" for file in written)]
    )
    runs = re.search(r"^stat::number_of_executed_units: (\d+)", said, re.MULTILINE)
    assert runs, said[-2000:]
    assert int(runs[1]) > len(list(seeds.iterdir()))


def test_fuzzer(fuzzer: Path, replay: Path, seeds: Path) -> None:
    """libFuzzer finds nothing, beginning with the cases and with what it found in earlier runs."""
    looked_for(fuzzer, replay, "fuzz", seeds, SECONDS)


def test_bundles(bundle_fuzzer: Path, tmp_path: Path) -> None:
    """Whatever a bundle holds, it is judged the same in any pieces, and nothing is handed out beyond its manifest."""
    small = Slot([("volume0", 0, b"v" * 20), ("binary", 20, bytes(range(200))), ("kernel", 512, b"k" * 90)], 1024)
    key, other = PrivateKey(b"1" * 32), PrivateKey(b"2" * 32)
    manifests = [manifest_of(small, [key]), manifest_of(small, [key, other], 2, settings=""), small.lines.encode(), b""]
    for number, manifest in enumerate(manifests):
        data = packed(small, manifest, [key, other][: number + 1])
        for wanted in (0xFF, 0x02):
            (tmp_path / f"{number}-{wanted}").write_bytes(bytes([6, wanted]) + data)
    looked_for(bundle_fuzzer, bundle_fuzzer, "fuzz-bundle", tmp_path, SECONDS // 4)


def test_the_local_network(network_fuzzer: Path, tmp_path: Path) -> None:
    """Whatever a DHCP server, a neighbour's ARP, multicast DNS or a time server says, nothing is read behind it."""
    question = b"\0\7\0\0\0\1\0\0\0\0\0\0\5hello\5local\0\0\xff\0\1"
    record = b"\xc0\x0c\0\1\x80\1\0\0\0\x78\0\4\x0a\0\0\1"
    offer = bytes([2, 1, 6, 0]) + bytes(232) + bytes([99, 130, 83, 99, 53, 1, 2, 54, 4, 10, 0, 2, 2, 51, 4, 0, 0, 0, 60, 255])
    claim = bytes([0, 1, 8, 0, 6, 4, 0, 1]) + bytes(range(20))
    moment = b"\xea\0\0\0" + bytes(4)  # in 2024
    time = b"\x24\2\6\xec" + bytes(8) + b"\x0a\0\0\1" + moment + b"\0\0\0\0\0\0\0\1" + moment * 2
    for number, (which, packet) in enumerate([(4, time), (4, time[:1] + b"\0" + time[2:12] + b"RATE" + time[16:]),
                                              (3, question), (3, question[:2] + b"\x84" + question[3:] + record),
                                              (0, offer), (2, claim), (1, b"\x45" + bytes(27))]):
        (tmp_path / str(number)).write_bytes(bytes([which, (len(packet) + 1) // 2]) + packet)
    looked_for(network_fuzzer, network_fuzzer, "fuzz-network", tmp_path, SECONDS // 4)


def test_sessions(session_fuzzer: Path, tmp_path: Path) -> None:
    """Whatever a client sends, no slot becomes startable that is not whole."""
    small = Slot([("volume0", 0, b"v" * 20), ("binary", 20, bytes(range(200))), ("kernel", 512, b"k" * 90)], 1024)
    key = PrivateKey(b"1" * 32)
    data = packed(small, manifest_of(small, [key]), [key])
    wanted = data[: -sum(len(part) for _, _, part in small.parts)] + small.parts[0][2] + small.parts[1][2]
    for number, (mode, sent) in enumerate([(0, wanted), (1, data), (2, data), (5, data), (1, data[:-1]), (1, data + b"x")]):
        (tmp_path / str(number)).write_bytes(bytes([mode]) + sent)
    looked_for(session_fuzzer, session_fuzzer, "fuzz-session", tmp_path, SECONDS // 4)
