"""What a stream of files is: which files, in which form, and which columns say whose row it is and when it changed."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePath
from typing import Any

from hub.connect import ConfigError
from hub.model import MODELS
from hub.suggest import like

FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet",
           ".pq": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx"}  # fmt: skip
WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Source:
    """The settings of one stream; `path` may hold * and ?, and is relative to the connection's folder."""

    path: str
    model: str
    key: tuple[str, ...] = ()
    format: str = ""
    encoding: str = "utf-8-sig"
    delimiter: str = ""  # of CSV; found out from the first line where it is not given
    sheet: str = ""  # of XLSX; the first where it is not given
    changed: str = ""  # column with the time of the last change, ISO 8601
    id_column: str = "hub_id"

    @property
    def single(self) -> bool:
        """Whether the path names one file, so that it can be written."""
        return not WILD & set(self.path)

    def files(self, folder: Path) -> list[Path]:
        """The files that are there now, by name."""
        if self.single:
            return [folder / self.path] if (folder / self.path).is_file() else []
        return sorted(file for file in folder.glob(self.path) if file.is_file())

    def missing(self, folder: Path) -> str:
        """Say that there is no such file, with what lies where it should."""
        fault = f"{folder / self.path}: no file {'' if self.single else 'matches'}".rstrip()
        there = (folder / self.path).parent
        if WILD & set(str(there)):
            return f"{fault}; correct path in hub.toml, or put the files there"
        if not there.is_dir():
            return f"{fault}, and no folder {there}; correct path in hub.toml, or put the files there"
        names = sorted(file.name for file in there.iterdir() if file.is_file() and not file.name.startswith("."))
        lie = f"there are {', '.join(names[:8])}{' and more' if len(names) > 8 else ''}" if names else "it is empty"
        hint = like(PurePath(self.path).name, names) if self.single else ""
        return f"{fault}{hint}; in {there} {lie}; correct path in hub.toml, or put the file there"

    def columns(self, names: list[str], file: Path) -> list[str]:
        """Check the columns of a file: each once, and those there that the settings name."""
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ConfigError(f"{file}: two columns are called {sorted(twice)[0]!r}; rename one of them")
        for name in (*self.key, *([self.changed] if self.changed else [])):
            if name not in names and name != self.id_column:
                option = "changed" if name == self.changed else "key"
                there = f"there are {', '.join(names)}; correct {option} in hub.toml, or the file"
                raise ConfigError(f"{file}: no column {name!r}{like(name, names)}; {there}")
        return names


def sources(streams: Mapping[str, Mapping[str, Any]]) -> dict[str, Source]:
    """Read the streams of the settings. Raises ConfigError that lists every mistake."""
    faults: list[str] = []
    found: dict[str, Source] = {}
    if not streams:
        faults.append('streams: none; write [connections.NAME.streams.customers] with path = "customers.csv" and model')
    for name, options in streams.items():
        mine: list[str] = []
        source = _source(options, mine)
        faults += [f"streams.{name}: {fault}" for fault in mine]
        if source is not None and not mine:
            found[name] = source
    if faults:
        raise ConfigError("\n".join(faults))
    return found


def _source(options: Mapping[str, Any], faults: list[str]) -> Source | None:
    known = [field.name for field in fields(Source)]
    for name, value in options.items():
        if name not in known:
            faults.append(f"no option {name!r}{like(name, known)}; {', '.join(known)}")
        elif name == "key" and isinstance(value, (list, tuple)):
            faults += [f"key: {item!r} is no column name" for item in value if not isinstance(item, str)]
        elif not isinstance(value, str):
            faults.append(f"{name} must be text")
    for name in ("path", "model"):
        if not options.get(name):
            faults.append(f"{name} is missing")
    if faults:
        return None
    key = options.get("key", ())
    source = Source(**{**options, "key": (key,) if isinstance(key, str) and key else tuple(key)})
    if source.model not in MODELS:
        faults.append(f"no model {source.model!r}; there are {', '.join(MODELS)}")
    form = source.format or FORMATS.get(PurePath(source.path).suffix.lower(), "")
    if form not in FORMATS.values():
        faults.append('the format does not follow from the path; add format = "csv", "jsonl", "parquet" or "xlsx"')
    try:
        codecs.lookup(source.encoding)
    except LookupError:
        faults.append(f"no encoding {source.encoding!r}; for example utf-8, cp1252, gb18030")
    if len(source.delimiter) > 1:
        faults.append("delimiter must be one character")
    return Source(**{name: getattr(source, name) for name in known} | {"format": form})
