"""Leases: one run a connection at a time, across processes and machines; a dead process loses what it held."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hub.errors import Busy
from hub.store.store import Store

SECONDS = 60  # a holder that was silent for so long has lost its lease
BEAT = 15


class Lease:
    """Names held by this process until they are given back, or until it falls silent."""

    def __init__(self, store: Store, names: Sequence[str]) -> None:
        self.store = store
        self.names = sorted(set(names))
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._until = 0.0
        self._stop = threading.Event()

    def take(self) -> None:
        """Take all names, or none. Raises Busy, which says who has one."""
        with self.store.begin() as tx:
            now = self.store.now()
            rows = tx.rows("SELECT name, holder, expires_at FROM lease WHERE name IN ?", self.names)
            for name, holder, expires_at in rows:
                if expires_at > now and not _dead(holder):
                    host, pid, _ = holder.split(":")
                    raise Busy(f"{name}: another run works on it (process {pid} on {host}); try again when it is done")
            tx.run("DELETE FROM lease WHERE name IN ?", self.names)
            for name in self.names:
                tx.run(
                    "INSERT INTO lease (name, holder, expires_at) VALUES (?, ?, ?)",
                    name, self.holder, now + SECONDS * 1_000_000,
                )  # fmt: skip
        self._until = time.monotonic() + SECONDS

    def renew(self) -> None:
        """Say that the holder is alive. Raises Busy where the lease was lost meanwhile."""
        begun = time.monotonic()
        with self.store.begin(count=False, aside=True) as tx:
            kept = tx.run(
                "UPDATE lease SET expires_at = ? WHERE holder = ?",
                self.store.now() + SECONDS * 1_000_000, self.holder,
            )  # fmt: skip
        if kept < len(self.names):
            self._until = 0.0
            self.check()
        self._until = begun + SECONDS

    def check(self) -> None:
        """Raise Busy unless the lease is certainly still held; asked before each write."""
        if time.monotonic() > self._until:
            raise Busy(f"{', '.join(self.names)}: this process was silent too long and lost its lease; run again")

    def free(self) -> None:
        """Give the names back."""
        with self.store.begin(count=False) as tx:
            tx.run("DELETE FROM lease WHERE holder = ?", self.holder)

    @contextmanager
    def held(self, patience: float = 0.0) -> Iterator[Lease]:
        """Hold the names, renewed by a thread; wait so many seconds for who has them."""
        end = time.monotonic() + patience
        while True:
            try:
                self.take()
                break
            except Busy:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.2)
        beat = threading.Thread(target=self._beat, daemon=True, name="hub-lease")
        beat.start()
        try:
            yield self
        finally:
            self._stop.set()
            beat.join()
            self.free()

    def _beat(self) -> None:
        while not self._stop.wait(BEAT):
            try:
                self.renew()
            except Exception:  # noqa: BLE001, S112 - `check` tells once the lease has really run out
                continue


def _dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is gone."""
    host, pid, _ = holder.split(":")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
