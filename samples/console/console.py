"""A device with a console: a counter of visits as the app, and the device's own pages below /device.

`fapws4 samples/console/console.py` serves the app; the console says then that this machine is no device. In an image
(`invoke build-appliance samples/console/console.py --keys ...`) it asks for the device's first administrator, by https.
"""

from itertools import count

from fapws4.base import Environ, Start_response
from fapws4.console import console

VERSION = "1.0"
TLS = "device"  # its own certificate, which it makes on the first boot
HEALTH = "/health"

VISITS = count(1)

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Counter</title>
<h1>Counter</h1>
<p>This page was asked for {0} times since the start. <a href="/device">The device</a></p>
</html>
"""


def page(environ: Environ, start_response: Start_response) -> str:
    """The app itself."""
    return PAGE.format(next(VISITS))


def health(environ: Environ, start_response: Start_response) -> str:
    """Whether the app is well; a new version must say so, or the old one comes back."""
    return "well"


PATHS = [("/device", console), ("/health", health), ("/", page)]
