"""Serves one Tryton database on loopback until standard input closes, so that no server outlives who started it.

Run as `python -m hub.testing.tryton.serve CONF`; the first line on standard output is the port.
"""

from __future__ import annotations

import os
import sys
import threading

from hub.testing.tryton.build import DATABASE, accept_any_domain


def serve(conf: str) -> None:
    """Load the database's modules and answer requests, one at a time: SQLite takes one writer."""
    from trytond import config  # type: ignore[import-untyped]

    config.update_etc(conf)
    accept_any_domain()
    from trytond.pool import Pool  # type: ignore[import-untyped]
    from trytond.wsgi import app  # type: ignore[import-untyped]
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:
            """Keep the access log to itself."""

    Pool.start()
    Pool(DATABASE).init()
    server = make_server("127.0.0.1", 0, app, threaded=False, request_handler=Quiet)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
