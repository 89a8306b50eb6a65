"""A process that has loaded the hub, and runs its verbs in children of its own, which may be killed at any step.

A step is each instant at which something becomes durable: before and after a commit of any of the hub's databases, a
flush to the disk, a rename. To die before a commit is also to die after everything outside that it would have noted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
KILLED = -9
PROGRAM = """
import contextlib, importlib, io, json, os, signal, sys
import hub.closure.run, hub.store.migrate
from hub.cli.app import run
from hub.store import Store
with contextlib.redirect_stdout(io.StringIO()):
    run(["schema", "customer"])
steps = 0

def step(*_):
    global steps
    steps += 1
    if steps == dies:
        os.kill(os.getpid(), signal.SIGKILL)

def stepping(act):
    def inner(*a, **k):
        step()
        return act(*a, **k)
    return inner

def child(arguments):
    made = Store.__init__
    def init(self, *a, **k):
        made(self, *a, **k)
        self.watch = step
    Store.__init__ = init
    for name in ("fsync", "rename", "replace"):
        setattr(os, name, stepping(getattr(os, name)))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    return run(arguments)

for asked in sys.stdin:
    arguments, dies = json.loads(asked)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        there = set(sys.modules)
        code = child(arguments)
        with open(writer, "w") as out:
            json.dump([steps, sorted(set(sys.modules) - there)], out)
        os._exit(code)
    os.close(writer)
    with open(reader) as opened:
        came, modules = json.loads(opened.read() or "[0, []]")
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    for name in modules:  # what one child had to load, the next ones find loaded
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    print(json.dumps([code, came]), flush=True)
"""


class Mortal:
    """The process; called with a verb it says the child's exit code and how many steps it came through alive."""

    def __enter__(self) -> Self:
        path = os.pathsep.join(str(ROOT / p) for p in (".", "connectors", "flows"))
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.kill()
        self.process.communicate()

    def __call__(self, arguments: Sequence[str], dies: int = 0) -> tuple[int, int]:
        """Run a verb; killed at step `dies`, 0 for never."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([list(arguments), dies]) + "\n")
        self.process.stdin.flush()
        code, steps = json.loads(self.process.stdout.readline())
        return code, steps
