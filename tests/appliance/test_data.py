"""Data files: what is named beside an app goes into the program, in its place; anything else is said by name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.build import Plan, build_binary, make_plan
from appliance.common.places import file_digest
from appliance.packaging.data import data_files
from tests.appliance.cases import contents, problem, written
from tests.appliance.running import errors, invoke, running

APP = '''import glob
import os
from pathlib import Path

from fapws4.views import Staticfile

SITE = Path(__file__).with_name("site")
PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def page(environ, start_response):
    walked = [os.path.join(folder, name) for folder, _, names in os.walk(SITE) for name in names]
    found = [walked, sorted(os.listdir(SITE)), glob.glob(f"{SITE}/*.css"), os.stat(SITE / "a.css").st_size]
    return PAGE + repr(found)


def time(environ, start_response):
    return str(os.stat(SITE / "a.css").st_mtime_ns)


PATHS = [("/site/", Staticfile(str(SITE))), ("/time", time), ("/", page)]
'''
PROJECT = '[project]\nname = "page"\n\n[tool.fapws4]\ndata = ["site", "page.html"]\n'


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app that reads a folder and a file beside it."""
    folder = tmp_path / "app"
    written(folder, "<b>é</b>", "page.html")
    written(folder, "p {}\n", "site/a.css")
    written(folder, "deep\n" * 1000, "site/b c/ü.txt")
    written(folder, "", "site/empty")
    written(folder, "not data", "site/__pycache__/x.pyc")
    written(folder, PROJECT, "pyproject.toml")
    return written(folder, APP).resolve()


def frozen(app: Path, output: Path, *data: str) -> Plan:
    """The app as one program."""
    plan = make_plan(str(app), "pc", str(output), 0, False, data)
    build_binary(plan)
    return plan


def test_the_project_names_data(app: Path) -> None:
    """Folders with all that is in them and files, each once, in the order of their places."""
    expected = ["page.html", "site/a.css", "site/b c/ü.txt", "site/empty"]
    assert expected == [item.place for item in data_files(app)]
    assert expected == [item.place for item in data_files(app, ["site", str(app.parent / "site"), "site/../page.html"])]
    (app.parent / "pyproject.toml").unlink()
    assert [] == list(data_files(app))
    assert ["site/a.css"] == [item.place for item in data_files(app, ["./site/a.css"])]


def test_a_frozen_app_reads_its_data(app: Path, tmp_path: Path) -> None:
    """By open, os.walk, os.listdir, glob, os.stat and Staticfile, at the same place beside the app."""
    plan = frozen(app, tmp_path / "out")
    table = json.loads(plan.description.read_text())["app"]["data"]
    assert {name: file_digest(app.parent / name) for name in table} == table
    assert ["page.html", "site/a.css", "site/b c/ü.txt", "site/empty"] == list(table)
    with running([plan.binary, "--server", "127.0.0.1:0"], tmp_path / "log") as program:
        root = "/appliance/app/site"
        found = [[f"{root}/a.css", f"{root}/empty", f"{root}/b c/ü.txt"], ["a.css", "b c", "empty"], [f"{root}/a.css"], 5]
        assert (200, "<b>é</b>" + repr(found)) == program.get("/")
        assert (200, "deep\n" * 1000) == program.get("/site/b%20c/%C3%BC.txt")
        assert (200, "") == program.get("/site/empty")
        assert 404 == program.get("/site/../page.py")[0]


def test_an_edited_file_is_in_the_next_program(app: Path, tmp_path: Path) -> None:
    """Also one that is new, renamed or gone; the same files give the same bytes whatever order they were made in."""
    plan = frozen(app, tmp_path / "out")
    before = contents(plan.output)
    written(app.parent, "<b>other</b>", "page.html")
    build_binary(plan)
    changed = contents(plan.output)
    assert {"LICENCES.txt", "page.spdx.json"} >= {name for name in before if changed[name] == before[name]}
    written(app.parent, "<b>é</b>", "page.html")
    written(app.parent, "new", "site/new")
    build_binary(plan)
    assert "site/new" in json.loads(plan.description.read_text())["app"]["data"]
    (app.parent / "site/new").unlink()
    os.utime(app.parent / "site/a.css", (1, 1))
    (app.parent / "site/empty").chmod(0o600)
    build_binary(plan)
    assert before == contents(plan.output)


def test_another_content_has_another_time(app: Path, tmp_path: Path) -> None:
    """In its fraction, so that entity tags that frameworks make of time and size change too; the second is always the same."""
    times = []
    for text in ("p {}\n", "b {}\n", "p {}\n"):
        written(app.parent, text, "site/a.css")
        plan = frozen(app, tmp_path / "out")
        with running([plan.binary, "--server", "127.0.0.1:0"], tmp_path / "log") as program:
            times.append(int(program.get("/time")[1]))
    assert times[0] == times[2] != times[1]
    assert {1_700_000_000} == {moment // 10**9 for moment in times}


def test_the_command_takes_more_than_one(app: Path, tmp_path: Path) -> None:
    """`--add-data` may be said again and again."""
    (app.parent / "pyproject.toml").unlink()
    done = invoke("freeze", app, "--output", tmp_path / "out", "--add-data", "site", "--add-data", "page.html")
    assert (0, []) == (done.returncode, errors(done))
    assert 4 == len(json.loads((tmp_path / "out" / "BUILD.json").read_text())["app"]["data"])


def test_data_that_was_forgotten_is_named(app: Path, tmp_path: Path) -> None:
    """An app that reads a file which was left behind is told how to add it, and no program is made."""
    said = problem(lambda: frozen(written(app.parent, APP, "other/page.py"), tmp_path / "out"))
    assert said.endswith("page.py must be importable; mend it")
    written(app.parent, "", "other/page.html")
    said = problem(lambda: frozen(app.parent / "other" / "page.py", tmp_path / "out"))
    assert "other/page.py:8: page.html is beside the app, but not in the program: --add-data page.html, or" in said
    assert not (tmp_path / "out").exists()


def linked(target: str) -> Callable[[Path], None]:
    """Makes site/link lead there."""
    return lambda folder: (folder / "site" / "link").symlink_to(target)


def project(text: str) -> Callable[[Path], object]:
    """Makes this the project's settings."""
    return lambda folder: (folder / "pyproject.toml").write_text(text)


OUTSIDE = "data {} is not inside the app's folder {{0}}: name files and folders that stand in it"
REFUSED = [
    (project('[tool.fapws4]\ndata = ["sites"]'), "data {0}/sites is not there: paths of data begin at the app's folder"),
    (project('[tool.fapws4]\ndata = ["../x"]'), OUTSIDE.format("../x")),
    (project('[tool.fapws4]\ndata = ["/etc/hostname"]'), OUTSIDE.format("/etc/hostname")),
    (project('[tool.fapws4]\ndata = ["."]'), OUTSIDE.format(".")),
    (project('[tool.fapws4]\ndata = [""]'), OUTSIDE.format("(nothing)")),
    (linked("/etc/hostname"), "data {0}/site/link is a link that leads out of the app's folder: put a copy in its place"),
    (linked("../.."), "data {0}/site/link is a link that leads out of the app's folder: put a copy in its place"),
    (linked("../site"), "data {0}/site/link is a link to a folder that it stands in: remove the link"),
    (linked("nothing"), "data {0}/site/link is not there: paths of data begin at the app's folder"),
    (linked("link"), "data {0}/site/link is not there: paths of data begin at the app's folder"),
    (lambda folder: os.mkfifo(folder / "site" / "pipe"), "data {0}/site/pipe is neither a file nor a folder: leave it out"),
    (lambda folder: (folder / "site" / os.fsdecode(b"\xff")).touch(),
     "data '{0}/site/\\udcff' has a name that is not UTF-8: rename it"),
]


@pytest.mark.parametrize(("change", "said"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_data_that_cannot_be_taken(app: Path, tmp_path: Path, change: Callable[[Path], object], said: str) -> None:
    """Before any work starts: what is wrong with which path, and what to do about it."""
    change(app.parent)
    assert f"the {said.format(app.parent)}" == problem(lambda: make_plan(str(app), "pc", str(tmp_path / "out"), 0, False))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tool.fapws4]\ndat = ["site"]', "{0}: unknown key tool.fapws4.dat: the nearest valid key is tool.fapws4.data"),
        ('[tool.fapws4]\ndata = "site"', "{0}: the key tool.fapws4.data must be a list: it is str"),
        ('[tool]\nfapws4 = 3', "{0}: tool.fapws4 must be a section: write it like [tool.fapws4]"),
        ("data = ", "{0} is not TOML: "),
    ],
)
def test_a_project_that_is_wrong(app: Path, text: str, said: str) -> None:
    """The file and the key are named."""
    project(text)(app.parent)
    assert problem(lambda: data_files(app)).startswith(said.format(app.parent / "pyproject.toml"))


def test_links_inside_the_folder_count_as_what_they_lead_to(app: Path) -> None:
    """A file may go by two names."""
    (app.parent / "site" / "first").symlink_to("a.css")
    (app.parent / "site" / "folder").symlink_to("b c")
    places = [item.place for item in data_files(app, ["site"])]
    assert {"site/first", "site/folder/ü.txt"} < set(places)


def test_more_than_a_program_can_hold(app: Path) -> None:
    """Two gigabytes of films are refused before anything is read."""
    with (app.parent / "site" / "film").open("wb") as file:
        file.truncate((1 << 30) + (1 << 20))
    assert "the data of page.py is 1025 MiB, a program holds 1024 MiB: leave the largest files out" == problem(
        lambda: data_files(app)
    )
