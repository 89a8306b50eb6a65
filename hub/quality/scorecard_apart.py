"""What no record tells by itself: references whose target never came, and records that are there twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.model import MODELS, Values, fields
from hub.quality.checks.fault import Fault
from hub.store import Tx


def lost_references(tx: Tx, model: str | None) -> dict[tuple[int, str], Fault]:
    """Records that wait for one that is not there, by (stream, key), where its stream was read to the end.

    As long as the target's stream was not, the reference may still be resolved, and is no fault.
    """
    of = " AND s.model = ?" if model else ""
    rows = tx.rows(
        "SELECT p.stream_id, p.key, t.name, p.target_key, r.waiting FROM pending p "
        "JOIN stream s ON s.id = p.stream_id JOIN stream t ON t.id = p.target_stream_id "
        "LEFT JOIN record r ON r.stream_id = p.target_stream_id AND r.key = p.target_key "
        f"WHERE t.read_to_end = ?{of}",
        True,
        *([model] if model else ()),
    )
    found = {}
    for stream, key, target, target_key, waiting in rows:
        why = (
            "which is in quarantine"
            if waiting == 2
            else "which waits itself"
            if waiting
            else "which was never read there"
        )
        found[stream, key] = Fault("reference", "", f"{target} {target_key}", f"refers to {target} {target_key}, {why}")
    return found


class Duplicates:
    """Finds records that are there twice: pairs somebody has to decide, and numbers given twice."""

    def __init__(self, tx: Tx, model: str | None) -> None:
        self.numbers = {name: path for name in MODELS if (path := _number(name)) and model in (None, name)}
        self.taken: dict[str, Mapping[tuple[str, str | None], int]] = {}
        for name, path in self.numbers.items():
            line = tx.value_at("line") if "line" in fields(MODELS[name]) else "''"
            rows = tx.rows(
                f"SELECT number, line, count(*) FROM (SELECT {tx.value_at(path)} AS number, {line} AS line FROM golden "
                "WHERE model = ? AND into_id IS NULL AND archived_at IS NULL) AS numbers "
                "WHERE number IS NOT NULL GROUP BY number, line HAVING count(*) > 1",
                name,
            )
            self.taken[name] = {(number, line): int(count) for number, line, count in rows}

    def among(self, tx: Tx, page: Sequence[tuple[str, str, Values]]) -> dict[str, list[Fault]]:
        """What is there twice among a page of golden records, by id."""
        found: dict[str, list[Fault]] = {}
        ids = {id for id, _, _ in page}
        for side, other in (("left_id", "right_id"), ("right_id", "left_id")):
            for mine, theirs, pair, likely in tx.rows(
                f"SELECT {side}, {other}, id, probability FROM pair WHERE state = 'open' AND {side} IN ?", sorted(ids)
            ):
                why = f"seems to be {theirs} as well ({likely:.0%}); see: hub duplicates show {pair}"
                found.setdefault(mine, []).append(Fault("duplicate", "", theirs, why))
        for id, model, values in page:
            path = self.numbers.get(model)
            if path and self.taken[model] and values.get(path):
                line = values.get("line") if "line" in fields(MODELS[model]) else ""
                count = self.taken[model].get((str(values[path]), line))
                if count:
                    found.setdefault(id, []).append(
                        Fault("duplicate", path, values[path], f"{count} of them have this {path}")
                    )
        return found


def _number(model: str) -> str | None:
    """The plain field by which a model's records are told apart, such as an invoice's number."""
    found = (path for path, declared in fields(MODELS[model]).items() if declared.identifier and "*" not in path)
    return next((path for path in found if path not in ("domain",)), None)
