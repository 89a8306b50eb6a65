"""The desk at which decisions are made: the store and the rules, without any connection to another system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hub.config import Project
from hub.store import Store
from hub.sync import Hub
from hub.sync.stamp import Rankings
from hub.sync.work import Work


@dataclass(frozen=True, slots=True)
class Desk:
    """What a decision needs: where records are kept, which value of two stands, and the plugins' say in it."""

    store: Store
    project: Project
    survive: Any = None

    @classmethod
    def of(cls, hub: Hub) -> Desk:
        """The desk of an open hub."""
        hook = hub.registry.hook.survive
        return cls(hub.store, hub.project, hook if hook.get_hookimpls() else None)

    def streams(self) -> Mapping[int, tuple[str, str]]:
        """Connection and name of every stream by its number."""
        with self.store.read() as tx:
            return {
                id: (connection, name) for id, connection, name in tx.rows("SELECT id, connection, name FROM stream")
            }

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One transaction in which golden records may be joined and taken apart; saved at its end."""
        connections = {id: connection for id, (connection, _) in self.streams().items()}
        rankings = Rankings(self.project.rule, connections)
        with self.store.begin() as tx:
            work = Work(tx, now=self.store.now(), rankings=rankings, connections=connections, survive=self.survive)
            yield work
            work.save()
