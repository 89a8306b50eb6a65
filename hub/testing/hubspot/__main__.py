"""Serve the fake CRM from a process of its own: `python -m hub.testing.hubspot --port 0` writes its URL.

Another process acts as people do by POST /_fake/NAME (add, edit, archive, rows, fail ...) with the arguments as JSON.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from hub.testing.hubspot.fake import FakeHubSpot


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m hub.testing.hubspot", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", default=None, help="the token to ask for; none: any will do")
    parser.add_argument("--strict", action="store_true", help="refuse properties nobody defined, as HubSpot does")
    given = parser.parse_args()
    end = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: end.set())
    with FakeHubSpot(token=given.token, strict=given.strict).serve(given.port) as url:
        sys.stdout.write(url + "\n")
        sys.stdout.flush()
        end.wait()


if __name__ == "__main__":
    main()
