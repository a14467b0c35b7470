"""A Flask app, unchanged: a guest book. Run it with `fapws4 samples/wsgi-flask/wsgi_flask.py`.

Any WSGI callable named `app` or `application` is served as PEP 3333 says. Before: `pip install -r requirements.txt`.
Frozen, it has the packages that requirements.txt names; pyproject.toml names the templates and the style sheet.
"""

import secrets
from collections import deque

from flask import Flask, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

LONGEST = 200  # characters of a note

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)  # signs the session's cookie; a new one with every start

notes: deque[tuple[str, str]] = deque(maxlen=50)


@app.get("/")
def index() -> str:
    """All notes, newest first, and the form for one more."""
    return render_template("index.html", notes=reversed(notes), longest=LONGEST)


@app.post("/notes")
def add() -> Response:
    """Keeps a note, and who wrote it for the next one; what is wrong with it is said on the page that comes next."""
    name, text = (request.form.get(field, "").strip() for field in ("name", "text"))
    if not name or not 0 < len(text) <= LONGEST:
        flash(f"A note has a name and a text of up to {LONGEST} characters.")
    else:
        session["name"] = name
        notes.append((name, text))
        flash(f"Thank you, {name}!")
    return redirect(url_for("index"), 303)
