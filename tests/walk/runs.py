"""Runs of `hub sync` in processes that can be killed: imports once, forks a child for each run.

Reads lines `seconds folder [argument ...]` and answers each with one: the exit code of `hub sync` in that project, or
-9 where the child still ran after so many seconds and was killed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def ready() -> None:
    """Import what a run needs, so that a child begins with its work."""
    import psycopg  # noqa: F401

    import hub.cli.app
    import hub.cli.engine
    import hub.mapping
    import hub.plugin.registry
    import hub.store.migrate
    import hub.sync

    hub.plugin.registry.load(None)


def child(folder: str, arguments: list[str], patience: float) -> int:
    """Run `hub sync` in a child; kill it when its time is over."""
    pid = os.fork()
    if pid == 0:
        out = os.open(Path(folder) / "run.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = 70
        try:
            from hub.cli.app import run

            code = run(["--project", folder, "sync", *arguments])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    """Answer line by line until the input ends."""
    ready()
    print("ready", flush=True)
    for line in sys.stdin:
        patience, folder, *arguments = line.rstrip("\n").split("\t")
        print(child(folder, arguments, float(patience)), flush=True)


if __name__ == "__main__":
    main()
