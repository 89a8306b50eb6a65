"""Dates that cannot be: an end before its beginning, a signature in the future, a year nobody meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hub.model import MODELS, Values, fields
from hub.quality.checks.fault import Check, Fault

# What cannot come before what, a model each: (earlier, later).
ORDER = {
    "invoice": (("issued_on", "due_on"),),
    "order": (("ordered_on", "delivery_on"),),
    "contract": (("start_on", "end_on"), ("signed_on", "end_on")),
    "deal": (("opened_on", "closed_on"), ("opened_on", "expected_on")),
    "ticket": (("opened_at", "closed_at"), ("opened_at", "first_answer_by"), ("opened_at", "solve_by")),
}
# What has happened, or is not there.
PAST = {
    "invoice": ("issued_on",),
    "order": ("ordered_on",),
    "contract": ("signed_on",),
    "deal": ("opened_on", "closed_on"),
    "payment": ("paid_on", "paid_at"),
    "message": ("sent_at",),
    "ticket": ("opened_at", "closed_at"),
    "customer": ("last_payment_on",),
}
EARLY = {"invoice": timedelta(days=31), "order": timedelta(days=31)}  # documents are dated ahead by up to a month
ZONE = timedelta(days=1)  # it is tomorrow already elsewhere
FIRST, LAST = "1950", "2100"
DATED = {
    model: tuple(path for path in fields(struct) if path.endswith(("_on", "_at", "_by")))
    for model, struct in MODELS.items()
}

EARLIER = tuple({first for pairs in ORDER.values() for first, _ in pairs})
HAPPENED = tuple({path for paths in PAST.values() for path in paths})
ALL_DAYS = tuple({path for paths in DATED.values() for path in paths})


def _order(model: str, values: Values, today: date) -> Iterator[Fault]:
    for first, last in ORDER.get(model, ()):
        earlier, later = values.get(first), values.get(last)
        # ISO text sorts as time does; a day is compared with a day
        if earlier and later and str(later) < str(earlier):
            yield Fault("date-order", last, later, f"is before {first} ({earlier})")


def _future(model: str, values: Values, today: date) -> Iterator[Fault]:
    limit = (today + EARLY.get(model, ZONE)).isoformat()
    for path in PAST.get(model, ()):
        value = values.get(path)
        if value and str(value)[:10] > limit:
            yield Fault("future", path, value, "is in the future, and tells of something that has happened")


def _possible(model: str, values: Values, today: date) -> Iterator[Fault]:
    for path in DATED[model]:
        value: Any = values.get(path)
        if value and not FIRST <= str(value)[:4] < LAST:
            yield Fault("year", path, value, f"is not between {FIRST} and {LAST}")


DAYS = (
    Check("date-order", "an end before its beginning: due before issued, delivered before ordered", models=tuple(ORDER), find=_order, needs=EARLIER),
    Check("future", "what has happened, dated in the future; documents may be dated a month ahead", models=tuple(PAST), find=_future, needs=HAPPENED),
    Check("year", "a year before 1950 or from 2100 on", models=tuple(m for m in DATED if DATED[m]), find=_possible, needs=ALL_DAYS),
)  # fmt: skip
