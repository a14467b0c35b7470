"""A counter in a session; in files when a folder is given."""

import sys

from fapws4.session_stores import FileStore
from fapws4.sessions import SessionManager

MANAGER = SessionManager(FileStore(sys.argv[1]) if len(sys.argv) > 1 else None)


def count(environ, start_response):
    session = MANAGER.open(environ, start_response)
    data = session.getdata() or {"n": 0}
    data["n"] += 1
    session.setdata(data)
    return str(data["n"])


def look(environ, start_response):
    return str(MANAGER.open(environ, start_response).getdata())


def login(environ, start_response):
    return MANAGER.open(environ, start_response).newid()


def logout(environ, start_response):
    MANAGER.open(environ, start_response).delete()


PATHS = [("/count", count), ("/look", look), ("/login", login), ("/logout", logout)]
