"""Calls flask_hello's application without any server: as many times as each line of standard input says.

Each call gets a copy of the environ that fapws4 makes of the same request; standard output says when a line is done.
"""

import io
import sys

from flask_hello import application

ENVIRON = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8888", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "40000",
    "HTTP_HOST": "127.0.0.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
    "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
    "wsgi.input_terminated": True,
}


def start_response(status, headers, exc_info=None):
    return None


def call(count):
    for _ in range(count):
        result = application(dict(ENVIRON), start_response)
        b"".join(result)
        result.close()


print("ready", flush=True)
for line in sys.stdin:
    call(int(line))
    print("done", flush=True)
