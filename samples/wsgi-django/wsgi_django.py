"""A Django project, unchanged: a shelf of books with Django's admin. Freeze it with
`invoke freeze samples/wsgi-django/wsgi_django.py`, or run it with `fapws4 samples/wsgi-django/wsgi_django.py` after
`pip install -r requirements.txt`.

The database is brought up to date with every start, so that an update of the device may change its tables. It stands in
`fapws4.data_dir()`, as does the secret key. The first start makes the user `admin` and prints the password, on a device on
its console. Styles and scripts of the admin are served by fapws4, without Python.
"""

import os
import secrets
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shelf.settings")

import django.contrib.admin
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

import fapws4
from fapws4.views import Staticfile

application = get_wsgi_application()
call_command("migrate", interactive=False, verbosity=0)

User = get_user_model()
if not User.objects.exists():
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser("admin", password=password)
    sys.stdout.write(f"shelf: sign in at /admin/ as admin with the password {password}\n")

STYLES = Path(django.contrib.admin.__file__).with_name("static")
PATHS = [("/static/", Staticfile(str(STYLES), maxage=3600)), ("/", fapws4.wsgi(application))]
