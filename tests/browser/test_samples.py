"""The samples as their users see them: in a browser, under this machine's Python and frozen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.webdriver import Browser
from tests.http.conftest import Server, Start


def url_of(server: Server, path: str = "/") -> str:
    """Where a page of a server is."""
    assert not isinstance(server.address, str)
    return f"http://127.0.0.1:{server.address[1]}{path}"


@pytest.mark.parametrize(
    ("name", "path", "shown"),
    [
        ("hello", "/", "Hello World!!"),
        ("iterator", "/primes?below=1000", "991\n997"),
        ("timer", "/", "visits before this one: 0"),
    ],
)
def test_pages_of_text(browser: Browser, sample: Start, name: str, path: str, shown: str) -> None:
    """A text comes as it is, also one that is made while it is sent."""
    browser.open(url_of(sample(name), path))
    assert shown in browser.find("body").text()


def test_a_static_site(browser: Browser, sample: Start) -> None:
    """The style sheet and the picture are taken for what they are, a folder's link leads to its index."""
    browser.open(url_of(sample("static")))
    assert "A static site" == browser.title()
    assert "rgba(192, 192, 192, 1)" == browser.find("h1").style("border-bottom-color")
    assert 0 != browser.find("img").value("naturalWidth")
    browser.find("//a[.='documents']").click()
    assert "Documents" == browser.find("//h1[.='Documents']").text()
    assert "rgba(192, 192, 192, 1)" == browser.find("h1").style("border-bottom-color")


def test_forms_and_an_upload(browser: Browser, sample: Start, tmp_path: Path) -> None:
    """The session greets by name, also after a reload; two files are sent and counted."""
    page = url_of(sample("forms"))
    browser.open(page)
    assert "We have not met." == browser.find("#greeting").text()
    browser.find("input[name=name]").type("<i>J\u00fcrgen")
    browser.find("//button[.='Say hello']").click()
    browser.find("//p[.='Hello <i>J\u00fcrgen!']")
    browser.reload()
    assert "Hello <i>J\u00fcrgen!" == browser.find("#greeting").text()
    assert "<i>J\u00fcrgen" == browser.find("input[name=name]").value("value")
    files = [tmp_path / "first.txt", tmp_path / "zw\u00f6lf <b>.bin"]
    files[0].write_text("one\n")
    files[1].write_bytes(bytes(range(256)) * 4096)
    browser.find("input[name=title]").type("Two files")
    browser.find("input[type=file]").type("\n".join(map(str, files)))
    browser.find("//button[.='Upload']").click()
    assert "Two files" == browser.find("//h1[.='Two files']").text()
    said = browser.find("ul").text().splitlines()
    assert ["first.txt: 4 bytes of text/plain", "zw\u00f6lf <b>.bin: 1048576 bytes of application/octet-stream"] == said


def test_a_page_of_the_wiki(browser: Browser, sample: Start, tmp_path: Path) -> None:
    """A page is named, written, shown, found in the list, changed; its text is text and its links are links."""
    start = url_of(sample("wiki", tmp_path / "pages"))
    browser.open(start)
    browser.find("input[name=new]").type("Home")
    browser.find("//button[.='New page']").click()
    browser.find("textarea").type("first line\n<script>alert(1)</script> [[Other]]")
    browser.find("form button").click()
    assert "first line\n<script>alert(1)</script> Other" == browser.find("div.text").text()
    assert "pre-wrap" == browser.find("div.text").style("white-space")
    browser.find("//a[.='Edit']").click()
    browser.find("textarea").type("\nlast line")
    browser.find("form button").click()
    assert "last line" == browser.find("//div[contains(., 'last line')]").text().splitlines()[-1]
    browser.find("//a[.='Pages']").click()
    browser.find("//li/a[.='Home']").click()
    browser.find("//a[.='Other']").click()
    assert "Edit Other" == browser.find("//h1[.='Edit Other']").text()


def test_a_message_reaches_every_tab(browser: Browser, sample: Start) -> None:
    """What is said on one page is on all that are open at once, without a reload; a page that is closed is no hindrance."""
    page = url_of(sample("sse"))
    browser.open(page)
    first = browser.tab()
    browser.find("//output[.='connected']")
    second = browser.open_tab()
    browser.open(page)
    browser.find("//output[.='connected']")
    say(browser, "from the second, <b>to all</b>")
    browser.find("//li[.='from the second, <b>to all</b>']")
    browser.switch(first)
    browser.find("//li[.='from the second, <b>to all</b>']")
    say(browser, "from the first")
    browser.find("//li[.='from the first']")
    browser.switch(second)
    browser.find("//li[.='from the first']")
    assert 2 == browser.count("#messages li")
    browser.close_tab()
    browser.switch(first)
    say(browser, "alone")
    browser.find("//li[.='alone']")
    assert 3 == browser.count("#messages li")


def test_a_serial_port_in_a_page(browser: Browser, sample: Start) -> None:
    """Lines appear as they come, as text, without a reload; what is typed goes out; a port that has gone is said."""
    ours, theirs = os.openpty()
    port = os.ttyname(theirs)
    os.close(theirs)
    browser.open(url_of(sample("gateway", port)))
    browser.find(f"//output[.='connected to {port}']")
    os.write(ours, b"21.5 <b>degrees</b>\r\n")
    browser.find("//li[.='21.5 <b>degrees</b>']")
    say(browser, "heat on")
    assert b"heat on\r\n" == os.read(ours, 100)
    os.close(ours)
    browser.find(f"//output[.='waiting for {port}']")
    browser.reload()
    assert "21.5 <b>degrees</b>" == browser.find("#lines li").text()


def say(browser: Browser, text: str) -> None:
    """Sends a message with the form of the page."""
    browser.find("input[name=text]").type(text)
    browser.find("//button[.='Send']").click()


def test_the_guest_book(browser: Browser, sample: Start) -> None:
    """Flask's form, its message that is shown once, its style sheet; what a guest writes is text."""
    browser.open(url_of(sample("wsgi-flask")))
    assert 0 == browser.count("#notes li")
    browser.find("input[name=name]").type("J\u00fcrgen")
    browser.find("textarea").type("<b>here</b>")
    browser.find("//button[.='Sign']").click()
    message = browser.find("//p[.='Thank you, J\u00fcrgen!']")
    assert "rgba(230, 240, 255, 1)" == message.style("background-color")
    assert "J\u00fcrgen: <b>here</b>" == browser.find("#notes li").text()
    browser.reload()
    assert (0, 1) == (browser.count(".message"), browser.count("#notes li"))


def test_the_shelf(browser: Browser, sample: Start) -> None:
    """Django's admin with its styles and scripts: who signs in puts a book on the shelf, which everybody sees."""
    running = sample("wsgi-django")
    browser.open(url_of(running, "/admin/"))
    browser.find("input[name=username]").type("admin")
    browser.find("input[name=password]").type(running.logged().partition("with the password ")[2].splitlines()[0])
    browser.find("input[type=submit]").click()
    browser.find("//tr[@class='model-book']//a[contains(@class, 'addlink')]").click()
    browser.find("input[name=title]").type("<Faust>")
    browser.find("input[name=author]").type("J. W. v. Goethe")
    browser.find("input[name=_save]").click()
    browser.find("//a[.='<Faust>']")  # first: every page of the admin has a container, the one that is left too
    assert "flex" == browser.find("#container").style("display")
    browser.find("//a[.='View site']").click()
    assert "<Faust>, J. W. v. Goethe" == browser.find("#books li").text()
