"""What only fapws4 has, its PATHS: BENCH_ROUTES prefixes of which the last one matches, and the file of BENCH_FILE."""

import os

from fapws4 import views


def hello(environ, start_response):
    return "Hello World!!"


MAX_BODY_SIZE = 20_000_000
PATHS = [(f"/section{number:04}/", hello) for number in range(int(os.environ.get("BENCH_ROUTES", "1")) - 1)]
if "BENCH_FILE" in os.environ:
    PATHS.append(("/file", views.Staticfile(os.environ["BENCH_FILE"])))
PATHS.append(("/", hello))
