"""A serial port in a page: lines are shown as they come, and sent. Run it with `fapws4 samples/gateway/gateway.py [PORT]`.

On a device the port is that of the first USB adapter, which may be put in and pulled while the app runs. Here another one can
be named, if you may open it; as long as there is none, the page says so and waits.
"""

import contextlib
import os
import sys
import termios
import tty
from collections import deque
from html import escape

import fapws4
from fapws4.base import Environ, Start_response

DEVICES = ["/dev/ttyUSB*"]

PORT = sys.argv[1] if len(sys.argv) > 1 else "/dev/ttyUSB0"
SPEED = termios.B9600
LONGEST = 200  # characters of a line

LISTENERS: set[fapws4.Stream] = set()
LINES: deque[str] = deque(maxlen=50)

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Serial port</title>
<h1>Serial port</h1>
<p><output>$state</output></p>
<form method="post" action="/send">
<label>Line <input name="text" maxlength="200"></label> <button>Send</button>
</form>
<ol id="lines" aria-live="polite">$lines</ol>
<script>
const source = new EventSource("/events");  // connects again by itself
source.addEventListener("state", event => { document.querySelector("output").value = event.data; });
source.onmessage = event => {
    const item = document.createElement("li");
    item.textContent = event.data;
    document.getElementById("lines").append(item);
};
document.forms[0].onsubmit = event => {  // sent without leaving the page
    event.preventDefault();
    fetch("/send", {method: "POST", body: new URLSearchParams(new FormData(event.target)), redirect: "manual"});
    event.target.reset();
};
</script>
</html>
"""


class Port:
    """The serial port, whether it is there or not. Never waits for it: the server's own thread reads and writes."""

    def __init__(self) -> None:
        self.state = f"waiting for {PORT}"
        self._descriptor = -1
        self._begun = b""  # of a line

    def turn(self) -> None:
        """Called by the timer: open the port if it is there, and show what has come."""
        if self._descriptor < 0:
            self._open()
        if self._descriptor >= 0:
            self._read()

    def send(self, text: str) -> None:
        """One line to the other side; dropped when nobody takes it."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):  # the next turn sees why
                os.write(self._descriptor, text.encode() + b"\r\n")

    def _open(self) -> None:
        try:
            descriptor = os.open(PORT, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except FileNotFoundError:
            self._say(f"waiting for {PORT}")
            return
        except OSError as error:
            self._say(f"{PORT}: {error.strerror}")
            return
        try:
            tty.setraw(descriptor)
            settings = termios.tcgetattr(descriptor)
            settings[4] = settings[5] = SPEED
            termios.tcsetattr(descriptor, termios.TCSANOW, settings)
        except termios.error as error:
            os.close(descriptor)
            self._say(f"{PORT}: {error.args[-1]}")
        else:
            self._descriptor = descriptor
            self._say(f"connected to {PORT}")

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the adapter was pulled: there is no more
            try:
                while more := os.read(self._descriptor, 4096):
                    self._take(more)
            except BlockingIOError:  # no more for now
                return
        # As long as it is open its name is not free, and the next one would be /dev/ttyUSB1.
        os.close(self._descriptor)
        self._descriptor, self._begun = -1, b""
        self._say(f"waiting for {PORT}")

    def _take(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            text = "".join(letter for letter in line.decode(errors="replace") if letter.isprintable())[:LONGEST]
            LINES.append(text)
            tell(f"data: {text}\n\n")
        self._begun = self._begun[-LONGEST:]

    def _say(self, state: str) -> None:
        if state != self.state:
            self.state = state
            tell(f"event: state\ndata: {state}\n\n")


def give(stream: fapws4.Stream, event: str) -> None:
    """A page that does not take what is sent to it is let go."""
    try:
        stream.write(event)
    except (BufferError, BrokenPipeError):
        LISTENERS.discard(stream)
        stream.close()


def tell(event: str) -> None:
    """To every open page."""
    for stream in list(LISTENERS):
        give(stream, event)


def events(environ: Environ, start_response: Start_response) -> fapws4.Stream:
    """What comes from now on, as it comes."""
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
    stream = fapws4.Stream(on_gone=lambda: LISTENERS.discard(stream))
    LISTENERS.add(stream)
    stream.write(f"event: state\ndata: {SERIAL.state}\n\n")
    return stream


def send(environ: Environ, start_response: Start_response) -> str:
    """A line for the other side."""
    SERIAL.send(" ".join(environ["fapws.params"].get("text", [""])[0].split())[:LONGEST])
    start_response("303 See Other", [("Location", "/")])
    return ""


def page(environ: Environ, start_response: Start_response) -> str:
    """What has come so far."""
    lines = "".join(f"<li>{escape(line)}" for line in LINES)
    return PAGE.replace("$state", escape(SERIAL.state)).replace("$lines", lines)


SERIAL = Port()
fapws4.add_timer(0.1, SERIAL.turn)

PATHS = [("/events", events), ("/send", send), ("/", page)]
