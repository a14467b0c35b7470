"""An app that says on its console who it thinks it is."""

import os
import time

print(f"who: {os.uname().nodename} {os.environ.get('TZ')} {time.strftime('%Z', time.localtime(1_750_000_000))}", flush=True)


def answer(environ, start_response):
    """Anything."""
    return "here"


PATHS = [("/", answer)]
