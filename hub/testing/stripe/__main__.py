"""`python -m hub.testing.stripe --port 0` serves an empty account and writes its URL to standard output."""

from __future__ import annotations

import argparse
import sys
from threading import Event

from hub.testing.stripe.fake import FakeStripe


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m hub.testing.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--api-key", default="sk_test_hub")
    parser.add_argument("--search-late", type=float, default=0.0, help="seconds the search lags behind writes")
    asked = parser.parse_args()
    fake = FakeStripe(asked.api_key, search_late=asked.search_late)
    with fake.serve(asked.port) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        Event().wait()


if __name__ == "__main__":
    main()
