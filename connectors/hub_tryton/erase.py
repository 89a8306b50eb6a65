"""Erasing in an ERP: what nothing refers to is deleted, a party that books refer to is anonymised, and books stay.

Anonymising is Tryton's own wizard, `party.erase`: it overwrites names, addresses, contact mechanisms and identifiers,
removes notes and attachments, and refuses while there is something pending. What a refusal says here names nobody,
since it comes to stand in a certificate; Tryton's own words name the party.
"""

from __future__ import annotations

from hub.errors import Rejected
from hub_tryton.rpc import Row, Rpc

ANONYMISED = "anonymised: name, addresses, contacts and identifiers overwritten, deactivated"
DELETED = "deleted"
PENDING = "Tryton keeps a party as long as sales, shipments, invoices or money of it are pending"
BOOKS = "what was posted stays in the books of the ERP; a copy that was printed there still names the customer"
MADE = "a document of which others were made (invoices, shipments, sales) stays with them"
WIZARD = "wizard.party.erase"


def party(rpc: Rpc, id: int, active: bool) -> str:
    """Delete a party; where documents refer to it, have Tryton anonymise it. Raises Rejected where it is needed."""
    try:
        rpc.call("model.party.party.delete", [id])
    except Rejected:
        _anonymise(rpc, id, active)
        return ANONYMISED
    return DELETED


def _anonymise(rpc: Rpc, id: int, active: bool) -> None:
    """Walk through Tryton's wizard; a party that it refuses is left as it was."""
    context = {"active_model": "party.party", "active_id": id, "active_ids": [id]}
    rpc.call("model.party.party.write", [id], {"active": False})
    try:
        session, start, _ = rpc.call(f"{WIZARD}.create", **context)
        try:
            rpc.call(f"{WIZARD}.execute", session, {start: {"party": id}}, "erase", **context)
        finally:
            rpc.call(f"{WIZARD}.delete", session, **context)
    except Rejected:
        rpc.call("model.party.party.write", [id], {"active": active})
        raise Rejected(PENDING) from None


def document(rpc: Rpc, model: str, row: Row, back: tuple[str, ...] = ()) -> str:
    """Delete a document that nothing was made of; `back` are the buttons that lead to where it may be deleted.

    Raises Rejected for one that has left traces in the books.
    """
    if row.get("number") and model == "account.invoice":
        raise Rejected(BOOKS)
    try:
        for button in back:
            rpc.call(f"model.{model}.{button}", [row["id"]])
        rpc.call(f"model.{model}.delete", [row["id"]])
    except Rejected:
        raise Rejected(MADE) from None
    return DELETED
