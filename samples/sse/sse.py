"""Server-Sent Events: a chat in which every message reaches every open page. Run it with `fapws4 samples/sse/sse.py`.

`curl -N http://127.0.0.1:8888/events` shows the messages as they come, `curl -d text=hello http://127.0.0.1:8888/say` sends
one.
"""

import fapws4
from fapws4.base import Environ, Start_response

LISTENERS: set[fapws4.Stream] = set()
LONGEST = 500  # characters of a message

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Chat</title>
<h1>Chat</h1>
<form method="post" action="/say">
<label>Message <input name="text" maxlength="500" required></label> <button>Send</button>
<output>connecting</output>
</form>
<ol id="messages" aria-live="polite"></ol>
<script>
const form = document.forms[0], state = document.querySelector("output");
const source = new EventSource("/events");  // connects again by itself
source.onopen = () => { state.value = "connected"; };
source.onerror = () => { state.value = "connecting"; };
source.onmessage = event => {
    const item = document.createElement("li");
    item.textContent = event.data;
    document.getElementById("messages").append(item);
};
form.onsubmit = event => {  // sent without leaving the page, which would miss its own message
    event.preventDefault();
    fetch("/say", {method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual"});
    form.reset();
};
</script>
</html>
"""


def events(environ: Environ, start_response: Start_response) -> fapws4.Stream:
    """A reply that is held open: whoever has something to say writes to it."""
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
    stream = fapws4.Stream(on_gone=lambda: LISTENERS.discard(stream))
    LISTENERS.add(stream)
    stream.write(": welcome\n\n")
    return stream


def send(stream: fapws4.Stream, event: str) -> None:
    """A page that does not take what is sent to it is let go."""
    try:
        stream.write(event)
    except (BufferError, BrokenPipeError):
        LISTENERS.discard(stream)
        stream.close()


def say(environ: Environ, start_response: Start_response) -> str:
    """One message to all."""
    text = " ".join(environ["fapws.params"].get("text", [""])[0].split())[:LONGEST]
    for stream in list(LISTENERS):
        send(stream, f"data: {text}\n\n")
    start_response("303 See Other", [("Location", "/")])
    return ""


def page(environ: Environ, start_response: Start_response) -> str:
    """The page that listens."""
    return PAGE


PATHS = [("/events", events), ("/say", say), ("/", page)]
