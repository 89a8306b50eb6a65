"""What the papers of a closing have in common: who writes, to whom, and facts without empty lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hub.closure.plan import Plan
from hub.paper import Facts

Pair = tuple[str, Any]


def stated(pairs: Iterable[Pair]) -> Facts:
    """The facts of which something is known."""
    return Facts(tuple((name, value) for name, value in pairs if value not in (None, "", [])))


def lines(name: str, values: Sequence[str]) -> Iterator[Pair]:
    """A fact of several lines, such as an address."""
    for number, value in enumerate(v for v in values if v):
        yield ("" if number else name), value


def sender(plan: Plan) -> tuple[str, ...]:
    """Who writes: the legal entity with its address, or the plan's owner where it names none."""
    return (plan.entity or plan.owner, *plan.address)


def asked(plan: Plan) -> str:
    """Whom to ask: the plan's contact, or its owner where it names none."""
    return plan.contact or plan.owner
