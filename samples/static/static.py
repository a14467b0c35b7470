"""A folder of files as a web site. Run it with `fapws4 samples/static/static.py`.

Browsers keep the files for a minute, then ask whether they have changed; large ones can be fetched
in parts, and `style.css.gz` beside `style.css` would be sent to browsers that accept it.
"""

from pathlib import Path

from fapws4.views import Staticfile

SITE = Path(__file__).with_name("site")

PATHS = [
    ("/favicon.ico", Staticfile(str(SITE / "picture.svg"))),  # one file
    ("/", Staticfile(str(SITE), maxage=60, index="index.html")),
]
