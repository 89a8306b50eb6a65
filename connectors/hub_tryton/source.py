"""Source: what one stream reads and writes; the connector walks it, the stream's own file knows its models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from hub.connect.base import Record, Write
from hub.errors import Conflict, Missing, Rejected
from hub_tryton.changes import DATES, Part, stamp
from hub_tryton.rpc import Row, Rpc
from hub_tryton.wire import moment

TAG = "hub:"  # what our ids begin with where Tryton keeps them among other text


class Source:
    """One stream. `parts` are the models whose change is a change of its records, its own model first."""

    model: ClassVar[str]
    parts: ClassVar[tuple[Part, ...]]
    domain: tuple[Any, ...] = ()

    def __init__(self, rpc: Rpc, names: Names) -> None:
        self.rpc = rpc
        self.names = names

    def records(self, ids: Sequence[int]) -> Iterator[Record]:
        """Read records by id, all their parts with one request a model; those that are gone are left out."""
        raise NotImplementedError

    def locate(self, our_ids: Sequence[str]) -> Mapping[str, int]:
        """Find records by our id."""
        raise NotImplementedError

    def prepare(self, writes: Sequence[Write]) -> None:
        """Look up at once what a batch of writes needs."""

    def create(self, write: Write) -> int:
        """Create a record that carries our id, and return its id."""
        raise NotImplementedError

    def change(self, write: Write, id: int) -> None:
        """Change a record, unless it has another version than expected."""
        raise NotImplementedError

    def erase(self, id: int) -> str:
        """Delete or anonymise a record, and say which. Raises Missing, or Rejected where it has to stay."""
        raise NotImplementedError(f"{self.model} cannot be erased")

    def alone(self, id: int, *fields: str) -> Row:
        """Read one row of the stream's own model. Raises Missing."""
        for row in self.rows([id], fields):
            return row
        raise Missing(f"{self.model} {id}: there is no such record")

    def rows(self, ids: Sequence[int], fields: Sequence[str]) -> list[Row]:
        """Read the stream's own model."""
        return self.rpc.search_read(self.model, [["id", "in", list(ids)], *self.domain], [*fields, *DATES])

    def record(self, data: dict[str, Any], rows: Sequence[tuple[str, Row]], our_id: str | None = None) -> Record:
        """Make the record of its data and the rows it was made of."""
        version, at = stamp(rows)
        return Record(str(data["id"]), data, version, moment(at), our_id=our_id)

    def current(self, write: Write, id: int) -> Record:
        """Read the record that is about to be changed. Raises Missing, or Conflict where it is not the one expected."""
        found = next(iter(self.records([id])), None)
        if found is None:
            raise Missing(f"{self.model} {id}: there is no such record")
        if write.expect is not None and write.expect != found.version:
            raise Conflict(f"{self.model} {id}: it was changed meanwhile")
        return found


class Names:
    """Ids behind names that seldom change (countries, currencies, languages, products, taxes), read when first asked for."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._known: dict[tuple[str, str], dict[Any, Row]] = {}

    def get(self, model: str, field: str, names: Sequence[Any], fields: Sequence[str] = ()) -> dict[Any, Row]:
        """Return the rows whose field has one of these values; an unknown one is asked for again each time."""
        known = self._known.setdefault((model, field), {})
        wanted = sorted({name for name in names if name and name not in known})
        if wanted:
            for row in self._rpc.search_read(model, [[field, "in", wanted]], [field, *fields]):
                known[row[field]] = row
        return {name: known[name] for name in names if name in known}

    def id(self, model: str, field: str, name: str, said: str) -> int:
        """Return the id behind one name. Raises Rejected, naming the data's field `said`, where there is none."""
        found = self.get(model, field, [name])
        if name not in found:
            raise Rejected(f"Tryton has no {model} with {field} {name!r}; create it there first", [said])
        return int(found[name]["id"])

    def forget(self, model: str) -> None:
        """Ask again for what may have changed."""
        for key in [key for key in self._known if key[0] == model]:
            del self._known[key]


def ref(value: int | None) -> str | None:
    """Write a many2one as a key."""
    return None if value is None else str(value)


def inner(row: Row, path: str) -> Any:
    """Read a dotted field (`country.code`), which Tryton gives nested under `country.`; None where a step is empty."""
    *steps, last = path.split(".")
    for step in steps:
        row = row.get(f"{step}.") or {}
    return row.get(last)


def key(value: Any, said: str) -> int:
    """Read a key of ours as Tryton's id. Raises Rejected."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Rejected(f"{said} is {value!r}, which is no id of Tryton's", [said]) from None
