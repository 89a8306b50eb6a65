"""All checks, and those of plugins, made ready for each shape of record so that a value is asked only what concerns it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from hub.model import Values
from hub.quality.checks.days import DAYS
from hub.quality.checks.fault import Check, Fault, Find, Test
from hub.quality.checks.formats import FORMATS
from hub.quality.checks.numbers import NUMBERS
from hub.quality.checks.presence import PRESENCE, Wanted, matches, missing, wanted
from hub.quality.checks.stale import STALE
from hub.quality.checks.totals import TOTALS

ELSEWHERE = (
    Check("reference", "a record it refers to that is not there, though its stream was read to the end"),
    Check("quarantine", "a record that a mapping or a severe check keeps out"),
    Check("duplicate", "a record that another one seems to be, or whose number another one has", measure="uniqueness"),
)
CHECKS: tuple[Check, ...] = (*PRESENCE, *FORMATS, *NUMBERS, *DAYS, *TOTALS, *ELSEWHERE, *STALE)
BY_NAME = {check.name: check for check in CHECKS}

Reasons = Callable[[Values], Iterable[str]]


NOTHING_WANTED = Wanted(0, (), ())


class Verdict(NamedTuple):
    """What the checks say of one record's values."""

    faults: tuple[Fault, ...]
    expected: int  # fields it should hold
    lacking: int  # of these, fields it does not


class Plan(NamedTuple):
    """What is asked of records of one shape: tests of values by path, whole-record checks, and what they should hold."""

    tests: tuple[tuple[str, str, Test], ...]
    finds: tuple[Find, ...]
    mixed: bool  # whether one of these finds also for a check that is off
    plugins: tuple[tuple[str, Reasons], ...]
    wanted: Wanted


@dataclass(slots=True)
class Book:
    """The checks in force; `plugins` are those of plugins by name: (model, check)."""

    plugins: Mapping[str, tuple[str, Reasons]] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    _plans: dict[tuple[str, tuple[str, ...], str], Plan] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The checks in force, ours first; a plugin's check of the same name stands in for ours."""
        return [name for name in dict.fromkeys((*BY_NAME, *self.plugins)) if name not in self.off]

    def measure(self, name: str) -> str:
        """What a check counts towards."""
        return BY_NAME[name].measure if name in BY_NAME and name not in self.plugins else "validity"

    def judge(self, model: str, values: Values, today: date) -> Verdict:
        """Ask everything of a record's values that can be asked of them alone."""
        plan = self._plan(model, tuple(values), str(values.get("kind", "")))
        faults: list[Fault] = []
        for path, name, test in plan.tests:
            value = values[path]
            if value is not None and value != "" and (why := test(value, values)):
                faults.append(Fault(name, path, value, why))
        for find in plan.finds:
            faults += find(model, values, today)
        if plan.mixed:
            faults = [fault for fault in faults if fault.check not in self.off and fault.check not in self.plugins]
        for name, check in plan.plugins:
            faults += (Fault(name, "", None, str(why)) for why in _reasons(check, values))
        lacks = missing(values, plan.wanted)
        return Verdict((*faults, *lacks), plan.wanted.size, len(lacks))

    def _plan(self, model: str, paths: tuple[str, ...], kind: str) -> Plan:
        plan = self._plans.get((model, paths, kind))
        if plan is None:
            ours = [check for check in CHECKS if check.name not in self.off and check.name not in self.plugins]
            tests = (
                (path, check.name, check.test)
                for check in ours
                if check.test is not None
                for pattern in (*check.paths.get("*", ()), *check.paths.get(model, ()))
                for path in paths
                if matches(pattern, path)
            )
            finds = dict.fromkeys(
                check.find for check in ours if check.find is not None and _asked(check, model, paths)
            )
            shared = {check.find for check in CHECKS if check.find is not None and check not in ours}
            expects = any(check.name == "missing" for check in ours)
            plan = Plan(
                tuple(tests),
                tuple(finds),
                mixed=not shared.isdisjoint(finds),
                plugins=tuple((n, c) for n, (of, c) in self.plugins.items() if of == model and n not in self.off),
                wanted=wanted(model, paths, kind) if expects else NOTHING_WANTED,
            )
            if len(self._plans) < 10_000:  # as many shapes of records as anybody has
                self._plans[model, paths, kind] = plan
        return plan


def _asked(check: Check, model: str, paths: tuple[str, ...]) -> bool:
    if check.models and model not in check.models:
        return False
    return not check.needs or any(matches(pattern, path) for pattern in check.needs for path in paths)


def _reasons(check: Reasons, values: Values) -> Sequence[str]:
    """What a plugin's check says; one that fails says so of the record instead of ending the run."""
    try:
        return list(check(values))
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything
        return [f"the check itself failed: {type(error).__name__}: {error}"]


def severe(*names: str) -> Iterator[tuple[str, str, Reasons]]:
    """Hand over checks as a plugin registers them, so that the walk quarantines what they find.

    Yields (name, model, check) for each model a check is of. Raises KeyError for a check there is none of.
    """
    from hub.model import MODELS

    for name in names:
        check = BY_NAME[name]
        models = check.models or tuple(m for m in MODELS if "*" in check.paths or m in check.paths or not check.paths)
        for model in models:
            yield f"{name}-{model}", model, _reasons_of(name, model)


def _reasons_of(name: str, model: str) -> Reasons:
    book = Book(off=frozenset(BY_NAME) - {name})

    def check(values: Mapping[str, Any]) -> Iterator[str]:
        today = datetime.now(UTC).date()
        yield from (
            f"{fault.field}: {fault.reason}" if fault.field else fault.reason
            for fault in book.judge(model, dict(values), today).faults
        )

    return check
