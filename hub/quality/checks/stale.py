"""Records that should have moved on: nobody has touched them for longer than their state explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from hub.model import Values
from hub.quality.checks.fault import Check, Fault

DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Age:
    """How many days a record may rest; `states` are those in which it must not, none: any; `field` holds the state."""

    days: int
    field: str = ""
    states: tuple[str, ...] = ()


AGES: Mapping[str, tuple[Age, ...]] = {
    "customer": (Age(365, "status", ("lead", "prospect")), Age(1095)),
    "contact": (Age(1095),),
    "deal": (Age(180, "stage", ("open", "qualified", "proposal", "negotiation")),),
    "order": (Age(180, "state", ("draft", "quoted")), Age(365, "state", ("confirmed", "processing"))),
    "invoice": (Age(90, "state", ("draft",)), Age(365, "state", ("open", "partly_paid", "overdue"))),
    "payment": (Age(30, "state", ("pending",)),),
    "message": (Age(2, "state", ("queued",)), Age(90, "state", ("draft",))),
    "ticket": (Age(30, "state", ("new", "open", "waiting")),),
}
# A day that has passed, in a state that says it has not come: (day, state's field, states).
PASSED = {
    "deal": ("expected_on", "stage", ("open", "qualified", "proposal", "negotiation")),
    "contract": ("end_on", "state", ("draft", "active")),
    "order": ("delivery_on", "state", ("draft", "quoted")),
}


def stale(
    model: str, values: Values, changed_at: int | None, now: int, today: date, ages: Mapping[str, int] | None = None
) -> Fault | None:
    """Why a record should have moved on; None where it may rest.

    `changed_at` is its last change anywhere in microseconds, None where no system tells; `ages` sets a model's days.
    """
    rested = (now - changed_at) // DAY if changed_at is not None else -1
    for age in AGES.get(model, ()):
        if age.states and values.get(age.field) not in age.states:
            continue
        days = (ages or {}).get(model, age.days)
        if rested > days:
            state = f" while {values[age.field]}" if age.states else ""
            field = age.field if age.states else ""
            return Fault(
                "stale",
                field,
                values.get(age.field),
                f"nobody has touched it for {rested} days{state}; {days} are usual",
            )
        break
    if model in PASSED:
        path, field, states = PASSED[model]
        day = values.get(path)
        if day and values.get(field) in states and _days_since(str(day), today) > 30:
            return Fault(
                "stale", path, day, f"passed {_days_since(str(day), today)} days ago, and it is still {values[field]}"
            )
    return None


def _days_since(day: str, today: date) -> int:
    try:
        return (today - date.fromisoformat(day[:10])).days
    except ValueError:
        return 0


STALE = (
    Check(
        "stale",
        "what nobody has touched for longer than its state explains",
        measure="timeliness",
        models=(*AGES, "contract"),
    ),
)
