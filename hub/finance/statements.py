"""The register of statements: what came in, what was proven, what was refused, and who took one all the same.

The cursor of a bank's stream tells what became of each statement, in one transaction with its entries. From there it
is written down here, so that nothing is missing whichever process read the files, and wherever it died.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec

from hub import audit
from hub.config import Project
from hub.model import Money, decimals
from hub.store import Store
from hub.store.tables.finance import statement

CONNECTOR, STREAM = "bank", "entries"
COLUMNS = ("id", "connection", "file", "format", "account", "currency", "number", "from_on", "to_on", "opening",
           "closing", "movements", "entries", "pending", "balanced", "state", "problems", "by", "reason", "at", "seq")  # fmt: skip
KEYS = {"from_on": "from", "to_on": "to"}  # what the cursor calls otherwise


@dataclass(frozen=True, slots=True)
class Registered:
    """A statement as the register has it; amounts are minor units of its currency."""

    id: str
    connection: str
    file: str
    format: str
    account: str | None
    currency: str | None
    number: str | None
    from_on: str | None
    to_on: str | None
    opening: int | None
    closing: int | None
    movements: int | None
    entries: int
    pending: int
    balanced: bool | None
    state: str
    problems: tuple[str, ...]
    by: str | None
    reason: str | None
    at: int

    @property
    def row(self) -> dict[str, Any]:
        """One line of it, amounts as decimal text in the currency beside them."""
        return {
            "account": self.account,
            "currency": self.currency,
            "from": self.from_on,
            "to": self.to_on,
            "opening": plain(self.opening, self.currency),
            "closing": plain(self.closing, self.currency),
            "entries": self.entries,
            "balanced": self.balanced,
            "problems": list(self.problems),
            "state": self.state,
            "file": self.file,
            "format": self.format,
            "by": self.by,
            "reason": self.reason,
        }


def banks(project: Project) -> list[str]:
    """The connections through which statements come; `bank` also where hub.toml names none."""
    found = [one.name for one in project.connections.values() if one.connector == CONNECTOR]
    return found or [CONNECTOR]


def register(store: Store, connections: Sequence[str]) -> int:
    """Write down what the cursors tell and the register lacks; return how many statements that were.

    A statement taken by a named person is written into the audit log with its difference.
    """
    told = list(_told(store, connections))
    with store.read() as tx:
        rows = tx.rows("SELECT id, state FROM statement WHERE id IN ?", [one["id"] for _, one in told])
    known = {str(id): str(state) for id, state in rows}
    fresh = [(name, one) for name, one in told if known.get(one["id"]) != one["state"]]
    if not fresh:
        return 0
    with store.begin() as tx:
        tx.upsert(statement, COLUMNS, [_columns(name, one, tx.seq) for name, one in fresh])
        for _, one in fresh:
            if one["state"] == "overridden":
                kept = ("id", "file", "account", "currency", "opening", "closing", "movements", "reason", "problems")
                data = {key: one[key] for key in kept}
                audit.append(tx, one["by"], "statement.override", data, at=store.now())
    return len(fresh)


def registered(store: Store, account: str | None = None, state: str | None = None) -> list[Registered]:
    """The statements, by account and day; `state` is taken, overridden or refused."""
    where, values = [], []
    for column, value in (("account", account), ("state", state)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    condition = f"WHERE {' AND '.join(where)} " if where else ""
    with store.read() as tx:
        rows = tx.rows(
            f"SELECT {', '.join(COLUMNS[:-1])} FROM statement {condition}"
            "ORDER BY coalesce(account, ''), coalesce(to_on, ''), coalesce(from_on, ''), at, id",
            *values,
        )
    return [_registered(row) for row in rows]


def proof(store: Store) -> list[str]:
    """What speaks against the statements as a whole: those refused, and gaps between one and the next.

    A gap is where a statement does not open with the balance at which the one before it closed.
    """
    found = [
        f"{one.account or one.file}: a statement up to {one.to_on or '?'} is refused: {'; '.join(one.problems)}"
        for one in registered(store, state="refused")
    ]
    chains: dict[tuple[str | None, str | None, str], list[Registered]] = {}
    for one in registered(store):
        if one.balanced and one.state == "taken":
            chains.setdefault((one.account, one.currency, one.format), []).append(one)
    for (account, code, _), chain in chains.items():
        ends = {one.closing for one in chain}
        for before, one in pairwise(chain):
            if one.opening not in ends and one.from_on and before.to_on and one.from_on > before.to_on:
                found.append(
                    f"{account}: between {before.to_on} and {one.from_on} a statement is missing: it closed with "
                    f"{plain(before.closing, code)} {code} and goes on with {plain(one.opening, code)} {code}"
                )
    return found


def plain(minor: int | None, currency: str | None) -> str | None:
    """An amount as decimal text: "10.10"."""
    if minor is None or currency is None:
        return None
    return f"{Money(minor, currency).amount:.{decimals(currency)}f}"


def row(summary: dict[str, Any]) -> dict[str, Any]:
    """One line of a statement that has just been read."""
    return _registered(_columns("", summary, 0)[:-1]).row


def _told(store: Store, connections: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    with store.read() as tx:
        rows = tx.rows(
            "SELECT connection, cursor FROM stream WHERE name = ? AND connection IN ? AND cursor IS NOT NULL",
            STREAM, list(connections),
        )  # fmt: skip
    for connection, cursor in rows:
        for one in msgspec.json.decode(cursor).get("statements", ()):
            yield connection, one


def _columns(connection: str, one: dict[str, Any], seq: int) -> tuple[Any, ...]:
    values = {name: one.get(KEYS.get(name, name)) for name in COLUMNS}
    values |= {"connection": connection, "seq": seq, "problems": msgspec.json.encode(one["problems"]).decode()}
    return tuple(values[name] for name in COLUMNS)


def _registered(row: Sequence[Any]) -> Registered:
    values = dict(zip(COLUMNS[:-1], row, strict=True))
    values["problems"] = tuple(msgspec.json.decode(values["problems"]))
    values["balanced"] = None if values["balanced"] is None else bool(values["balanced"])
    return Registered(**values)
