"""Where tokens that change by themselves are kept, and the lock that lets one process at a time change them."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from hub.errors import Busy
from hub.secret import Secret


class Vault(Protocol):
    """Keeps secret texts by name, for all processes that share a connection."""

    def get(self, name: str) -> str | None:
        """The text last put under the name, None where there is none."""
        ...

    def put(self, name: str, value: str) -> None:
        """Keep the text; once this returns, it survives a crash."""
        ...

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold the name alone, across threads and processes. Raises Busy when it stays taken."""
        ...


class MemoryVault:
    """A vault that lasts as long as the process."""

    def __init__(self) -> None:
        self._texts: dict[str, Secret] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def get(self, name: str) -> str | None:
        """The text last put under the name."""
        found = self._texts.get(name)
        return None if found is None else found.reveal()

    def put(self, name: str, value: str) -> None:
        """Keep the text."""
        self._texts[name] = Secret(value)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the name alone among the threads."""
        with self._locks[name]:
            yield


class FileVault:
    """A vault of one file a name, readable by its owner alone; processes of one machine share it."""

    def __init__(self, folder: Path, *, patience: float = 120.0) -> None:
        self.folder = folder
        self.patience = patience  # seconds to wait for a lock; more than a token request may take

    def get(self, name: str) -> str | None:
        """The text of the file."""
        with suppress(FileNotFoundError):
            return self._path(name).read_text(encoding="utf-8")
        return None

    def put(self, name: str, value: str) -> None:
        """Replace the file whole, so that a crash leaves the old text or the new one."""
        path = self._path(name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # the rename too must survive a power cut: the old refresh token may be void already
        finally:
            os.close(folder)

    def forget(self, name: str) -> None:
        """Remove the file."""
        self._path(name).unlink(missing_ok=True)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold an advisory lock on a file beside; the system frees it when the process dies."""
        import fcntl  # not on Windows, where another vault is needed

        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(name).with_suffix(".lock")
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            end = time.monotonic() + self.patience
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise Busy(
                            f"{path}: another process has held it for {self.patience:g} s; "
                            "see what it waits for (lsof shows which), end it, and try again"
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(file)

    def _path(self, name: str) -> Path:
        return self.folder / f"{re.sub(r'[^A-Za-z0-9_-]', lambda found: f'%{ord(found[0]):x}', name)}.secret"
