"""Forms, an upload and a session. Run it with `fapws4 samples/forms/forms.py`.

Also shows the decorators: every request is logged in the Combined Log Format, and pages are compressed for
browsers that accept it.
"""

from html import escape

from fapws4 import log, multipart, sessions, zip  # noqa: A004
from fapws4.base import Environ, Start_response, get_status

MAX_BODY_SIZE = 5 * 1024 * 1024

SESSIONS = sessions.SessionManager(max_age=3600)

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Forms</title></head>
<body>
<h1>Forms</h1>
<p id="greeting">{greeting}</p>
<form action="/name" method="post">
<p><label>Your name <input name="name" value="{name}" required></label> <button>Say hello</button></p>
</form>
<form action="/upload" method="post" enctype="multipart/form-data">
<p><label>Title <input name="title"></label></p>
<p><label>Files <input type="file" name="files" multiple></label></p>
<p><button>Upload</button></p>
</form>
</body>
</html>
"""


@log.Log()
@zip.Gzip()
def index(environ: Environ, start_response: Start_response) -> str:
    """The forms, with the name that the session remembers."""
    name = SESSIONS.open(environ, start_response).getdata() or ""
    greeting = f"Hello {escape(name)}!" if name else "We have not met."
    return PAGE.format(greeting=greeting, name=escape(name))


@log.Log()
def save_name(environ: Environ, start_response: Start_response) -> str:
    """A small form: its fields are in fapws.params. The answer to a POST is a redirect (303)."""
    name = environ["fapws.params"].get("name", [""])[0]
    SESSIONS.open(environ, start_response).setdata(name[:100])
    start_response(get_status(303), [("Location", "/"), ("Content-Type", "text/plain")])
    return ""


@log.Log()
@zip.Gzip()
def upload(environ: Environ, start_response: Start_response) -> str:
    """A form with files; nothing is kept, they are only counted."""
    try:
        form = multipart.parse_form(environ, max_parts=20)
    except multipart.FormError as error:
        start_response(get_status(error.code), [])
        return f"<p>{escape(str(error))}</p>"
    with form:
        title = escape(form.fields.get("title", [""])[0])
        rows = [
            f"<li>{escape(file.filename)}: {file.size} bytes of {escape(file.content_type)}</li>\n"
            for file in form.files.get("files", [])
        ]
    return f"<!DOCTYPE html>\n<title>Upload</title>\n<h1>{title}</h1>\n<ul>\n{''.join(rows)}</ul>\n"


PATHS = [("/name", save_name), ("/upload", upload), ("/", index)]
