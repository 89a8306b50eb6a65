"""A mapping, compiled once from its file, and used for each of a million records."""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Dict
from typing import Any

from msgspec import UNSET

from hub.mapping import reading, writing
from hub.mapping.path import Path, Picker, decoded, joined
from hub.mapping.result import Problem, Reading, Writing, shown
from hub.mapping.rows import Place, Row
from hub.model import MODELS

Values = dict[str, Any]
Look = Callable[[str, str], str | None]
new = tuple.__new__  # a NamedTuple's own constructor takes three times as long

ONLY_TEXT = {str}

Gone = tuple[str, str, str]
"""A reference without an answer: field, stream, key (or golden id)."""


class Mapping:
    """What a stream's records are in canonical form, and the way back; immutable and safe to share by threads."""

    def __init__(
        self, name: str, stream: str, model: str, rows: Sequence[Row], *, ignore: Sequence[str] = (), where: str = ""
    ) -> None:
        self.name = name
        self.stream = stream
        self.model = model
        self.struct = MODELS[model]
        self.rows = tuple(rows)
        self.where = where or name
        self.ignore = tuple(ignore)
        self.links = _links(rows)
        self.writable = frozenset(r.field for r in rows if r.writes(create=False))
        self.creatable = frozenset(r.field for r in rows if r.writes(create=True))
        self.readable = frozenset(r.field for r in rows if r.reads)
        self.issued = frozenset(r.field for r in rows if r.issued)
        self._compile()
        self._sealed = True

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(self, "_sealed"):
            raise AttributeError(f"a mapping does not change; mend {self.where} and load it again")
        object.__setattr__(self, name, value)

    def _compile(self) -> None:
        wanted = [r for r in self.rows if r.reads and r.theirs is not None]
        narrow = [r for r in wanted if not r.options_from and r.each is None]
        wide = [r for r in wanted if r.options_from or r.each is not None]
        # The commonest rows, plain text, are read in a loop of their own; those that need more than one value last.
        readers = [reading.reader(r, self.struct) for r in narrow]
        groups: list[list[Path]] = [[], [], []]
        for r in readers:
            groups[not r.is_text].append(_path(r.row))
        groups[2] = list(dict.fromkeys(p.path for r in wide for p in _places(r) if p.whole))
        self._pick = Picker(groups)
        texts, others, rest = self._pick.groups
        self._texts = _ordered([r for r in readers if r.is_text], texts)
        self._others = _ordered([r for r in readers if not r.is_text], others)
        self._fields = tuple(r.row.field for r in self._texts)
        self._slow = {r.row.field: r for r in (*self._others, *self._texts)}
        first = len(texts) + len(others)
        at = {path: first + n for n, path in enumerate(rest)}
        self._wide = tuple(reading.reader(r, self.struct, at) for r in wide)
        self._rest = tuple((r.row.field, r.convert, r.blank, r.absent) for r in self._others)
        # Every text field is there from the start, so that the copy need not grow; what is missing is taken out.
        constants = {r.field: r.constant for r in self.rows if r.reads and r.theirs is None}
        self._start: Values = constants | dict.fromkeys(self._fields)
        self._required = tuple(r for r in self.rows if r.required and r.reads)
        self._create = {r.field: writing.writer(r) for r in self.rows if r.writes(create=True)}
        self._update = {f: w for f, w in self._create.items() if w.row.writes(create=False)}
        self._lists = {f.split(".", 1)[0] for f in self.links if f not in {r.field for r in self.rows}}
        self._known = _opened(self.rows)

    def __repr__(self) -> str:
        return f"Mapping({self.name!r}: {self.stream} -> {self.model}, {len(self.rows)} rows)"

    def read(self, data: bytes | Dict[str, Any]) -> Reading:
        """Turn a record into canonical values. Never raises: what is wrong with the data is among the problems."""
        # One look for a backslash says whether text may be anything but what stands there; in ASCII that is NFC.
        is_json = type(data) is bytes
        escapes = not is_json or b"\\" in data
        try:
            got = self._pick(data, escapes=escapes)
        except ValueError as error:
            return Reading({}, [_unreadable(data, error)])
        plain = not escapes and data.isascii()  # type: ignore[union-attr]  # no escapes: it is bytes
        values = self._start.copy()
        problems: list[Problem] = []
        count = len(self._fields)
        if self._whole(got[:count], plain=plain):
            values.update(zip(self._fields, got))  # noqa: B905 - the keyword costs, and got is longer on purpose
        else:
            self._texts_one_by_one(got, values, problems, plain=plain)
        if self._rest:
            for (field, convert, blank, absent), value in zip(self._rest, got[count:], strict=False):
                if value is None or value == "":
                    values[field] = blank
                elif value is UNSET:
                    if absent is not UNSET:
                        values[field] = absent
                else:
                    try:
                        values[field] = convert(value)
                    except Exception:  # noqa: BLE001 - whatever it was, it is raised and reported once more below
                        self._take(field, value, values, problems)
        for reader in self._wide:
            taken = reader.take(got[reader.at], got, None, problems)
            if taken is not UNSET:
                values[reader.row.field] = taken
        for row in self._required:
            if values.get(row.field) is None:
                self._lacking(row, problems)
        return new(Reading, (values, problems))

    @staticmethod
    def _whole(texts: Sequence[Any], *, plain: bool) -> bool:
        """Whether all these values are texts that may be taken as they stand, as nearly always: asked in one go."""
        if set(map(type, texts)) != ONLY_TEXT or "" in texts:
            return False
        if plain:
            return True
        joined = "\n".join(texts)  # a line feed joins with nothing, so the whole is NFC where each of them is
        return joined.isascii() or (unicodedata.is_normalized("NFC", joined) and _storable(joined))

    def _texts_one_by_one(self, got: Sequence[Any], values: Values, problems: list[Problem], *, plain: bool) -> None:
        for field, value in zip(self._fields, got):  # noqa: B905 - got is longer on purpose
            if type(value) is str and (plain or value.isascii()):
                if value:
                    values[field] = value
            elif value is UNSET:
                del values[field]
            elif value is not None:
                self._take(field, value, values, problems)

    def _take(self, field: str, value: Any, values: Values, problems: list[Problem]) -> None:
        """Read one value the slow way, with a report of what is wrong with it."""
        taken = self._slow[field].take(value, (), None, problems)
        if taken is UNSET:
            values.pop(field, None)
        else:
            values[field] = taken

    def _lacking(self, row: Row, problems: list[Problem]) -> None:
        if not any(p.field == row.field and p.severity == "error" for p in problems):
            there = joined(row.theirs.path) if row.theirs else ""
            problems.append(Problem(row.field, there, None, "is required and missing or empty"))

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

    def ours(self, theirs: Iterable[str]) -> set[str]:
        """Our fields for names over there, as a refusal gives them: whole paths or their last step."""
        names = set(theirs)
        return {
            row.field for row in self.rows for at in _places(row) if joined(at.path) in names or at.path[-1] in names
        }

    def unmapped(self, data: bytes | Dict[str, Any]) -> set[str]:
        """Paths of a record that no row mentions, beside and below those that rows do; for a sample, not for all."""
        try:
            whole = decoded(data)
        except ValueError:
            return set()
        found: set[str] = set()

        def look(at: Any, known: dict[str, Any], prefix: str) -> None:
            if not isinstance(at, Dict):
                return
            for key, value in at.items():
                path = f"{prefix}{key}"
                if key not in known:
                    if not any(fnmatch.fnmatchcase(path, rule) for rule in self.ignore):
                        found.add(path)
                elif known[key]:
                    look(value, known[key], f"{path}.")

        look(whole, self._known, "")
        return found


def _storable(text: str) -> bool:
    """Whether no half of a surrogate pair stands in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path(row: Row) -> Path:
    return row.theirs.path if row.theirs else ()


def _ordered(readers: Sequence[reading.Reader], paths: Sequence[Path]) -> tuple[reading.Reader, ...]:
    """The readers in the order in which their values are picked; several may read the same path."""
    left = list(readers)
    out = []
    for path in paths:
        found = next(r for r in left if _path(r.row) == path)
        left.remove(found)
        out.append(found)
    return tuple(out)


def _places(row: Row) -> list[Place]:
    """All places a row and the rows of its items look at."""
    inner = [p for sub in row.each or () for p in _places(sub)]
    return [p for p in (row.theirs, *row.options_from.values(), *inner) if p is not None]


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
        paths += [p.path for p in _places(row) if p.whole]
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


def _unreadable(data: bytes | Dict[str, Any], error: ValueError) -> Problem:
    """A record that is none; text that does not even begin as JSON says by itself what is wrong with it."""
    if not isinstance(data, bytes):
        return Problem("", "", shown(data), f"is {error}")
    text = data.decode("utf-8", "replace").strip()
    reason = f"is {error}" if text.startswith(("{", "[", '"')) or not text else "cannot be read as a record"
    return Problem("", "", shown(text), reason)
