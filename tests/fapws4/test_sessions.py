"""Sessions: remembered for their time, out of reach of everyone else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fapws4.session_stores import DictStore, FileStore
from fapws4.sessions import Session, cookie_values, create_id, is_id
from tests.fapws4.conftest import Answer, ask
from tests.http.conftest import Server

ID = "0123456789abcdef" * 2


def test_a_record_is_all_that_a_session_needs() -> None:
    """Session works on any dict-like record, as in fapws3."""
    record: dict[str, Any] = {}
    session = Session(record)
    assert (None, None, True) == (session.getid(), session.getdata(), session.is_expired())
    assert session.newid() == session.getid() == record["sessionid"]
    session.setdata({"n": [1, "\u00e9", None]})
    assert {"n": [1, "\u00e9", None]} == Session(record).getdata()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", record["expiration_date"])


def test_a_record_may_have_its_own_form() -> None:
    """The date's format and what becomes of the text are the app's to choose."""
    record: dict[str, Any] = {}
    Session(record, datetime_fmt="%d.%m.%Y", prepare_data=str.upper).setdata("x")
    assert '"X"' == record["strdata"]
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4}", record["expiration_date"])


@pytest.mark.parametrize("date", ["1994-11-06 08:49:37", "never", "", None, 5])
def test_expired_sessions_have_no_data(date: object) -> None:
    """What is over, or has no legible date, is not given out."""
    session = Session({"sessionid": ID, "strdata": "1", "expiration_date": date})
    assert (True, None) == (session.is_expired(), session.getdata())


def test_a_session_ends_after_its_time() -> None:
    """max_age counts from the last setdata()."""
    session = Session({}, max_age=0)
    session.setdata("x")
    assert session.getdata() is None


def test_data_is_json() -> None:
    """Nothing that could run code is stored."""
    with pytest.raises(TypeError):
        Session({}).setdata(object())


def test_ids_are_random() -> None:
    """128 bits, never the same."""
    ids = {create_id() for _ in range(1000)}
    assert 1000 == len(ids)
    assert all(is_id(name) and len(name) * 4 == 128 for name in ids)


@pytest.mark.parametrize(
    "text", ["", "x", ID[1:], f"{ID}0", ID.upper(), "../" + ID[3:], f"{ID[1:]}/", f"{ID[1:]}\n", "\u0660" * 32]
)
def test_other_texts_are_no_ids(text: str) -> None:
    """A cookie cannot name a file, nor anything that the server did not make."""
    assert not is_id(text)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("", []),
        ("a=1", ["1"]),
        ("b=2; a=1", ["1"]),
        ("a=1;a=2", ["1", "2"]),
        ('a="1"', ["1"]),
        ("a=1=2", ["1=2"]),
        ("a", [""]),
        ("aa=1; A=2; =3", []),
    ],
)
def test_cookies_are_found(field: str, values: list[str]) -> None:
    """All values of the name count, since paths can give a client several."""
    assert values == cookie_values(field, "a")


@pytest.mark.parametrize("make", [lambda _: DictStore(), lambda folder: FileStore(str(folder / "s"))])
def test_stores_keep_records(make: Callable[[Path], Any], tmp_path: Path) -> None:
    """Both stores keep, replace and forget; what they give out is the reader's own."""
    store = make(tmp_path)
    assert store.get(ID) is None
    store[ID] = {"strdata": "1"}
    store[ID] = {"strdata": "2"}
    found = store.get(ID)
    assert {"strdata": "2"} == found
    assert found is not None
    found["strdata"] = "3"
    assert {"strdata": "2"} == store.get(ID)
    store.pop(ID)
    store.pop(ID)
    assert store.get(ID) is None


def test_memory_is_limited() -> None:
    """The session that was not used for the longest time makes room."""
    store = DictStore(limit=2)
    for name in ("a", "b", "a", "c"):
        store[name] = {}
    assert (None, {}, {}, 2) == (store.get("b"), store.get("a"), store.get("c"), len(store))


def test_files_are_private_and_whole(tmp_path: Path) -> None:
    """Only the server's user can read them, and nothing unfinished stays."""
    store = FileStore(str(tmp_path / "s"))
    store[ID] = {"strdata": "1"}
    (file,) = (tmp_path / "s").iterdir()
    assert (0o600, 0o700) == (file.stat().st_mode & 0o777, (tmp_path / "s").stat().st_mode & 0o777)
    with pytest.raises(TypeError):
        store[ID] = {"strdata": object()}
    assert [file] == list((tmp_path / "s").iterdir())
    assert {"strdata": "1"} == FileStore(str(tmp_path / "s")).get(ID)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"\xff\xfe", b"\0" * 100])
def test_damaged_files_are_no_sessions(tmp_path: Path, content: bytes) -> None:
    """A record that was lost with the power begins anew."""
    (tmp_path / f"{ID}.json").write_bytes(content)
    assert FileStore(str(tmp_path)).get(ID) is None


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a.b", "a\0b"])
def test_names_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    """A name that is no id never becomes a path."""
    store = FileStore(str(tmp_path))
    assert store.get(name) is None
    with pytest.raises(ValueError, match="no session id"):
        store[name] = {}


def test_old_files_are_removed(tmp_path: Path) -> None:
    """Sessions that nobody uses do not fill the disk; other files are not touched."""
    for name in (f"{ID}.json", f"{ID}.json.1234.part", "readme.txt"):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (1, 1))
    store = FileStore(str(tmp_path))
    store["new"] = {}
    assert ["new.json", "readme.txt"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.fixture(scope="module", params=["dict", "file"])
def site(
    app_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Server:
    """A server with sessions in memory, and one with files."""
    folder = [tmp_path_factory.mktemp("sessions")] if request.param == "file" else []
    return app_server("counted", *folder)


def id_of(answer: Answer) -> str:
    """The id in the cookie that an answer sets."""
    found = re.match(r"session=([0-9a-f]{32}); ", answer.headers["set-cookie"])
    assert found is not None
    return found[1]


def test_a_client_is_recognised(site: Server) -> None:
    """The cookie brings the data back; scripts and other sites cannot use it."""
    first = ask(site, "/count")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=864000"} <= set(first.headers["set-cookie"].split("; "))
    cookie = {"Cookie": f"other=1; session={id_of(first)}"}
    assert [b"1", b"2", b"3"] == [first.body, ask(site, "/count", cookie).body, ask(site, "/count", cookie).body]
    assert b"1" == ask(site, "/count").body


def test_looking_makes_no_session(site: Server) -> None:
    """Without data nothing is stored and no cookie set."""
    found = ask(site, "/look")
    assert (b"None", False) == (found.body, "set-cookie" in found.headers)


@pytest.mark.parametrize("value", [ID, "", "../../etc/passwd", "x" * 5000, '"', "%00", f'"{ID}"'])
def test_a_client_cannot_choose_its_id(site: Server, value: str) -> None:
    """An id that the server did not make is never taken over."""
    found = ask(site, "/count", {"Cookie": f"session={value}"})
    assert (b"1", True) == (found.body, id_of(found) not in value + ID)


def test_a_login_changes_the_id(site: Server) -> None:
    """The data moves to the new id; who knew the old one has nothing."""
    old = id_of(ask(site, "/count"))
    new = id_of(ask(site, "/login", {"Cookie": f"session={old}"}))
    assert new != old
    assert b"{'n': 1}" == ask(site, "/look", {"Cookie": f"session={new}"}).body
    assert b"None" == ask(site, "/look", {"Cookie": f"session={old}"}).body


def test_a_logout_forgets(site: Server) -> None:
    """The session is gone, on the server and in the client."""
    name = id_of(ask(site, "/count"))
    gone = ask(site, "/logout", {"Cookie": f"session={name}"})
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert b"None" == ask(site, "/look", {"Cookie": f"session={name}"}).body
