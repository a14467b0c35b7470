"""A real browser, told what to do over the WebDriver protocol (W3C): JSON over HTTP to chromedriver, which starts Chromium.

Both come from the system's packages. Waiting is the browser's: `find` returns once the element is there.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Seconds until an element that does not come, or a page that does not load, fails a test. The first page of a device that is
# emulated beside other work may need 30.
TIMEOUT = 120

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to references to elements

# No name but that of this machine is known to the browser, and it asks nobody for anything by itself.
_ARGUMENTS = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
              "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
              "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]


class Refused(Exception):
    """The browser could not do what it was told."""


@dataclass(frozen=True)
class Element:
    """One element of the page that is open."""

    browser: Browser
    number: str

    def click(self) -> None:
        """As with the mouse. A page that this leads to may still be on its way; `Browser.press` waits for it."""
        self.browser.tell("POST", f"/element/{self.number}/click", {})

    def type(self, text: str) -> None:
        """As with the keyboard; into a field for files, their paths."""
        self.browser.tell("POST", f"/element/{self.number}/value", {"text": text})

    def text(self) -> str:
        """What a reader sees."""
        return str(self.browser.tell("GET", f"/element/{self.number}/text"))

    def style(self, name: str) -> str:
        """A property of CSS as it is in force, such as "color"."""
        return str(self.browser.tell("GET", f"/element/{self.number}/css/{name}"))

    def value(self, name: str) -> object:
        """A property of the element, such as "value" or "naturalWidth"."""
        return self.browser.tell("GET", f"/element/{self.number}/property/{name}")


class Browser:
    """One window of the browser with its tabs."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.session = ""
        root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox is not for root
        wanted = {"goog:chromeOptions": {"args": [*_ARGUMENTS, *root]},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                  "acceptInsecureCerts": True,  # a device vouches for itself
                  "timeouts": {"implicit": TIMEOUT * 1000, "pageLoad": TIMEOUT * 1000, "script": TIMEOUT * 1000}}
        made = self.tell("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/{made['sessionId']}"
        self.process = int(made["capabilities"]["goog:processID"])

    def tell(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One command of the protocol."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3 * TIMEOUT)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/session{self.session}{path}", text)
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise Refused(f"{path}: {value['error']}: {value['message']}")
        return value

    def open(self, url: str) -> None:
        """Returns once the page has loaded."""
        self.tell("POST", "/url", {"url": url})

    def reload(self) -> None:
        """The page once more."""
        self.tell("POST", "/refresh", {})

    def title(self) -> str:
        """Of the page."""
        return str(self.tell("GET", "/title"))

    def find(self, where: str) -> Element:
        """The first element of that XPath (beginning with a slash) or CSS selector, waited for."""
        using = "xpath" if where.startswith("/") else "css selector"
        try:
            return Element(self, self.tell("POST", "/element", {"using": using, "value": where})[_ELEMENT])
        except Refused as refused:
            raise Refused(f"{refused}\n{self._shown()}") from refused

    def press(self, where: str) -> None:
        """Clicks what leads to another page, or puts other content into this one; returns once what was there is gone. A page
        that is opened before that may be replaced by the one that the click leads to."""
        pressed = self.find(where)
        self.tell("POST", "/execute/sync", {"script": "document.querySelector('main').dataset.before = ''", "args": []})
        pressed.click()
        self.find("main:not([data-before])")

    def _shown(self) -> str:
        """Where the browser is, and what a reader sees there."""
        return str(self.tell("POST", "/execute/sync", {
            "script": "return `${location.href}: ${document.title}\\n${document.body?.innerText}`", "args": []}))

    def count(self, selector: str) -> int:
        """How many elements of that CSS selector there are just now."""
        script = "return document.querySelectorAll(arguments[0]).length"
        return int(self.tell("POST", "/execute/sync", {"script": script, "args": [selector]}))

    def active(self) -> Element:
        """The element that has the keyboard."""
        return Element(self, self.tell("GET", "/element/active")[_ELEMENT])

    def emulate(self, **features: str) -> None:
        """What the person prefers, such as prefers_color_scheme="dark"; nothing: as ever, on a screen as ever."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self._devtools("Emulation.setEmulatedMedia", features=wanted)
        self._devtools("Emulation.clearDeviceMetricsOverride")

    def scripts(self, on: bool) -> None:
        """Whether pages may run scripts, from the next one on."""
        self._devtools("Emulation.setScriptExecutionDisabled", value=not on)

    def result(self, script: str) -> Any:
        """What a script gives to the function that is its last argument."""
        return self.tell("POST", "/execute/async", {"script": script, "args": []})

    def picture(self, width: int, height: int) -> bytes:
        """The page from its top, as a PNG of that size."""
        self._devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        shown = base64.b64decode(self.tell("GET", "/screenshot"))
        self._devtools("Emulation.clearDeviceMetricsOverride")
        return shown

    def narrow(self, width: int) -> None:
        """As on a screen of that many pixels from left to right, until the next picture or `emulate`."""
        self._devtools("Emulation.setDeviceMetricsOverride", width=width, height=640, deviceScaleFactor=1, mobile=False)

    def _devtools(self, command: str, **parameters: object) -> None:
        self.tell("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def tab(self) -> str:
        """The handle of the tab that commands go to."""
        return str(self.tell("GET", "/window"))

    def open_tab(self) -> str:
        """A new tab, which commands go to from now on; its handle."""
        handle = str(self.tell("POST", "/window/new", {"type": "tab"})["handle"])
        self.switch(handle)
        return handle

    def switch(self, handle: str) -> None:
        """Commands go to that tab from now on."""
        self.tell("POST", "/window", {"handle": handle})

    def close_tab(self) -> None:
        """Closes the tab; `switch` to another one then."""
        self.tell("DELETE", "/window")

    def forget(self) -> None:
        """No cookies, nothing kept, nothing logged."""
        for command in ("Network.clearBrowserCookies", "Network.clearBrowserCache"):
            self._devtools(command)
        self.complaints()
        self.requests()

    def complaints(self) -> list[str]:
        """What has gone to the console since the last call."""
        return [f"{entry['level']} {entry['message']}" for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """The URLs that have been asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        return list(self.tell("POST", "/se/log", {"type": kind}))


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Chromium and its driver, with a home of their own, and gone with all their processes when the block ends."""
    # In /tmp, since a socket's path inside must be short; the browser's helpers may still write while they end.
    with tempfile.TemporaryDirectory(prefix="browser", ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "HOME": home, "TMPDIR": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        driver = subprocess.Popen(["chromedriver", "--port=0"], env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            assert driver.stdout is not None
            said = next(line for line in driver.stdout if "started successfully" in line)
            with _ended(Browser(int(re.findall(r"port (\d+)", said)[0]))) as browser:
                yield browser
        finally:
            driver.terminate()
            driver.communicate(timeout=TIMEOUT)


@contextlib.contextmanager
def _ended(browser: Browser) -> Iterator[Browser]:
    """Asks the browser to end when the block does, waits for that, and kills it when it will not."""
    process = os.pidfd_open(browser.process)
    try:
        yield browser
    finally:
        with contextlib.suppress(Refused, OSError):
            browser.tell("DELETE", "")
        if not select.select([process], [], [], TIMEOUT)[0]:
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
