"""The peer of samples/hello: the same page by the standard library's server. Says where it listens as fapws4 does."""

import os
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, *arguments):
        pass


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "13")])
    return [b"Hello World!!"]


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, hello, handler_class=Quiet)
    with os.fdopen(int(os.environ["FAPWS_READY_FD"]), "w") as ready:
        ready.write(f"listening 127.0.0.1 {server.server_port}\n")
    server.serve_forever()
