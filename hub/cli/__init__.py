"""The verbs: `hub init`, `hub check`, `hub sync` and the others; the only room that prints."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and leave with its exit code: 0 fine, 1 findings, 2 usage or configuration."""
    gc.set_threshold(50_000, 20, 20)  # modules are made of objects that stay: looking for cycles is a tenth of a start
    from hub.cli.app import run

    code = run(sys.argv[1:])
    gc.freeze()  # nor are they looked for at the end, when all goes anyway
    sys.exit(code)
