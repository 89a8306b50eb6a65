"""A payment that names an invoice by its exact number, in its currency, is one for that invoice.

Everything less certain is left to reconciliation, and so are entries of bank accounts: those are matched and posted by
`hub reconcile`, with a decision for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.plugin import Derived, Golden, Look, hookimpl

OPEN = ("open", "partly_paid", "overdue")


@hookimpl
def derive(golden: Golden, look: Look) -> Iterator[Derived]:
    """Yield the allocation of a payment whose reference is the number of an open invoice it does not exceed."""
    values = golden.values
    if golden.model == "invoice" and values.get("number"):
        for payment in look.list("payment", reference=values["number"]):
            yield from _settle(payment, golden)
    elif golden.model == "payment" and values.get("reference"):
        for invoice in look.list("invoice", number=values["reference"]):
            yield from _settle(golden, invoice)


def _settle(payment: Golden, invoice: Golden) -> Iterator[Derived]:
    if payment.values.get("identifiers.bank") or payment.values.get("account"):
        return
    paid, due = payment.values.get("amount"), invoice.values.get("total")
    if payment.values.get("state") != "succeeded" or not paid or not due or paid[1] != due[1] or paid[0] > due[0]:
        return
    known = payment.values.get("invoice")
    if known is None and invoice.values.get("state") not in OPEN:
        return
    if known not in (None, invoice.id):
        return
    values = {"invoice": invoice.id, "allocations": [{"invoice": invoice.id, "amount": paid}]}
    if invoice.values.get("customer"):
        values["customer"] = invoice.values["customer"]
    yield Derived(f"settles/{payment.id}", "payment", values, of=payment.id)
