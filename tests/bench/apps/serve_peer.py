"""`serve_peer.py NAME PORT [CERTIFICATE KEY]`: the page of pages.py served by another WSGI server, one process, as it is best set up."""

import sys
import warnings

from pages import application

warnings.simplefilter("ignore")
name, port = sys.argv[1], int(sys.argv[2])
if name == "bjoern":
    import bjoern

    bjoern.run(application, "127.0.0.1", port)
elif name == "freastal":
    import freastal

    certificate, key = sys.argv[3:] or (None, None)
    freastal.serve(application, host="127.0.0.1", port=port, workers=1, certfile=certificate, keyfile=key)
elif name == "fastwsgi":
    import fastwsgi

    fastwsgi.server.tcp_nodelay = 1
    fastwsgi.server.backlog = 4096
    fastwsgi.run(application, "127.0.0.1", port)
