"""OpenSSL in frozen programs: there for an app that needs it, and only then."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from appliance.build import build_binary, make_plan
from appliance.fetching.recipes import load_source
from tests.http.certificates import make_pair
from tests.http.conftest import command_of, end_server, start_server
from tests.http.hands import GET, Speaker
from tests.http.wire import TIMEOUT, Client

APP = '''
import hashlib
import json
import ssl
from pathlib import Path

TLS = tuple(str(Path(__file__).with_name(name)) for name in ("own.pem", "own-key.pem"))


def about(environ, start_response):
    trusted = ssl.create_default_context(cafile=TLS[0])
    return json.dumps({
        "scheme": environ["wsgi.url_scheme"],
        "openssl": ssl.OPENSSL_VERSION.split()[1],
        "authorities": len(trusted.get_ca_certs()),
        "scrypt": hashlib.scrypt(b"word", salt=b"salt", n=16, r=8, p=1).hex(),
        "pbkdf2": hashlib.pbkdf2_hmac("sha256", b"word", b"salt", 10).hex(),
        "digests": {name: hashlib.new(name, b"text").hexdigest() for name in ("md5", "sha1", "sha256", "sha3_256", "blake2b")},
    })


PATHS = [("/", about)]
'''


def inputs(folder: Path) -> dict[str, Any]:
    """What BUILD.json says."""
    found: dict[str, Any] = json.loads((folder / "BUILD.json").read_text())
    return found


def test_a_frozen_app_with_openssl(tmp_path: Path) -> None:
    """It speaks https with files from inside itself, and has all of ssl and hashlib; BUILD.json names the version."""
    pair = make_pair(tmp_path, "own")
    (tmp_path / "secure.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text('[tool.fapws4]\ndata = ["own.pem", "own-key.pem"]\n')
    plan = make_plan(str(tmp_path / "secure.py"), "pc", str(tmp_path / "dist"), 0, False)
    build_binary(plan)
    running = start_server(command_of(plan.binary), tmp_path, None)
    running.context = pair.context()
    with running.client() as client:
        answer = json.loads(client.ask("/").body)
        session = client.socket.session  # type: ignore[attr-defined]
    with Client(running.address) as client:  # by a ticket: OpenSSL's records before ours are others then
        client.socket = running.context.wrap_socket(client.socket, server_hostname="localhost", session=session)
        assert client.socket.session_reused
        assert answer == json.loads(client.ask("/").body)
    with Speaker(running, pair, tmp_path) as client:
        head, _, body = client.ask(client.out.seal(GET.replace(b"/bytes", b"/"))).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer == json.loads(body)
    end_server(running)
    version = load_source("openssl").version
    assert version == inputs(plan.output)["openssl"]
    assert "openssl" in {source["name"] for source in inputs(plan.output)["sources"]}
    assert {
        "scheme": "https",
        "openssl": version,
        "authorities": 1,
        "scrypt": hashlib.scrypt(b"word", salt=b"salt", n=16, r=8, p=1).hex(),
        "pbkdf2": hashlib.pbkdf2_hmac("sha256", b"word", b"salt", 10).hex(),
        "digests": {name: hashlib.new(name, b"text").hexdigest() for name in ("md5", "sha1", "sha256", "sha3_256", "blake2b")},
    } == answer


def test_a_frozen_app_without_openssl(frozen_echo: Path) -> None:
    """An app that needs none has none: BUILD.json says so, and --cert is refused in one line."""
    found = inputs(frozen_echo.parent)
    assert found["openssl"] is None
    assert [] == [source["name"] for source in found["sources"] if "openssl" in source["name"]]
    process = command_of(frozen_echo)("--server", "127.0.0.1:0", "--cert", "cert.pem", "--key", "key.pem")
    said = process.communicate(timeout=TIMEOUT)[1].decode()
    assert 1 == process.returncode
    assert ("fapws4: TLS: OpenSSL is not in this program; assign TLS at the top level of the app's file, "
            "and build it again\n") == said
