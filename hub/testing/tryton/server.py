"""TrytonServer: a real Tryton ERP on loopback, with its database made once and copied for each start."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from types import TracebackType

from hub.errors import ConfigError, Unavailable
from hub.testing.tryton.build import DATABASE, LOGIN
from hub.testing.tryton.people import People

Progress = Callable[[str], None]
ROOT = Path(__file__).parents[3]


def quiet(step: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server listens, and who may log in."""

    url: str
    user: str
    password: str = field(repr=False)
    database: str = DATABASE

    @property
    def settings(self) -> dict[str, str]:
        """The settings a connection of the connector `tryton` wants."""
        return {"base_url": self.url, "database": self.database, "user": self.user, "password": self.password}


def prepare(folder: Path, progress: Progress = quiet) -> Path:
    """Make the database of a small trading company in a cache folder, unless it is there; return its own folder.

    It takes about half a minute and depends on the installed modules, this package and the year (the fiscal years
    it opens). Raises ConfigError where Tryton is not installed, Unavailable where making it fails.
    """
    done = folder / f"tryton-{_fingerprint()}"
    if (done / f"{DATABASE}.sqlite").exists():
        return done
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="tryton-", dir=folder))
    try:
        (work / f"{DATABASE}.sqlite").touch()
        password = work / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(12), encoding="utf-8")
        _run_build(work, password, progress)
        with sqlite3.connect(work / f"{DATABASE}.sqlite") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.close()
        try:
            work.rename(done)
        except OSError:  # another process was quicker, and its database is as good
            if not done.exists():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return done


def _run_build(work: Path, password: Path, progress: Progress) -> None:
    command = [sys.executable, "-m", "hub.testing.tryton.build", str(_configure(work)), str(password)]
    with (work / "log").open("w+", encoding="utf-8") as log:
        with subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=_environment(), cwd=work
        ) as process:
            for line in process.stdout or ():
                progress(line.strip())
        if process.returncode:
            log.seek(0)
            raise Unavailable(f"Tryton's database could not be made:\n{log.read()[-2000:]}")


class TrytonServer:
    """A running Tryton; `with TrytonServer(cache) as server:` gives `server.access` and `server.people`."""

    def __init__(self, cache: Path, *, progress: Progress = quiet) -> None:
        self.cache = cache
        self.progress = progress
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[str] | None = None
        self._access: Access | None = None
        self._people: People | None = None

    @property
    def access(self) -> Access:
        """Address and credentials of the running server."""
        if self._access is None:
            raise Unavailable("this Tryton does not run: call start() first")
        return self._access

    @property
    def people(self) -> People:
        """Those who work in the ERP."""
        if self._people is None:
            self._people = People(self.access.url, self.access.database, self.access.user, self.access.password)
        return self._people

    @property
    def file(self) -> Path:
        """The running server's own copy of the database."""
        assert self._folder is not None  # noqa: S101
        return Path(self._folder.name) / f"{DATABASE}.sqlite"

    def start(self) -> Access:
        """Copy the prepared database, making it first where needed, and serve it on a free port."""
        made = prepare(self.cache, self.progress)
        self.progress("starting the server")
        self._folder = tempfile.TemporaryDirectory(prefix="tryton-")
        folder = Path(self._folder.name)
        shutil.copyfile(made / f"{DATABASE}.sqlite", self.file)
        with (folder / "log").open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "hub.testing.tryton.serve", str(_configure(folder))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_environment(),
                cwd=folder,
            )
        assert self._process.stdout is not None  # noqa: S101
        port = self._process.stdout.readline().strip()  # ends at once where the process dies
        if not port:
            words = (folder / "log").read_text(encoding="utf-8")[-2000:]
            self.stop()
            raise Unavailable(f"Tryton did not start:\n{words}")
        password = (made / "password").read_text(encoding="utf-8").strip()
        self._access = Access(f"http://127.0.0.1:{port}", LOGIN, password)
        return self._access

    def log(self) -> str:
        """What the server wrote to its log."""
        return self.file.with_name("log").read_text(encoding="utf-8")

    def stop(self) -> None:
        """End the server and remove its copy of the database."""
        if self._people:
            self._people.close()
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()
        if self._folder:
            self._folder.cleanup()
        self._process = self._folder = self._access = self._people = None

    def __enter__(self) -> TrytonServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _configure(folder: Path) -> Path:
    conf = folder / "trytond.conf"
    conf.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[queue]\nworker = False\n", encoding="utf-8")
    return conf


def _environment() -> dict[str, str]:
    # SQLite's timestamps are local time without a zone; all the world's servers run in UTC, and so does this one
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRYTOND_")}
    return kept | {"TZ": "UTC", "PYTHONPATH": path}


def _fingerprint() -> str:
    """What the prepared database depends on, as a short digest."""
    modules = sorted(
        f"{found.metadata['Name'].lower()} {found.version}"
        for found in distributions()
        if (found.metadata["Name"] or "").lower().startswith("trytond")
    )
    if not modules:
        raise ConfigError("Tryton is not installed; run: pip install 'hub[demo]'")
    recipe = Path(__file__).with_name("build.py").read_bytes()
    return sha256("\n".join((*modules, str(date.today().year))).encode() + recipe).hexdigest()[:16]
