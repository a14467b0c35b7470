"""The peer of a frozen Flask app: the sample's own app by the standard library's server."""

import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

from wsgi_flask import app


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    with os.fdopen(int(os.environ["FAPWS_READY_FD"]), "w") as ready:
        ready.write(f"listening 127.0.0.1 {server.server_port}\n")
    server.serve_forever()
