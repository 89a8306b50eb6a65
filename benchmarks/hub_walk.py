"""The hub's side: a project folder, and `hub sync` in a process of its own, with its seconds and its memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOML = """\
[hub]
store = "{store}"

[connections.crm]
{crm}

[connections.crm.streams.companies]

[connections.target]
connector = "benchtarget"

[connections.target.streams.customers]
push = true
create = "all"
"""
CRM = {
    "kit": 'connector = "benchcrm"\nbase_url = "{url}"',
    "shipped": 'connector = "hubspot"\nbase_url = "{url}"\ntoken = {{ file = "token" }}\nrate = 0.0\nsearch_rate = 0.0',
}


@dataclass(frozen=True, slots=True)
class Took:
    """What a process took."""

    wall: float  # seconds, process start included
    cpu: float  # seconds of all its threads, in its own code and in the system's for it
    peak: float  # megabytes
    out: str
    server: float = 0.0  # seconds of CPU that a database server took for it meanwhile


class Failed(RuntimeError):  # noqa: N818 - what took() raises: took failed
    """A measured program ended with an error."""


def took(command: Sequence[str], folder: Path | None = None) -> Took:
    """Run a command to its end, in a folder where one is given. Raises Failed with what it said."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=folder)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said = out.read()
        if process.returncode:
            raise Failed(f"{' '.join(command[:4])} ended with {process.returncode}: {said[-500:]} {err.read()[-3000:]}")
    scale = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return Took(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * scale / 1e6, said)


def project(folder: Path, url: str, store: str, crm: str = "kit") -> Path:
    """Write a project with a CRM that is read and a target that listens; return its folder."""
    shutil.copytree(HERE / "project", folder)
    (folder / "token").write_text("the mock asks for none")
    (folder / "hub.toml").write_text(TOML.format(store=store, crm=CRM[crm].format(url=url)))
    return folder


def sync(folder: Path, *options: str) -> Took:
    """Run `hub sync crm`: what the target lacks is queued for it, and not sent."""
    return took([sys.executable, "-m", "hub.cli", "--project", str(folder), "sync", "crm", "--json", *options])
