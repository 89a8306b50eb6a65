"""Reads a mapping file and checks all of it, so that one look shows every mistake."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from hub import mistakes
from hub.errors import MappingError
from hub.mapping.converters import BUILTIN, Converter
from hub.mapping.mapping import Mapping
from hub.mapping.overlap import overlaps
from hub.mapping.row import Notes, RowReader
from hub.mapping.rows import Row
from hub.model import MODELS, Model
from hub.suggest import like
from hub.toml import Key, KeyPath

if TYPE_CHECKING:
    from hub.plugin.registry import Registry

TOP = ("stream", "model", "fields", "ignore", "about")


def load(path: File, converters: Dict[str, Converter] = BUILTIN) -> Mapping:
    """Read a mapping file. Raises MappingError that lists every mistake with file, line and key."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{path}: cannot be read ({error}); is the path right, and the file UTF-8?") from None
    return parse(text, str(path), converters)


def loaded(path: File, registry: Registry) -> Mapping:
    """Read a mapping file that may name the converters of plugins too. Raises MappingError as `load` does."""
    return load(path, BUILTIN.including(registry.converters))


def parse(text: str, where: str, converters: Dict[str, Converter] = BUILTIN) -> Mapping:
    """Make a mapping of a file's text; `where` names it in messages. Raises MappingError as `load` does."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = f":{at[1]}" if at else ""
        raise MappingError(f"{where}{line}: is no TOML: {error}") from None
    notes = Mistakes(where, text)
    notes.known((), data, TOP)
    stream = notes.text(data, "stream", "the name of the connector's stream")
    model = notes.text(data, "model", f"one of {', '.join(MODELS)}")
    struct = MODELS.get(model)
    if model and struct is None:
        notes(("model",), f'no model "{model}"{like(model, MODELS)}')
    table = data.get("fields")
    rows: list[Row] = []
    if not isinstance(table, dict) or not table:
        notes(("fields",), "needs a table [fields] with at least one row: ours = theirs")
    elif struct is not None:
        rows = _rows(table, struct, notes, converters)
    ignore = data.get("ignore", [])
    if not isinstance(ignore, list) or not all(isinstance(i, str) for i in ignore):
        notes(("ignore",), 'is a list of paths, where * stands for anything: ["properties.hs_*"]')
    for key, reason in overlaps(rows):
        notes(key, reason)
    notes.raise_any(MappingError)
    return Mapping(File(where).stem, stream, model, rows, ignore=ignore, where=where)


def _rows(table: dict[str, Any], struct: type[Model], notes: Notes, converters: Dict[str, Converter]) -> list[Row]:
    """Read the rows. A bare key with dots (`emails.main`) is a path as well as the quoted one."""
    reader = RowReader(struct, notes, converters)
    out: list[Row] = []
    seen: dict[str, Key] = {}
    for path, key, value in reader.flat(table):
        if path in seen:
            notes(key, f"a second row for {path}; the first is {'.'.join(seen[path])}")
            continue
        seen[path] = key
        if row := reader.row(path, key, value):
            out.append(row)
    return out


class Mistakes(mistakes.Mistakes):
    """What is wrong with a mapping file."""

    def __call__(self, key: KeyPath, message: str) -> None:
        """Note a mistake at a key."""
        self.add(key, message)

    def known(self, key: Key, table: Dict[str, Any], allowed: Iterable[str]) -> None:
        """Note the keys of a table that mean nothing."""
        allowed = tuple(allowed)
        for name in table:
            if name not in allowed:
                self((*key, name), f"unknown key{like(name, allowed)}; known are {', '.join(allowed)}")

    def text(self, data: Dict[str, Any], name: str, what: str) -> str:
        """Return a required text at the top of the file; "" and a note where it is missing."""
        value = data.get(name)
        if isinstance(value, str) and value:
            return value
        self((name,), f"needs text: {what}")
        return ""
