"""Reading hub.toml whole: every mistake is found at once and told with file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hub.config import closing, duplicates, finance, quality
from hub.config.cron import cron_fault, seconds
from hub.config.env import environment
from hub.config.kinds import Kind
from hub.config.paths import find, starter
from hub.config.project import (
    ConnectionConfig,
    Create,
    OnTombstone,
    Project,
    Rule,
    RuleName,
    ScheduleConfig,
    Scheduled,
    StreamConfig,
)
from hub.config.settings import Settings
from hub.config.table import Table
from hub.config.tokens import sealing_keys
from hub.errors import ConfigError
from hub.mistakes import Mistakes
from hub.model import MODELS, field, fields
from hub.secret import Secret, revealed
from hub.suggest import like

NAME = re.compile(r"[a-z][a-z0-9_-]*")
OWN = "hub"  # the connection of what the hub derives itself; it may be named in an order
STREAM_KEYS = ("mapping", "pull", "push", "create", "on_tombstone", "vanish_limit")

Kinds = Mapping[str, Kind]


def load(
    path: Path | None = None,
    *,
    strict: bool | Collection[str] = True,
    kinds: Callable[[Path, frozenset[str]], Kinds] | None = None,
    env: Mapping[str, str] | None = None,
) -> Project:
    """Read and check a project's settings.

    `path` is hub.toml or its folder; None looks upward from the working directory. `strict` says for which
    connections a variable that is not set is an error: all, or the ones named; False: not even for the store, which is
    then empty. `kinds` is given the plugins
    folder and the connectors that are named, and answers what each takes; without it settings are not checked against
    connectors. Raises ConfigError that lists every mistake.
    """
    file = find(path)
    try:
        text = file.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not written in UTF-8 (byte {error.start}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {error}") from None
    reader = _Reader(file, text, data, strict, environment(file.parent) if env is None else env)
    return reader.read(kinds)


class _Reader:
    def __init__(
        self, file: Path, text: str, data: dict[str, Any], strict: bool | Collection[str], env: Mapping[str, str]
    ) -> None:
        self.root = file.parent
        shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
        self.mistakes = Mistakes(str(shown), text)
        self.top = Table(data, (), self.mistakes)
        self.strict = strict
        self.brought: list[Path] = []
        self.env = {"HUB_PROJECT": str(file.parent), **env}  # so that settings can name files beside hub.toml

    def read(self, kinds: Callable[[Path, frozenset[str]], Kinds] | None) -> Project:
        head = self.top.table("hub")
        store = self.store(head)
        token_key = self.token_key(head)
        line = head.text("line", "main") or "main"
        mappings = Path(head.text("mappings", "mappings") or "mappings")
        plugins = Path(head.text("plugins", "plugins") or "plugins")
        head.done()
        known = kinds(self.root / plugins, self.named_connectors()) if kinds else None
        connections = {
            name: self.connection(name, table, known, mappings)
            for name, table in self.top.table("connections").tables()
        }
        rules = self.rules(connections)
        schedules = {n: self.schedule(n, t, connections) for n, t in self.top.table("schedules").tables()}
        of_duplicates = duplicates.read(self.top.table("duplicates"), connections)
        of_finance = finance.read(self.top.table("finance"))
        of_closing = closing.read(self.top.table("closing"))
        of_quality = quality.read(self.top.table("quality"))
        self.top.done()
        self.mistakes.raise_any()
        return Project(
            self.root, store, connections, line, rules, schedules, mappings, plugins,
            of_duplicates, of_finance, of_closing, of_quality, tuple(self.brought), token_key,
        )  # fmt: skip

    def named_connectors(self) -> frozenset[str]:
        tables = self.top.data.get("connections")
        inner = tables.values() if isinstance(tables, dict) else ()
        names = [table.get("connector") for table in inner if isinstance(table, dict)]
        return frozenset(name for name in names if isinstance(name, str))

    def store(self, head: Table) -> Secret:
        raw = head.text("store", "sqlite:///hub.db") or ""
        settings = Settings(self.root, self.env, self.mistakes, strict=self.strict is not False)
        url = settings.text(raw, ("hub", "store"))
        if url is None:
            return Secret("")  # never a default in its place: that would be another, empty database
        scheme, _, rest = revealed(url).partition("://")
        if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
            return Secret(f"postgresql+psycopg://{rest}")
        if scheme != "sqlite":
            head.wrong("store", "must be sqlite:///FILE or postgresql://USER@HOST/DATABASE")
        name = rest.removeprefix("/")
        return Secret(url if name in ("", ":memory:") else f"sqlite:///{self.root / name}")

    def token_key(self, head: Table) -> Secret | None:
        raw = head.data.get("token_key")
        head.known.append("token_key")
        if raw is None:
            return None
        settings = Settings(self.root, self.env, self.mistakes, strict=self.strict is not False)
        found = settings.value(raw, ("hub", "token_key"), hidden=True)
        if not isinstance(found, Secret):
            return None
        try:
            sealing_keys(found)
        except ConfigError as error:
            head.wrong("token_key", str(error))
        return found

    def connection(self, name: str, table: Table, kinds: Kinds | None, mappings: Path) -> ConnectionConfig:
        if not NAME.fullmatch(name) or name == OWN:
            reason = "is the hub's own name" if name == OWN else "must be lower-case letters, digits, - and _"
            table.wrong(None, f'the name "{name}" {reason}; take another')
        connector = table.text("connector")
        if connector is None and "connector" not in table.data:
            table.wrong(None, 'connector is missing; for example connector = "hubspot" (list them with: hub plugins)')
        kind = kinds.get(connector) if kinds is not None and connector else None
        if kinds is not None and connector and kind is None:
            table.wrong("connector", f'no connector "{connector}"{like(connector, kinds)}; list them with: hub plugins')
        line = table.text("line")
        extra: dict[str, Any] = {}
        streams = {n: self.stream(n, t, connector, kind, extra) for n, t in table.table("streams").tables()}
        if kind is not None and kind.mappings is not None and kind.mappings not in self.brought:
            self.brought.append(kind.mappings)
        if connector and not streams:
            streams = self.mapped(connector, kind, mappings)
        settings = Settings(self.root, self.env, self.mistakes, strict=self.needs(name))
        arguments = settings.read(table.rest() | ({"streams": extra} if extra else {}), table.path, kind)
        return ConnectionConfig(name, connector or "", arguments, line, streams, tuple(dict.fromkeys(settings.missing)))

    def needs(self, connection: str) -> bool:
        return self.strict if isinstance(self.strict, bool) else connection in self.strict

    def stream(
        self, name: str, table: Table, connector: str | None, kind: Kind | None, extra: dict[str, Any]
    ) -> StreamConfig:
        limit = table.get("vanish_limit", float, 0.1)
        if not 0 <= limit <= 1:
            table.wrong("vanish_limit", "must be a share between 0 and 1")
        config = StreamConfig(
            name=name,
            mapping=table.text("mapping") or f"{connector}.{name}",
            pull=table.flag("pull", True),
            push=table.flag("push", False),
            create=table.choice("create", get_args(Create), "never"),
            on_tombstone=table.choice("on_tombstone", get_args(OnTombstone), "ignore"),
            vanish_limit=limit,
        )
        if kind and not kind.open_streams and name not in kind.streams:
            table.wrong(None, f'{kind.name} has no stream "{name}"{like(name, kind.streams)}')
        options = table.rest()
        if options and (kind is None or kind.open_streams) and not any(like(key, STREAM_KEYS) for key in options):
            extra[name] = options  # such a connector takes its streams, with options of their own, as a setting
        else:
            table.done()
        return config

    def mapped(self, connector: str, kind: Kind | None, mappings: Path) -> dict[str, StreamConfig]:
        """Every stream of the connector that has a mapping file, for reading only."""
        brought = kind.mappings if kind else None
        places = [folder for folder in (self.root / mappings, brought, starter("mappings")) if folder is not None]
        files = {file.stem for folder in places if folder.is_dir() for file in folder.glob(f"{connector}.*.toml")}
        names = [stem.removeprefix(f"{connector}.") for stem in sorted(files)]
        return {
            n: StreamConfig(n, f"{connector}.{n}")
            for n in names
            if kind is None or kind.open_streams or n in kind.streams
        }

    def rules(self, connections: Mapping[str, ConnectionConfig]) -> dict[tuple[str, str], Rule]:
        found: dict[tuple[str, str], Rule] = {}
        for model, table in self.top.table("survivorship").tables():
            if model not in MODELS:
                table.wrong(None, f'no model "{model}"{like(model, MODELS)}; known: {", ".join(MODELS)}')
                continue
            inner = table.table("fields")
            found[model, "*"] = self.rule(table, connections)
            paths = fields(MODELS[model])
            heads = {path.split(".")[0] for path in paths}
            for path, row in inner.tables():
                if path not in heads and field(MODELS[model], path) is None:
                    row.wrong(None, f'{model} has no field "{path}"{like(path, [*paths, *heads])}')
                found[model, path] = self.rule(row, connections)
        return found

    def rule(self, table: Table, connections: Mapping[str, ConnectionConfig]) -> Rule:
        name = table.choice("rule", get_args(RuleName), "newest")
        order = self.named(table, "order", connections)
        table.done()
        if name != "newest" and "order" not in table.data:
            table.wrong("rule", f'"{name}" needs an order of connections, for example order = ["erp"]')
        return Rule(name, order)

    def named(self, table: Table, key: str, connections: Mapping[str, ConnectionConfig]) -> tuple[str, ...]:
        """A list of connections, each of which must be one."""
        names = table.texts(key)
        for number, name in enumerate(names):
            if name not in connections and not (name == OWN and key == "order"):
                known = ", ".join(connections) or "none"
                path = (*table.path, key, number)
                self.mistakes.add(path, f'no connection "{name}"{like(name, connections)}; known: {known}')
        return names

    def schedule(self, name: str, table: Table, connections: Mapping[str, ConnectionConfig]) -> ScheduleConfig:
        cron, every, zone = table.text("cron"), table.text("every"), table.text("timezone", "UTC") or "UTC"
        if (cron is None) == (every is None):
            table.wrong(None, 'needs cron = "0 2 * * *" or every = "15m", and not both')
        if cron is not None and (fault := cron_fault(cron)):
            table.wrong("cron", fault)
        if every is not None and seconds(every) is None:
            table.wrong("every", f'"{every}" is no duration; write "90s", "15m", "2h" or "1d"')
        try:
            ZoneInfo(zone)
        except (KeyError, OSError, ValueError):
            table.wrong("timezone", f'no time zone "{zone}"; write one such as "Europe/Berlin"')
        wanted = self.named(table, "connections", connections)
        what: Scheduled = table.choice("run", get_args(Scheduled), "sync")
        if wanted and what == "duplicates":
            table.wrong("connections", "duplicates are looked for among all records, whatever their connection")
        table.done()
        return ScheduleConfig(name, wanted, cron, seconds(every) if every else None, zone, what)
