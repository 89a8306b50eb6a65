"""Asked: what `derive` looked up is remembered, so that a cause is asked again once the answer may be another.

A mail that came before its customer is filed when the customer comes; a customer is asked again on the day on which an
invoice falls overdue. Look-ups by an identifier that found exactly one record are not remembered: that one stands, and
what changes in it is no reason to go through all that refer to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hub.model import Values
from hub.plugin import Golden
from hub.store import Tx
from hub.store.tables import asked
from hub.sync.feed import identifier_fields

Question = tuple[str, str, str]
"""(model, field, value) of a look-up; ("", "", day) of a cause to be asked again on that day."""


def question(model: str, fields: Mapping[str, Any], found: int) -> Question | None:
    """What is to be remembered of a look-up that found so many records; of several fields one is enough."""
    for path in sorted(fields, key=lambda path: not _identifies(model, path)):
        if found == 1 and _identifies(model, path):
            return None
        return model, path, folded(fields[path])
    return None


def on_day(day: str) -> Question:
    """What is to be remembered of a cause that wants to be asked again on a day."""
    return "", "", day


def new(tx: Tx, questions: Mapping[str, set[Question]]) -> dict[str, set[Question]]:
    """Those of the causes whose questions are others than those they had."""
    known: dict[str, set[Question]] = {}
    for cause, model, field, value in tx.rows(
        "SELECT cause_id, model, field, value FROM asked WHERE cause_id IN ?", list(questions)
    ):
        known.setdefault(cause, set()).add((model, field, value))
    return {cause: now for cause, now in questions.items() if now != known.get(cause, set())}


def remember(tx: Tx, questions: Mapping[str, set[Question]]) -> None:
    """Put the questions of these causes in the place of those they had."""
    tx.run("DELETE FROM asked WHERE cause_id IN ?", list(questions))
    rows = [(*what, cause) for cause, asks in questions.items() for what in sorted(asks)]
    tx.insert(asked, ("model", "field", "value", "cause_id"), rows)


def due(tx: Tx, today: str) -> list[str]:
    """The causes that want to be asked again by today."""
    rows = tx.rows("SELECT cause_id FROM asked WHERE model = '' AND field = '' AND value <= ?", today)
    return sorted({row[0] for row in rows})


def concerned(tx: Tx, goldens: Iterable[Golden]) -> set[str]:
    """The causes that asked for what these golden records now show, or for what they share, or shared, with others."""
    by_model: dict[str, list[Values]] = {}
    ids = []
    for golden in goldens:
        by_model.setdefault(golden.model, []).append(golden.values)
        ids.append(golden.id)
    for (name,) in tx.rows("SELECT DISTINCT name FROM shared WHERE golden_id IN ?", ids):
        model, scheme, value = name.split(":", 2)
        by_model[model].append({scheme: value})
    found: set[str] = set()
    for model, many in by_model.items():
        for field in _fields(tx, model):
            shown = {text for values in many for text in _shown(values, field)}
            if shown:
                rows = tx.rows(
                    "SELECT cause_id FROM asked WHERE model = ? AND field = ? AND value IN ?",
                    model, field, sorted(shown),
                )  # fmt: skip
                found.update(row[0] for row in rows)
    return found


def shows(golden: Golden, fields: Mapping[str, Any]) -> bool:
    """Whether a golden record has these values now, each under the path given or a kind of it."""
    return all(folded(value) in _shown(golden.values, path) for path, value in fields.items())


def _shown(values: Values, field: str) -> set[str]:
    kinds = f"{field}."
    return {folded(x) for path, x in values.items() if x is not None and (path == field or path.startswith(kinds))}


def folded(value: Any) -> str:
    """A value as look-ups compare it."""
    return (value if isinstance(value, str) else msgspec.json.encode(value).decode()).strip().casefold()


def _fields(tx: Tx, model: str) -> list[str]:
    """The fields of a model that were asked for; a step of the index each, however many questions there are."""
    found: list[str] = []
    while True:
        after = found[-1] if found else ""
        rows = tx.rows("SELECT field FROM asked WHERE model = ? AND field > ? ORDER BY field LIMIT 1", model, after)
        if not rows:
            return found
        found.append(rows[0][0])


def _identifies(model: str, path: str) -> bool:
    stem = path.partition(".")[0]
    return any(f.path in (path, f"{stem}.*") for f in identifier_fields(model))
