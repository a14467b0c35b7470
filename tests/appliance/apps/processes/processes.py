"""An app that starts other processes, each with the Python and the modules that are frozen in."""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

SPAWN = multiprocessing.get_context("spawn")
IMPORTED_BY = os.getpid()


def square(number: int) -> int:
    """For other processes."""
    return number**2


def python(*words: str, text: str = "") -> list[Any]:
    """Exit code, output, and the last line of what is said on stderr."""
    done = subprocess.run([sys.executable, *words], input=text, capture_output=True, text=True, timeout=60, check=False)
    return [done.returncode, done.stdout, done.stderr.strip().rpartition("\n")[2]]


def command() -> list[Any]:
    """-c with words that look like the server's options."""
    return python("-c", "import sys, json; print(json.dumps(sys.argv))", "--server", "x", "--check")


def module() -> list[Any]:
    """-m of a module that is named nowhere else."""
    done = subprocess.run([sys.executable, "-m", "jobs.double", "21"], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def standard_input() -> list[Any]:
    """A program that comes through a pipe."""
    return python("-", text="print(6 * 7)")


def failing() -> list[Any]:
    """The exit code of an error, and the error."""
    return python("-c", "raise ValueError('no')")


def absent() -> list[Any]:
    """A module that is not frozen in."""
    return python("-m", "wave")


def version() -> list[Any]:
    """What a python says of itself, without starting."""
    return python("--version")


def facts() -> list[Any]:
    """What is known of the file that sys.executable names."""
    return [sys.argv[1:], sys.executable, os.path.isfile(sys.executable), os.access(sys.executable, os.X_OK)]


def exec_and_spawn() -> list[int]:
    """Exit codes of all other ways to start it, whatever word comes first; 7 with the environment given, 8 with this one."""
    environment, code = {"GIVEN": "yes"}, "import os, sys; sys.exit(7 if os.environ.get('GIVEN') == 'yes' else 8)"
    words = ["other", "-c", code]
    found = [os.posix_spawn(sys.executable, words, environment), os.spawnve(os.P_NOWAIT, sys.executable, words, environment)]
    for call in (lambda: os.execve(sys.executable, words, environment), lambda: os.execv(sys.executable, words),
                 lambda: os.execvp(sys.executable, words), lambda: os.execl(sys.executable, *words)):
        child = os.fork()
        if child == 0:
            try:
                call()
            finally:
                os._exit(99)
        found.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in found]


def nested() -> list[Any]:
    """What a thread makes of lists in lists that nobody needs: Python in C, and C that calls Python that calls C."""
    return python("-c", "import json, threading\n"
                  "def sort(_): return sorted([1, 2], key=sort)\n"
                  "def tell(work, *arguments):\n"
                  "    try: work(*arguments)\n"
                  "    except RecursionError as error: print(type(error).__name__)\n"
                  "for words in ((json.loads, '[' * 60000), (sort, 0)):\n"
                  "    thread = threading.Thread(target=tell, args=words)\n"
                  "    thread.start()\n"
                  "    thread.join()\n")


def process_and_queue() -> list[Any]:
    """A process that answers by a queue, and its exit code."""
    queue = SPAWN.Queue()
    worker = SPAWN.Process(target=answer_by, args=(queue, 5))
    worker.start()
    said = queue.get(timeout=60)
    worker.join(60)
    return [said, worker.exitcode]


def answer_by(queue: Any, number: int) -> None:
    """Runs in the other process, which has imported the app under its own name."""
    queue.put([number + 1, __name__, sys.modules["__main__"].__name__, IMPORTED_BY == os.getpid()])


def pool() -> list[int]:
    """Four numbers by two processes."""
    with SPAWN.Pool(2) as workers:
        return workers.map(abs, [-1, 2, -3, 4])


def executor() -> list[int]:
    """The same by concurrent.futures, with a function of the app."""
    with concurrent.futures.ProcessPoolExecutor(2, SPAWN) as workers:
        return list(workers.map(square, [1, 2, 3]))


def forked() -> list[int]:
    """The start method that Linux has by default."""
    with multiprocessing.get_context("fork").Pool(2) as workers:
        return workers.map(abs, [-1, 2])


def shared() -> int:
    """A number in shared memory, counted up under a lock by two processes."""
    number = SPAWN.Value("i", 0)
    workers = [SPAWN.Process(target=count_up, args=(number,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return int(number.value)


def count_up(number: Any) -> None:
    """100 times."""
    for _ in range(100):
        with number.get_lock():
            number.value += 1


def page(question: Callable[[], Any]) -> Callable[[dict[str, Any], Any], str]:
    """A handler that sends the answer as JSON."""
    def handler(environ: dict[str, Any], start_response: Any) -> str:
        return json.dumps(question())

    return handler


PATHS = [(f"/{question.__name__}", page(question))
         for question in (command, module, standard_input, failing, absent, version, facts, exec_and_spawn, nested,
                          process_and_queue, pool, executor, forked, shared)]
