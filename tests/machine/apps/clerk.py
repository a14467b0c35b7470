"""An app that passes on what it is sent to the device's manager, and says what its time zone is."""

import json
import os
import time

from fapws4 import device, threaded

VERSION = "1.0"


@threaded
def call(environ, start_response):
    """The body is a call: {"call": name, "session": ..., "arguments": {...}}."""
    wanted = json.loads(environ["wsgi.input"].read())
    try:
        return json.dumps(device.Client(wanted.get("session", "")).call(wanted["call"], **wanted.get("arguments", {})))
    except device.Refused as error:
        start_response("409 Conflict", [("Content-Type", "text/plain")])
        return [f"{error.code} {error}".encode()]


def zone(environ, start_response):
    return f"{os.environ['TZ']} {time.strftime('%H:%M %Z', time.localtime(0))}"


def now(environ, start_response):
    return str(int(time.time()))


PATHS = [("/call", call), ("/zone", zone), ("/now", now), ("/", lambda environ, start_response: "here")]
