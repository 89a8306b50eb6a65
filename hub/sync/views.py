"""What there is to see: how streams stand, golden records, and why each value is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hub.config import Project
from hub.store import Store, Tx
from hub.sync.clock import moment
from hub.sync.derive import find
from hub.sync.feed import HUB
from hub.sync.follow import group, seen_by_others
from hub.sync.stamp import FOUND, Stamp
from hub.sync.state import GOLDEN, LINK, Golden, golden_of, link_of

Rows = list[dict[str, Any]]  # since Views has a method of the name `list`


class Views:
    """Reads the store for people."""

    def __init__(self, store: Store, project: Project) -> None:
        self._store = store
        self._project = project

    def status(self) -> Rows:
        """A row a stream: what was read, what waits, what needs a person."""
        with self._store.read() as tx:
            streams = tx.rows("SELECT id, connection, name, model, read_to_end, synced_at FROM stream ORDER BY id")
            records = {r[0]: r[1:] for r in tx.rows(
                "SELECT stream_id, sum(CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END), "
                "sum(CASE WHEN waiting IN (1, 3) THEN 1 ELSE 0 END), sum(CASE WHEN waiting = 2 THEN 1 ELSE 0 END) "
                "FROM record GROUP BY stream_id"
            )}  # fmt: skip
            queued = {r[0]: r[1] for r in tx.rows("SELECT stream_id, count(*) FROM outbox GROUP BY stream_id")}
            dead = {r[0]: r[1] for r in tx.rows("SELECT stream_id, count(*) FROM dead_letter GROUP BY stream_id")}
            runs = tx.rows("SELECT ended_at, outcome FROM run ORDER BY id DESC LIMIT 1")
        found = []
        for id, connection, name, model, read_to_end, synced_at in streams:
            config = self._project.connections.get(connection)
            stream = config.streams.get(name) if config else None
            if connection == HUB and id not in records:
                continue
            kept = records.get(id, (0, 0, 0))
            found.append({
                "connection": connection, "stream": name, "model": model,
                "pull": bool(stream and stream.pull), "push": bool(stream and stream.push),
                "records": int(kept[0]), "waiting": int(kept[1]), "quarantined": int(kept[2]),
                "queued": queued.get(id, 0), "dead": dead.get(id, 0), "read_to_end": bool(read_to_end),
                "last_run_at": moment(synced_at).isoformat() if synced_at else None,
                "outcome": runs[0][1] if runs else None,
            })  # fmt: skip
        return found

    def list(self, model: str, where: Mapping[str, str], limit: int | None, *, archived: bool = False) -> Rows:
        """Golden records of a model whose fields have these values; archived ones only where asked for."""
        with self._store.read() as tx:
            found = find(tx, model, dict(where), limit, archived=archived)
            rows = seen_by_others(tx, [(r[0], r[1], msgspec.json.decode(r[2])) for r in found])
        return [{"id": id, "model": model, "values": values} for id, model, values in rows]

    def show(self, model: str, id: str) -> Rows | None:
        """Rows of kind field, link and lost; None where there is no such record."""
        with self._store.read() as tx:
            golden = self._follow(tx, id)
            if golden is None or golden.model != model:
                return None
            names = {r[0]: (r[1], r[2]) for r in tx.rows("SELECT id, connection, name FROM stream")}
            links = tx.rows(f"SELECT {LINK} FROM record WHERE golden_id = ? ORDER BY stream_id, key", golden.id)
            lost = tx.rows(
                "SELECT field, value, over, won, stream_id, key, stamp FROM lineage WHERE golden_id IN ? ORDER BY id",
                group(tx, [golden.id]),
            )
            values = seen_by_others(tx, [(golden.id, golden.model, golden.values)])[0][2]
        rows = [self._field(golden, path, value, names) for path, value in values.items() if value is not None]
        for row in links:
            link = link_of(row)
            connection, stream = names[link.stream]
            why = "there" if link.alive else "gone over there"
            if link.waiting:
                why = ("", "waits to be merged", "in quarantine", "waits for a reference")[link.waiting]
            at = moment(link.changed_at).isoformat() if link.changed_at else None
            rows.append(
                {"kind": "link", "connection": connection, "stream": stream, "key": link.key, "at": at, "why": why}
            )
        for path, value, _, won, stream_id, key, stamp in lost:
            if won:
                continue
            connection, stream = names.get(stream_id, (None, None))
            own = msgspec.json.decode(stamp, type=Stamp).again
            rows.append({
                "kind": "lost", "field": path, "value": msgspec.json.decode(value), "connection": connection,
                "stream": stream, "key": key, "at": moment(own.at).isoformat(),
                "why": self._rule(golden.model, path),
            })  # fmt: skip
        return rows

    def _follow(self, tx: Tx, id: str) -> Golden | None:
        while True:
            rows = tx.rows(f"SELECT {GOLDEN} FROM golden WHERE id = ?", id)
            if not rows:
                return None
            golden = golden_of(rows[0])
            if golden.into_id is None:
                return golden
            id = golden.into_id

    def _field(self, golden: Golden, path: str, value: Any, names: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
        stamp = golden.stamp(path)
        own = stamp.again
        connection, stream = names.get(own.stream, (None, None))
        if own.sight == FOUND:
            why = "found there at first contact"
        elif stamp.depth:
            why = "edited there, on top of what the others showed"
        else:
            why = f"edited there; {self._rule(golden.model, path)}"
        return {
            "kind": "field", "field": path, "value": value, "connection": connection, "stream": stream,
            "key": own.key, "at": moment(own.at).isoformat(), "why": why,
        }  # fmt: skip

    def _rule(self, model: str, path: str) -> str:
        rule = self._project.rule(model, path)
        return f"rule {rule.name}" + (f" ({', '.join(rule.order)})" if rule.order else "")
