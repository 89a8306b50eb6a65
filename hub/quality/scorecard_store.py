"""Keeps scorecards, so that a number can be held against the run before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.quality.scorecard import Score
from hub.store import Store
from hub.store.tables import quality

COLUMNS = ("at", "model", "connection", "line", "measure", "good", "total")
Key = tuple[str, str, str, str]


def keep(store: Store, scores: Sequence[Score]) -> int:
    """Keep a scorecard; return its moment. One that says what the last one of these models said is not kept again."""
    at = store.now()
    models = sorted({score.model for score in scores})
    with store.begin(count=False) as tx:
        rows = tx.rows(
            "SELECT s.model, s.connection, s.line, s.measure, s.good, s.total FROM score s JOIN "
            "(SELECT model, max(at) AS at FROM score WHERE model IN ? GROUP BY model) l ON l.model = s.model AND l.at = s.at",
            models,
        )
        last = {tuple(row) for row in rows}
        changed = {
            model
            for model in models
            if {tuple(s) for s in scores if s.model == model} != {r for r in last if r[0] == model}
        }
        tx.insert(quality.score, COLUMNS, [(at, *score) for score in scores if score.model in changed])
    return at


def before(store: Store, at: int) -> dict[Key, tuple[int, int]]:
    """What the scorecard before that moment said, by place and measure: (good, total)."""
    with store.read() as tx:
        rows = tx.rows(
            "SELECT s.model, s.connection, s.line, s.measure, s.good, s.total FROM score s JOIN "
            "(SELECT model, max(at) AS at FROM score WHERE at < ? GROUP BY model) l ON l.model = s.model AND l.at = s.at",
            at,
        )
    return {(r[0], r[1], r[2], r[3]): (int(r[4]), int(r[5])) for r in rows}


def trend(
    store: Store, model: str | None = None, connection: str = "", line: str = "", limit: int = 30
) -> list[tuple[int, Score]]:
    """The scores of the last runs in one place, the oldest first, each with its moment."""
    of, values = (" AND model = ?", [model]) if model else ("", [])
    with store.read() as tx:
        moments = tx.rows(f"SELECT DISTINCT at FROM score WHERE 1 = 1{of} ORDER BY at DESC LIMIT {int(limit)}", *values)
        if not moments:
            return []
        rows = tx.rows(
            "SELECT at, model, connection, line, measure, good, total FROM score WHERE at >= ? AND connection = ? "
            f"AND line = ?{of} AND measure NOT LIKE 'check:%' ORDER BY at, model, measure",
            moments[-1][0], connection, line, *values,
        )  # fmt: skip
    return [(row[0], Score(row[1], row[2], row[3], row[4], int(row[5]), int(row[6]))) for row in rows]


def lines(store: Store) -> list[str]:
    """The business lines that any scorecard has told of."""
    with store.read() as tx:
        return [row[0] for row in tx.rows("SELECT DISTINCT line FROM score WHERE line <> '' ORDER BY line")]


def moved(score: Score, last: Mapping[Key, tuple[int, int]]) -> float | None:
    """How far a share moved since the run before; None where there was none."""
    found = last.get((score.model, score.connection, score.line, score.measure))
    if found is None or not found[1] or score.share is None:
        return None
    return score.share - found[0] / found[1]
