"""Taking back what was booked, by Tryton's own wizards: the reconciliation is undone, then the move is cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub_tryton.changes import DATES
from hub_tryton.rpc import Asked, Row, Rpc

MOVE, LINE, INVOICE = "account.move", "account.move.line", "account.invoice"
CANCEL = "wizard.account.move.cancel"
ANSWERS = {"default": {"description": None, "reversal": True}}


def cancelled(rpc: Rpc, moves: Sequence[int]) -> Mapping[int, Row]:
    """Those of the moves that were cancelled, each with the move that cancels it."""
    if not moves:
        return {}
    named = [f"{MOVE},{id}" for id in moves]
    rows = rpc.search_read(MOVE, [["origin", "in", named]], ["origin", *DATES])
    return {int(row["origin"].rpartition(",")[2]): row for row in rows}


def unbook(rpc: Rpc, moves: Sequence[int]) -> None:
    """Cancel moves that are booked; those cancelled already are left alone, so that it can be done again.

    Tryton keeps counting the lines of a cancelled payment among those of its invoice, and refuses to have it paid
    again; so they are taken off it.
    """
    dead = cancelled(rpc, moves)
    for move in (id for id in moves if id not in dead):
        lines = rpc.search_read(LINE, [["move", "=", move], ["reconciliation", "!=", None]], ["id"])
        if lines:
            _walk(rpc, "wizard.account.move.unreconcile_lines", LINE, [row["id"] for row in lines], {})
        try:
            _walk(rpc, CANCEL, MOVE, [move], ANSWERS, "cancel")
        except Asked as asked:
            if not asked.warning.endswith(".cancel_invoice_move"):
                raise
            # "the move belongs to an invoice": to one that it pays, and pays no longer
            rpc.call("model.res.user.warning.skip", asked.warning)
            _walk(rpc, CANCEL, MOVE, [move], ANSWERS, "cancel")
    _take_off(rpc, moves)


def _take_off(rpc: Rpc, moves: Sequence[int]) -> None:
    lines = [row["id"] for row in rpc.search_read(LINE, [["move", "in", list(moves)]], ["id"])]
    found = rpc.search_read(INVOICE, [["payment_lines", "in", lines], ["state", "=", "posted"]], ["payment_lines"])
    for invoice in found:
        theirs = [id for id in invoice["payment_lines"] if id in lines]
        rpc.call(f"model.{INVOICE}.write", [invoice["id"]], {"payment_lines": [["remove", theirs]]})


def _walk(rpc: Rpc, wizard: str, model: str, ids: Sequence[int], data: Mapping[str, Any], state: str = "") -> None:
    """Go through a wizard as a person does, with the answers they would give."""
    context: dict[str, Any] = {"active_model": model, "active_id": ids[0], "active_ids": list(ids)}
    context |= {"model": model, "id": ids[0], "ids": list(ids)}
    session, start, _ = rpc.call(f"{wizard}.create", **context)
    try:
        rpc.call(f"{wizard}.execute", session, dict(data), state or start, **context)
    finally:
        rpc.call(f"{wizard}.delete", session, **context)
