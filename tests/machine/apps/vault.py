"""Served with the device's certificate; says what it can see of the key, and how it is asked."""

import os
import sys

from fapws4 import device

TLS = "device"
PLACES = ["/run/fapws4/key.pem", "/data/.fapws4/key.pem", *(f"/proc/self/fd/{number}" for number in range(3, 12))]


def look(environ, start_response):
    """Which of the places of a key can be opened; a descriptor that is no file in memory is none of them."""
    found = []
    for place in PLACES:
        try:
            target = os.readlink(place) if place.startswith("/proc/") else place
            if target.startswith("/memfd:") or target == place:
                with open(place, "rb") as file:
                    found.append(f"{place} {len(file.read())}")
        except FileNotFoundError:
            continue
        except OSError as error:
            found.append(f"{place} {type(error).__name__}")
    return "\n".join(found)


def say(environ, start_response):
    """PID 1's questions come to the console."""
    if environ.get("HTTP_USER_AGENT") == "fapws4-init":
        sys.stdout.write(f"asked by {environ['wsgi.url_scheme']}\n")
    return environ["wsgi.url_scheme"]


def give(environ, start_response):
    """The device is claimed by its code, and told to take another certificate; what it says to that."""
    code, certificate, key = environ["wsgi.input"].read().decode().split("\0")
    client = device.Client(source="192.0.2.1")
    session = client.claim(code, "ada", PASSWORD) if code else client.login("ada", PASSWORD)
    try:
        device.Client(session["session"]).certificate_set(certificate, key, PASSWORD)
    except device.Refused as refused:
        return refused.text
    return "taken"


PASSWORD = "correct horse battery"
PATHS = [("/look", look), ("/give", give), ("/", say)]
