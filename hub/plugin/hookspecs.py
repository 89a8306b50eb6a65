"""The hooks a plugin may implement; a test fails for every one that has no test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import pluggy

from hub.connect.base import Connector
from hub.model import Values
from hub.plugin.derived import Candidate, Derived, Event, Golden, Look
from hub.plugin.matching import Compare

PROJECT = "hub"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

RegisterConnector = Callable[[type[Connector]], None]
RegisterConverter = Callable[[str, Callable[..., Any], Callable[..., Any]], None]
MatchRule = Callable[[Values], Iterable[str]]
RegisterMatchRule = Callable[[str, str, MatchRule | Compare], None]
Check = Callable[[Values], Iterable[str]]


class RegisterCheck(Protocol):
    """What `register_checks` is handed."""

    def __call__(self, name: str, model: str, check: Check, *, severe: bool = True) -> None:
        """Take a check of a model's records; one that is not severe keeps no record out."""
        ...


@hookspec
def register_connectors(register: RegisterConnector) -> None:
    """Call `register(cls)` for each connector class; its `name` is what hub.toml says."""


@hookspec
def register_converters(register: RegisterConverter) -> None:
    """Call `register(name, read, write)` for each converter a mapping may name with `as`."""


@hookspec
def register_match_rules(register: RegisterMatchRule) -> None:
    """Call `register(name, model, rule)`; two records for which `rule(values)` yields a common text are the same.

    A `Compare` in the place of the rule adds one more respect in which records of the model are compared.
    """


@hookspec
def register_checks(register: RegisterCheck) -> None:
    """Call `register(name, model, check)`; a record for which `check(values)` yields reasons is quarantined with them.

    With `severe=False` it is kept in, and counted by `hub quality`.
    """


@hookspec
def register_commands(cli: Any) -> None:
    """Add commands to the hub's Typer application."""


@hookspec(firstresult=True)
def survive(model: str, field: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate whose value wins, or None to leave it to the next plugin and then to hub.toml's rule."""


@hookspec
def derive(golden: Golden, look: Look) -> Iterable[Derived]:  # type: ignore[empty-body]
    """Yield the records that follow from this golden one; what is no longer yielded is withdrawn."""


@hookspec
def on_event(event: Event) -> None:
    """Hear of a run that failed or ended with findings, of refused writes, quarantined records, and new fields."""
