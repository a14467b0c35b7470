"""The servers that are measured: fapws4 on this machine's Python and frozen, and the bare C limit; peers.py has the others."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.build import build_binary, cores, make_plan
from appliance.common.places import REPOSITORY, cache_folder
from appliance.common.shell import run
from appliance.fetching.preflight import require
from appliance.host import build_host, install
from tests.bench.compiled import bare_program
from tests.bench.processes import Server

APPS = Path(__file__).parent / "apps"
_ANY = ("--server", "127.0.0.1:0")


@dataclass(frozen=True)
class Certificate:
    """Two PEM files."""

    file: Path
    key: Path


def certificate(folder: Path) -> Certificate:
    """A certificate for one run, signed by itself: an elliptic key, as most sites have."""
    require({"openssl": "openssl"}, "a certificate")
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-out", made.file, "-keyout", made.key], what="making a certificate")
    return made


def with_tls(server: Server, certificate: Certificate) -> Server:
    """fapws4, serving https."""
    return replace(server, command=(*server.command, "--cert", certificate.file, "--key", certificate.key))


def fapws4(app: str, page: str = "hello", **extra: str) -> Server:
    """`fapws4 app.py` as it is installed; ``app`` is a file of apps/ or samples/hello, ``page`` one of pages.py."""
    return Server("fapws4", (build_host(cores()), _file(app), *_ANY),
                  {"PYTHONPATH": str(REPOSITORY), "VIRTUAL_ENV": sys.prefix, "BENCH_APP": page, **extra})


def installed(app: str, prefix: Path) -> Server:
    """`fapws4 app.py` after `invoke install` below ``prefix``, with the package that it brings."""
    install(prefix, cores())
    return Server("fapws4, installed", (prefix / "bin" / "fapws4", _file(app), *_ANY), {"VIRTUAL_ENV": sys.prefix})


def frozen(app: str, page: str = "hello", **extra: str) -> Server:
    """The same, frozen into one static program."""
    file = _file(app)
    plan = make_plan(str(file), "pc", str(cache_folder("bench", f"frozen-{app}")), 0, False, formats=())
    build_binary(plan)
    return Server("fapws4, frozen", (plan.binary, *_ANY), {"BENCH_APP": page, **extra})


def bare(file: Path | None = None) -> Server:
    """libuv and picohttpparser answering a constant: what cannot be gone below."""
    return Server("bare C", (bare_program(), *([file] if file else [])))


def _file(app: str) -> Path:
    return REPOSITORY / "samples" / "hello" / "hello.py" if app == "hello" else APPS / f"{app}.py"
