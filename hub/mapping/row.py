"""Reads and checks one row of a mapping file against the model and the converters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Dict
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, get_args

import msgspec
from msgspec import UNSET

from hub.mapping.converters import Converter
from hub.mapping.converters.amounts import decimal_sign
from hub.mapping.converters.times import pattern, place
from hub.mapping.path import indexed, split
from hub.mapping.rows import On, Place, Row
from hub.mapping.shape import legal, words
from hub.mapping.words import enum
from hub.model import Field, Money, field, fields
from hub.suggest import like
from hub.toml import Key

KEYS = (
    "theirs", "as", "values", "back", "other", "on", "bad", "default", "value", "required", "issued", "link", "empty", "each",
)  # fmt: skip
MARKS = frozenset(KEYS)
JUDGES: dict[str, Callable[[Any], object]] = {"point": decimal_sign, "form": pattern, "zone": place}  # of options
BY_TYPE: dict[Any, str] = {
    str: "text", Decimal: "decimal", date: "date", datetime: "moment", bool: "bool", int: "int", list: "list",
}  # fmt: skip


class Notes(Protocol):
    """Where mistakes are noted."""

    def __call__(self, key: Key, message: str) -> None:
        """Note a mistake at a key of the file."""

    def known(self, key: Key, table: Dict[str, Any], allowed: Iterable[str]) -> None:
        """Note the keys of a table that mean nothing."""

    def line(self, key: Key) -> int:
        """The line of a key."""


class RowReader:
    """Reads the rows for one model, or for the items of one list."""

    def __init__(
        self, struct: type[msgspec.Struct], notes: Notes, converters: Dict[str, Converter], *, inside: bool = False
    ) -> None:
        self.struct, self.notes, self.converters, self.inside = struct, notes, converters, inside

    def flat(self, table: Dict[str, Any], prefix: Key = ("fields",)) -> Iterator[tuple[str, Key, Any]]:
        """Yield (field path, key, row) of a table, where `emails.main` may be written with or without quotes."""
        for name, value in table.items():
            key = (*prefix, name)
            start = 2 if self.inside else 1
            path = ".".join(key[len(self._above(prefix, start)) :])
            if isinstance(value, dict) and value and not MARKS & value.keys() and self._deeper(path):
                yield from self.flat(value, key)
            else:
                yield path, key, value

    def _above(self, prefix: Key, start: int) -> Key:
        return prefix[: prefix.index("each") + 1] if self.inside else prefix[:start]

    def _deeper(self, path: str) -> bool:
        return field(self.struct, path) is None and any(f.startswith(f"{path}.") for f in self._patterned(path))

    def _patterned(self, path: str) -> list[str]:
        steps = path.split(".")
        if len(steps) > 1:
            return [".".join((f.split(".")[0], steps[1], *f.split(".")[2:])) for f in fields(self.struct) if "*" in f]
        return list(fields(self.struct))

    def row(self, path: str, key: Key, value: Any) -> Row | None:
        """Read one row; None where it is too wrong to go on, with the reasons noted."""
        spec = field(self.struct, path)
        if spec is None:
            known = [f.replace("*", "main") for f in fields(self.struct)]
            hint = like(path, known) or like(path.split(".")[0], known)
            self.notes(key, f'{self.struct.__name__} has no field "{path}"{hint}')
            return None
        table = {"theirs": value} if isinstance(value, str) else value
        if not isinstance(table, dict):
            self.notes(key, 'is a path over there ("properties.name") or a table: { theirs = "...", as = "..." }')
            return None
        return _One(self, path, spec, key, table).read()


class _One:
    """One row while it is being read."""

    def __init__(self, reader: RowReader, path: str, spec: Field, key: Key, table: Dict[str, Any]) -> None:
        self.reader, self.path, self.spec, self.key, self.table = reader, path, spec, key, table

    def note(self, name: str, message: str) -> None:
        self.reader.notes((*self.key, name) if name else self.key, message)

    def read(self) -> Row | None:
        table = self.table
        if ("theirs" in table) == ("value" in table):
            self.note("", 'needs either theirs = "path" or value = a constant')
            return None
        named, converter = self._converter()
        if converter is None:
            return None
        options, options_from = self._options(named, converter)
        spec = self.spec
        values, back, other = enum(table, spec, self.reader.struct, self.note)
        on = self._one_of("on", get_args(On), "both")
        bad = self._one_of("bad", ("quarantine", "skip"), "quarantine")
        theirs = self._place("theirs") if "theirs" in table else None
        if theirs is not None and indexed(theirs.path) and on in ("both", "create"):
            self.note("theirs", 'a position in a list cannot be written: add on = "pull"')
        if values is None and named == "" and "as" not in table and theirs and spec.type is Money:
            self.note("", 'money needs as = "money" or as = "minor", with currency = "EUR" or currency_from = "path"')
        self._currency(named, options, options_from)
        constant, default = self._literal("value"), self._literal("default")
        empty = table.get("empty", [])
        row = Row(
            field=self.path,
            spec=spec,
            theirs=theirs,
            converter=converter,
            named=named,
            options=options,
            options_from=options_from,
            values=values,
            back=back,
            other=other,
            on=on,
            bad=bad,
            default=default,
            constant=constant,
            required=self._flag("required", spec.required and not self.reader.inside),
            issued=self._issued(),
            link=self._link(theirs),
            empty=tuple(empty) if isinstance(empty, list) else (empty,),
            each=self._each(theirs),
            line=self.reader.notes.line(self.key),
        )
        return self._unambiguous(row)

    def _issued(self) -> bool:
        issued = self._flag("issued", False)
        if issued and not self.spec.identifier:
            self.note("issued", f'belongs to a number that identifies, and "{self.path}" does not')
        return issued

    def _unambiguous(self, row: Row) -> Row:
        if row.values is None or not row.writes(create=True):
            return row
        for ours in dict.fromkeys(row.values.values()):
            several = [t for t, o in row.values.items() if o == ours]
            if len(several) > 1 and ours not in row.back:
                self.note(
                    "values",
                    f"{', '.join(map(repr, several))} all mean {ours!r}: say which one to write with "
                    f'back = {{ {ours} = "{several[0]}" }}, or on = "pull"',
                )
        return row

    def _converter(self) -> tuple[str, Converter | None]:
        named = self.table.get("as", "")
        converters = self.reader.converters
        if not isinstance(named, str) or (named and named not in converters):
            self.note("as", f'no converter "{named}"{like(str(named), converters)}')
            return "", None
        kind = self._kind()
        if not named:
            return "", converters["text" if "values" in self.table else BY_TYPE.get(kind, "text")]
        found = converters[named]
        enum = "values" in self.table or "link" in self.table
        if found.gives not in (None, kind) and not enum:
            fits = [n for n, c in converters.items() if c.gives is kind]
            self.note(
                "as", f"{named!r} makes {_called(found.gives)}, and {self.path} is {_called(kind)} ({', '.join(fits)})"
            )
        return named, found

    def _kind(self) -> Any:
        kind = self.spec.type
        if words(self.spec):
            return str
        return list if getattr(kind, "__origin__", None) is list else kind

    def _options(self, named: str, converter: Converter) -> tuple[dict[str, Any], dict[str, Place]]:
        allowed = (*KEYS, *sorted(converter.options), *sorted(f"{o}_from" for o in converter.options))
        self.reader.notes.known(self.key, self.table, allowed)
        options = {k: v for k, v in self.table.items() if k in converter.options}
        for name, judge in JUDGES.items():
            if name in options and (name != "form" or converter.gives in (date, datetime)):
                try:
                    judge(options[name])
                except ValueError as error:
                    self.note(name, str(error) if name == "zone" else f"{options[name]!r} {error}")
        places = {}
        for name in converter.options:
            if f"{name}_from" in self.table and (place := self._place(f"{name}_from")):
                places[name] = place
        return options, places

    def _currency(self, named: str, options: Dict[str, Any], options_from: Dict[str, Place]) -> None:
        if named in ("money", "minor") and "currency" not in options and "currency_from" not in self.table:
            self.note("as", f'{named!r} needs currency = "EUR", or currency_from = "path of the currency"')
        if "currency" in options:
            try:
                self.reader.converters["currency"].read(options["currency"])
            except ValueError as error:
                self.note("currency", f"{options['currency']!r} {error}")

    def _place(self, name: str) -> Place | None:
        text = self.table[name]
        if not isinstance(text, str):
            self.note(name, 'is a path over there, such as "properties.name"')
            return None
        try:
            whole = text.startswith("^")
            return Place(split(text[1:] if whole else text), whole or not self.reader.inside)
        except ValueError as error:
            self.note(name, str(error))
            return None

    def _one_of(self, name: str, allowed: tuple[str, ...], default: str) -> Any:
        value = self.table.get(name, default)
        if value not in allowed:
            self.note(name, f'"{value}" is none of {", ".join(allowed)}{like(str(value), allowed)}')
            return default
        return value

    def _flag(self, name: str, default: bool) -> bool:
        value = self.table.get(name, default)
        if not isinstance(value, bool):
            self.note(name, "is true or false")
            return default
        return value

    def _literal(self, name: str) -> Any:
        if name not in self.table:
            return UNSET
        value = self.table[name]
        if isinstance(value, (date, datetime)):
            value = value.isoformat()
        if not legal(self.spec, self.reader.struct, value):
            allowed = words(self.spec)
            self.note(name, f"{value!r} does not fit {self.path}" + (f": {', '.join(allowed)}" if allowed else ""))
        return value

    def _link(self, theirs: Place | None) -> str | None:
        link = self.table.get("link")
        if link is None:
            if self.spec.ref and theirs is not None:
                self.note("", f'refers to a {self.spec.ref}: add link = "the stream the key over there belongs to"')
            return None
        if not isinstance(link, str) or not link:
            self.note("link", "is the name of a stream of the same connection")
            return None
        if not self.spec.ref:
            refs = [f.path for f in fields(self.reader.struct).values() if f.ref]
            self.note("link", f"{self.path} is no reference in the model; those are: {', '.join(refs) or 'none'}")
            return None
        return link

    def _each(self, theirs: Place | None) -> tuple[Row, ...] | None:
        each, parts = self.table.get("each"), self.spec.parts
        if parts is None:
            if each is not None:
                self.note("each", f"{self.path} is no list of parts")
            return None
        if not isinstance(each, dict) or not each:
            self.note("", f'is a list of parts: say how each is read: each.{next(iter(fields(parts)))} = "path"')
            return None
        inner = RowReader(parts, self.reader.notes, self.reader.converters, inside=True)
        found = (inner.row(path, key, value) for path, key, value in inner.flat(each, (*self.key, "each")))
        return tuple(row for row in found if row is not None)


def _called(kind: Any) -> str:
    return {str: "text", list: "a list"}.get(kind, getattr(kind, "__name__", str(kind)).lower())
