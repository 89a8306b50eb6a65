"""What hub.toml says, checked and typed: connections, their streams, and the rules for whose value wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hub.config.closing import Closing
from hub.config.duplicates import Duplicates
from hub.config.finance import Finance
from hub.config.quality import Quality
from hub.errors import ConfigError
from hub.secret import Secret
from hub.suggest import like

RuleName = Literal["newest", "order", "owner"]
Create = Literal["all", "referenced", "never"]
OnTombstone = Literal["ignore", "archive", "unlink"]


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """How one stream of a connection takes part."""

    name: str
    mapping: str  # name of the mapping file without .toml; by default <connector>.<stream>
    pull: bool = True
    push: bool = False  # off until a person has seen the first contact
    create: Create = "never"  # whether golden records that are not there yet are created there
    on_tombstone: OnTombstone = "ignore"
    vanish_limit: float = 0.1  # share of records that may vanish in one full read before the hub stops and asks


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """One configured account of a system."""

    name: str
    connector: str
    settings: Mapping[str, Any]  # the constructor's arguments, secrets resolved; never printed
    line: str | None = None  # the business line its records belong to, where the mapping does not say
    streams: Mapping[str, StreamConfig] = field(default_factory=dict)
    unset: tuple[str, ...] = ()  # variables its settings name that are not set; such settings are left out

    def __repr__(self) -> str:
        return f"ConnectionConfig({self.name!r}, {self.connector!r})"


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose value wins where two differ: the newest edit, the first in an order, or one owner."""

    name: RuleName = "newest"
    order: tuple[str, ...] = ()  # connections, the best first; those not named come after all that are


Scheduled = Literal["sync", "duplicates", "finance"]
"""What a schedule runs: a sync, the search for duplicates, or the morning of finance."""


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """When something runs by itself: `cron` in `timezone`, or `every` so many seconds."""

    name: str
    connections: tuple[str, ...] = ()  # none named: all
    cron: str | None = None
    every: float | None = None
    timezone: str = "UTC"
    run: Scheduled = "sync"


@dataclass(frozen=True, slots=True)
class Project:
    """A project folder: hub.toml and what stands beside it."""

    root: Path
    store: Secret  # SQLAlchemy URL, which may hold a password; empty where its variable is not set
    connections: Mapping[str, ConnectionConfig] = field(default_factory=dict)
    line: str = "main"  # the business line of records whose connection names none
    rules: Mapping[tuple[str, str], Rule] = field(default_factory=dict)  # (model, field path or "*")
    schedules: Mapping[str, ScheduleConfig] = field(default_factory=dict)
    mappings: Path = Path("mappings")  # the folders of its own mapping files and plugins, relative to root
    plugins: Path = Path("plugins")
    duplicates: Duplicates = field(default_factory=Duplicates)
    finance: Finance = field(default_factory=Finance)
    closing: Closing = field(default_factory=Closing)
    quality: Quality = field(default_factory=Quality)
    brought: tuple[Path, ...] = ()  # folders of mapping files that the packages of its connectors bring
    token_key: Secret | None = None  # seals tokens that change, where the store is PostgreSQL

    def connection(self, name: str) -> ConnectionConfig:
        """Return a connection. Raises ConfigError that says which there are."""
        if name not in self.connections:
            known = ", ".join(self.connections) or "none yet"
            raise ConfigError(f'no connection "{name}"{like(name, self.connections)}; known: {known}')
        return self.connections[name]

    def rule(self, model: str, path: str) -> Rule:
        """Return the survivorship rule of a field: its own, its first step's, the model's, else the newest."""
        for name in (path, path.split(".", maxsplit=1)[0], "*"):
            if (model, name) in self.rules:
                return self.rules[model, name]
        return Rule()

    def __repr__(self) -> str:
        return f"Project({str(self.root)!r})"
