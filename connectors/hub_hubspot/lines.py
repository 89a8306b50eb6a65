"""Line items: records of their own that hang on a deal, an order or an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.connect import Rejected
from hub_hubspot.api import BATCH, Api, Row, chunks, row_error
from hub_hubspot.shapes import LINE, LINE_ITEMS, texts

READ_ONLY = ("id", "hs_position_on_quote", "amount")  # HubSpot works out the amount itself


class Lines:
    """Writes the lines of records."""

    def __init__(self, api: Api, id_property: str) -> None:
        self.api = api
        self.id_property = id_property
        self.path = f"{api.objects}/{LINE_ITEMS}"

    def create(self, wants: Sequence[tuple[str, int, Sequence[Mapping[str, Any]]]]) -> list[list[str]]:
        """Create lines that hang on nothing yet, for each (idempotency key, first position, lines); returns their ids.

        They carry the write's idempotency key, so that a repetition makes no second ones.
        """
        marks = [(f"{once}/{n}", n, line) for once, first, lines in wants for n, line in enumerate(lines, first)]
        ids: dict[str, str] = {}
        for part in chunks(marks, BATCH):
            inputs = [
                {
                    "id": mark,
                    "idProperty": self.id_property,
                    "properties": self._texts(line, n),
                    "objectWriteTraceId": mark,
                }
                for mark, n, line in part
            ]
            answer = self._sent("upsert", inputs)
            for row in answer["results"]:
                ids[row["properties"].get(self.id_property) or row.get("objectWriteTraceId")] = row["id"]
        return [[ids[f"{once}/{n}"] for n, _ in enumerate(lines, first)] for once, first, lines in wants]

    def replace(self, name: str, wants: Mapping[str, tuple[str, Sequence[Mapping[str, Any]]]]) -> None:
        """Bring the lines of records to what is wanted, one by one in their order; equal ones cost no write."""
        held = self.api.tied(name, LINE_ITEMS, wants)
        rows = self.api.batch_read(LINE_ITEMS, [i for ids in held.values() for i in ids], LINE)
        shown = {r["id"]: r["properties"] for r in rows}
        changes: list[Row] = []
        more: list[tuple[str, str, int, list[Mapping[str, Any]]]] = []
        drop: list[str] = []
        for id_, (once, lines) in wants.items():
            has = sorted((i for i in held.get(id_, []) if i in shown), key=lambda i: _order(i, shown[i]))
            for n, (line_id, line) in enumerate(zip(has, lines, strict=False), 1):
                want = self._texts(line, n)
                if any(not _same(shown[line_id].get(k), v) for k, v in want.items() if k != "hs_position_on_quote"):
                    changes.append({"id": line_id, "properties": want, "objectWriteTraceId": f"{once}/{n}"})
            drop += has[len(lines) :]
            if len(lines) > len(has):
                more.append((id_, once, len(has) + 1, list(lines[len(has) :])))
        for part in chunks(changes, BATCH):
            self._sent("update", part)
        if more:
            made = self.create([(once, first, lines) for _, once, first, lines in more])
            pairs = [(owner, i) for (owner, *_), ids in zip(more, made, strict=True) for i in ids]
            self.api.tie(name, LINE_ITEMS, pairs, None)
        for gone in chunks(drop, BATCH):
            self.api.post(f"{self.path}/batch/archive", {"inputs": [{"id": i} for i in gone]})

    def _texts(self, line: Mapping[str, Any], position: int) -> dict[str, str]:
        out = texts({k: v for k, v in line.items() if k not in READ_ONLY})
        return {**out, "hs_position_on_quote": str(position)}

    def _sent(self, verb: str, inputs: Sequence[Row]) -> Row:
        answer = self.api.tell(f"{self.path}/batch/{verb}", {"inputs": inputs})
        for fault in answer.get("errors", ()):
            error = row_error(fault)
            raise error if isinstance(error, Rejected) else Rejected(f"line: {error}", ("lines",))
        return answer


def _order(id_: str, properties: Mapping[str, Any]) -> tuple[int, int]:
    position = str(properties.get("hs_position_on_quote") or "")
    return int(position) if position.isdecimal() else 0, int(id_)


def _same(has: str | None, want: str) -> bool:
    """Whether two values are one: empty is empty, and 5 is 5.00."""
    if (has or "") == want:
        return True
    try:
        return Decimal(has or "") == Decimal(want)
    except InvalidOperation:
        return False
