"""A mapping, compiled once from its file, and used for each of a million records."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Dict
from typing import Any

from msgspec import UNSET

from hub.mapping import reading, writing
from hub.mapping.converters.text import text
from hub.mapping.path import DECODE, Path, Picker
from hub.mapping.result import Problem, Reading, Writing, shown
from hub.mapping.rows import Place, Row
from hub.model import MODELS

Values = dict[str, Any]
Look = Callable[[str, str], str | None]
Gone = tuple[str, str, str]
"""A reference without an answer: field, stream, key (or golden id)."""


class Mapping:
    """What a stream's records are in canonical form, and the way back; immutable and safe to share by threads."""

    __slots__ = (
        "_constants", "_fast", "_ignore", "_into", "_lists", "_pick", "_plain", "_required", "_update", "_create",
        "_wide", "creatable", "links", "model", "name", "readable", "rows", "stream", "struct", "where", "writable",
    )  # fmt: skip

    def __init__(
        self, name: str, stream: str, model: str, rows: Sequence[Row], *, ignore: Sequence[str] = (), where: str = ""
    ) -> None:
        put: Callable[[str, Any], None] = lambda key, value: object.__setattr__(self, key, value)  # noqa: E731
        put("name", name)
        put("stream", stream)
        put("model", model)
        put("struct", MODELS[model])
        put("rows", tuple(rows))
        put("where", where or name)
        put("_ignore", tuple(ignore))
        put("links", _links(rows))
        put("writable", frozenset(r.field for r in rows if r.writes(create=False)))
        put("creatable", frozenset(r.field for r in rows if r.writes(create=True)))
        put("readable", frozenset(r.field for r in rows if r.reads))
        self._compile(put)

    def __setattr__(self, key: str, value: Any) -> None:
        raise AttributeError(f"a mapping is immutable; change {self.where} and load it again")

    def __repr__(self) -> str:
        return f"Mapping({self.name!r}: {self.stream} -> {self.model}, {len(self.rows)} rows)"

    def _compile(self, put: Callable[[str, Any], None]) -> None:
        wanted = [r for r in self.rows if r.reads and r.theirs is not None]
        simple = [r for r in wanted if not r.options_from and r.each is None]
        places: list[Path] = [r.theirs.path for r in simple if r.theirs]

        def place(at: Place) -> int:
            if at.path not in places[len(simple) :]:
                places.append(at.path)
            return len(simple) + places[len(simple) :].index(at.path)

        plain = [reading.reader(r, self.struct, lambda at: -1) for r in simple]
        put("_plain", tuple(plain))
        put("_fast", tuple((r.row.field, r.convert, r.blank, r.absent) for r in plain))
        rest = (r for r in wanted if r not in simple)
        put("_wide", tuple(reading.reader(r, self.struct, place) for r in rest))
        put("_pick", Picker(places))
        put("_constants", {r.field: r.constant for r in self.rows if r.reads and r.theirs is None})
        put("_required", tuple(r for r in self.rows if r.required and r.reads))
        put("_create", {r.field: writing.writer(r) for r in self.rows if r.writes(create=True)})
        put("_update", {f: w for f, w in self._create.items() if w.row.writes(create=False)})
        put("_lists", {f.split(".", 1)[0] for f in self.links if f not in {r.field for r in self.rows}})
        put("_into", _opened(self.rows))

    def read(self, data: bytes | Dict[str, Any]) -> Reading:
        """Turn a record into canonical values. Never raises: what is wrong with the data is among the problems."""
        try:
            got = self._pick(data)
        except ValueError as error:
            return Reading({}, [Problem("", "", shown(data), f"is {error}")])
        values = self._constants.copy()
        problems: list[Problem] | None = None
        for (field, convert, blank, absent), value in zip(self._fast, got, strict=False):
            if convert is text and type(value) is str and value.isascii():
                values[field] = value or blank
            elif value is None or value == "":
                values[field] = blank
            elif value is UNSET:
                if absent is not UNSET:
                    values[field] = absent
            else:
                try:
                    values[field] = convert(value)
                except Exception as error:  # noqa: BLE001 - a plugin's converter may raise anything
                    problems = [] if problems is None else problems
                    reader = next(r for r in self._plain if r.row.field == field)
                    taken = reader.failed(value, error, problems)
                    if taken is not UNSET:
                        values[field] = taken
        if self._wide:
            problems = [] if problems is None else problems
            for reader in self._wide:
                taken = reader.take(got[reader.at], got, None, problems)
                if taken is not UNSET:
                    values[reader.row.field] = taken
        for row in self._required:
            if values.get(row.field) is None:
                problems = [] if problems is None else problems
                if not any(p.field == row.field and p.severity == "error" for p in problems):
                    there = ".".join(row.theirs.path) if row.theirs else ""
                    problems.append(Problem(row.field, there, None, "is required and missing or empty"))
        return Reading(values, problems or ())

    def write(self, values: Dict[str, Any], create: bool = False) -> Writing:
        """Turn canonical values into data of their shape; fields this mapping does not write now are passed over."""
        writers: dict[str, writing.Writer] = self._create if create else self._update
        data: dict[str, Any] = {}
        skipped: dict[str, str] = {}
        for field, value in values.items():
            writer = writers.get(field)
            if writer is None:
                continue
            try:
                writer.write(value, data, data)
            except Exception as error:  # noqa: BLE001 - a plugin's converter may raise anything
                skipped[field] = str(error) or type(error).__name__
        return Writing(data, skipped)

    def references(self, values: Values) -> Iterator[Gone]:
        """Yield (field, stream, key) of all references in the values."""
        for field, stream in self.links.items():
            if field in values:
                if values[field] is not None:
                    yield field, stream, values[field]
            elif (head := field.split(".", 1)[0]) in self._lists:
                for item in values.get(head) or ():
                    if (key := item.get(field[len(head) + 1 :])) is not None:
                        yield field, stream, key

    def resolve(self, values: Values, look: Look) -> tuple[Values, Sequence[Gone]]:
        """Put golden ids for their keys; a field with an unknown one, or a list that holds one, is left out."""
        if not self.links:
            return values, ()
        gone: list[Gone] = []
        out = dict(values)
        for field, stream in self.links.items():
            if field in out:
                key = out[field]
                if key is not None:
                    found = look(stream, key)
                    if found is None:
                        gone.append((field, stream, key))
                        del out[field]
                    else:
                        out[field] = found
        for head in self._lists:
            if out.get(head):
                items, lost = self._items(head, out[head], look)
                gone += lost
                if lost:
                    del out[head]
                else:
                    out[head] = items
        return out, gone

    unresolve = resolve
    """Put their keys for golden ids: the same walk, `look` gives the key of a golden id in a stream."""

    def _items(self, head: str, items: Sequence[Values], look: Look) -> tuple[list[Values], list[Gone]]:
        inside = {f[len(head) + 1 :]: s for f, s in self.links.items() if f.startswith(f"{head}.")}
        out, gone = [], []
        for item in items:
            made = dict(item)
            for sub, stream in inside.items():
                if (key := item.get(sub)) is not None:
                    made[sub] = look(stream, key)
                    if made[sub] is None:
                        gone.append((f"{head}.{sub}", stream, key))
            out.append(made)
        return out, gone

    def unmapped(self, data: bytes | Dict[str, Any]) -> set[str]:
        """Paths of a record that no row mentions, beside and below those that rows do; for a sample, not for all."""
        try:
            whole = data if isinstance(data, Dict) else DECODE(bytes(data))
        except (ValueError, ArithmeticError, RecursionError):
            return set()
        found: set[str] = set()

        def look(at: Any, known: dict[str, Any], prefix: str) -> None:
            if not isinstance(at, Dict):
                return
            for key, value in at.items():
                path = f"{prefix}{key}"
                if key not in known:
                    if not any(fnmatch.fnmatchcase(path, rule) for rule in self._ignore):
                        found.add(path)
                elif known[key]:
                    look(value, known[key], f"{path}.")

        look(whole, self._into, "")
        return found


def _links(rows: Sequence[Row]) -> dict[str, str]:
    out: dict[str, str] = {}
    for row in rows:
        if row.link is not None:
            out[row.field] = row.link
        for sub in row.each or ():
            if sub.link is not None:
                out[f"{row.field}.{sub.field}"] = sub.link
    return out


def _opened(rows: Sequence[Row]) -> dict[str, Any]:
    """The tree of paths that rows mention; a path taken whole has an empty tree."""
    tree: dict[str, Any] = {}
    whole: set[Path] = set()
    paths: list[Path] = []
    for row in rows:
        inner = [p for sub in row.each or () for p in (sub.theirs, *sub.options_from.values())]
        places = [row.theirs, *row.options_from.values(), *inner]
        paths += [p.path for p in places if p is not None and p.whole]
    for path in paths:
        at = tree
        for step in path:
            at = at.setdefault(step, {})
        whole.add(path)
    for path in whole:
        at = tree
        for step in path:
            at = at.get(step, {})
        at.clear()
    return tree
