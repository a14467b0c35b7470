"""The servers that fapws4 is measured beside: recipes/bench.txt pins them, a virtual environment in the cache holds them."""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from appliance.common.errors import Problem
from appliance.common.places import cache_folder, digest_of, whole_folder
from appliance.common.progress import note, step
from appliance.common.shell import run
from appliance.fetching.preflight import TO_FETCH, require
from appliance.provision import BENCH_PINS
from tests.bench.processes import Server
from tests.bench.servers import APPS, Certificate

PEERS = ("freastal", "bjoern", "fastwsgi")


def peer(name: str, page: str = "hello", extra: Mapping[str, str] = MappingProxyType({}),
         certificate: Certificate | None = None) -> Server:
    """One of PEERS, serving a page of apps/pages.py; of them only freastal knows TLS."""
    files = (certificate.file, certificate.key) if certificate else ()
    return Server(name, (_python(), APPS / "serve_peer.py", name, "{port}", *files), {"BENCH_APP": page, **extra})


@contextlib.contextmanager
def left_out(name: str) -> Iterator[None]:
    """A peer may be absent or fail: that is said, and the others go on."""
    try:
        yield
    except Problem as problem:
        note(f"{name} is left out: {problem}")


def nginx(folder: Path, certificate: Certificate | None = None) -> Server:
    """Debian's nginx: a constant at /, and the files of a folder by sendfile."""
    tls = f"ssl_certificate {certificate.file}; ssl_certificate_key {certificate.key};" if certificate else ""
    (folder / "nginx.template").write_text(_NGINX.format(folder=folder, ssl="ssl" if certificate else "", tls=tls))
    # Its port stands in its configuration only.
    words = 'sed "s/PORT/$1/" "$2/nginx.template" > "$2/nginx.conf" && exec "$0" -e stderr -c "$2/nginx.conf"'
    return Server("nginx", ("sh", "-c", words, _nginx_program(), "{port}", folder))


_NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 12000; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 300; default_type text/plain;
    sendfile on; tcp_nopush on; open_file_cache max=10 inactive=60s;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:PORT backlog=4096 {ssl};
        {tls}
        location / {{ return 200 "Hello World!!"; }}
        location /file {{ root {folder}; }}
    }}
}}
"""


def _nginx_program() -> Path:
    """The program of this machine's Debian, unpacked and not installed: Debian's package would start a server."""
    folder = cache_folder("bench") / "nginx"
    if not folder.exists():
        require(TO_FETCH, "fetching nginx")
        with step("fetch nginx"), whole_folder(folder) as work, tempfile.TemporaryDirectory() as scratch:
            run(["apt-get", "download", "-qq", "nginx"], cwd=Path(scratch), what="apt-get (for nginx)")
            run(["dpkg-deb", "-x", next(Path(scratch).glob("nginx_*.deb")), work], what="unpacking nginx")
    return folder / "usr" / "sbin" / "nginx"


def _python() -> Path:
    return peers_folder() / "bin" / "python"


@functools.cache
def peers_folder() -> Path:
    """The peers' virtual environment, made when it is not there."""
    folder = cache_folder("bench") / f"peers-{digest_of(BENCH_PINS, sys.version)[:16]}"
    if not folder.exists():
        with step("install the peers"), whole_folder(folder) as work:
            run([sys.executable, "-m", "venv", work], what="making the peers' environment")
            run([work / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                 "--require-hashes", "-r", BENCH_PINS], what="pip (for the peers)")
    return folder
