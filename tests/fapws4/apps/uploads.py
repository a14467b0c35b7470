"""Says what was in a form."""

from fapws4 import multipart


def show(environ, start_response):
    try:
        with multipart.parse_form(environ, max_file_size=1000000, spool_size=1000) as form:
            files = [(f.filename, f.content_type, f.size, len(f.file.read())) for each in form.files.values() for f in each]
            return repr((form.fields, files))
    except multipart.FormError as error:
        start_response(error.code, [])
        return str(error)


PATHS = [("/", show)]
