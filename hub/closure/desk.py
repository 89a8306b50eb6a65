"""The desk: what a phase is handed, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hub.closure.closing import Closing, by_id
from hub.closure.plan import Plan
from hub.closure.times import day_of, now, zone_of
from hub.store import Store
from hub.sync import Hub

FOLDER = "closing"
KEYS = "keys"

Say = Callable[[str], None]


@dataclass(slots=True)
class Desk:
    """One closing at work."""

    hub: Hub
    closing: Closing
    plan: Plan
    who: str
    say: Say = lambda text: None

    @property
    def store(self) -> Store:
        """The hub's store."""
        return self.hub.store

    @property
    def id(self) -> int:
        """The closing's number."""
        return self.closing.id

    @property
    def line(self) -> str:
        """The business line."""
        return self.closing.line

    @property
    def folder(self) -> Path:
        """Where the closing's papers are, inside the project."""
        return self.hub.project.root / FOLDER / self.line

    @property
    def keys(self) -> Path:
        """Where the keys of archives are: never inside an archive."""
        return self.hub.project.root / FOLDER / KEYS

    @property
    def today(self) -> date:
        """Today in the plan's time zone: days are judged where they belong to."""
        with self.store.read() as tx:
            return day_of(now(tx, self.store, self.id), self.zone)

    @property
    def zone(self) -> ZoneInfo:
        """The plan's time zone."""
        return zone_of(self.plan)

    def again(self) -> Desk:
        """The same with the closing as it stands now."""
        with self.store.read() as tx:
            closing = by_id(tx, self.closing.id)
        return Desk(self.hub, closing, closing.plan, self.who, self.say)

    def connections(self) -> list[str]:
        """The connections that hold records of the line and still run; not the one it is carried to."""
        with self.store.read() as tx:
            rows = tx.rows(
                "SELECT DISTINCT t.connection FROM stream t JOIN record r ON r.stream_id = t.id "
                "JOIN closing_scope s ON s.golden_id = r.golden_id WHERE s.closing_id = ?",
                self.id,
            )
            retired = {r[0] for r in tx.rows("SELECT connection FROM retired_connection")}
        named = {row[0] for row in rows} | {
            c.name for c in self.hub.project.connections.values() if c.line == self.line
        }
        known = set(self.hub.project.connections) - retired - {self.plan.migrate_to}
        return sorted(named & known)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a phase came to; with `blocks` it is not done, and they say what a person has to do."""

    text: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    blocks: Sequence[str] = ()

    @property
    def done(self) -> bool:
        """Whether the phase is through."""
        return not self.blocks


def title(model: str, values: dict[str, Any]) -> str:
    """What people call a record."""
    for path in ("number", "name", "subject", "message_id"):
        if values.get(path):
            return f"{model} {values[path]}"
    names = " ".join(str(values[p]) for p in ("first_name", "last_name") if values.get(p))
    return f"{model} {names}".strip()


def names(store: Store, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Golden ids with what people call them."""
    import msgspec

    for at in range(0, len(ids), 1_000):
        with store.read() as tx:
            rows = tx.rows("SELECT id, model, data FROM golden WHERE id IN ?", list(ids[at : at + 1_000]))
        for id, model, data in rows:
            yield id, title(model, msgspec.json.decode(data))
