"""Invoices and payment intents: how they come to be, are finalized, paid and voided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.testing.stripe.account import DAY, Account, metadata
from hub.testing.stripe.books import Refusal, Thing, invalid


class Billing(Account):
    """An account that also writes invoices."""

    def add_item(self, customer: str, amount: int, currency: str = "eur", *, description: str | None = None,
                 invoice: str | None = None, quantity: int = 1, meta: Any = None) -> Thing:  # fmt: skip
        """Note something to be invoiced; it waits for the customer's next invoice unless one is named."""
        self.get("customer", customer, param="customer")
        if invoice and self.get("invoice", invoice, param="invoice")["status"] != "draft":
            raise invalid("The invoice is not a draft, so no items can be added to it.", "invoice")
        thing = self.add("invoiceitem", "invoiceitem.created", amount=amount * quantity, currency=currency.lower(),
                         customer=customer, description=description, invoice=invoice, quantity=quantity,
                         unit_amount=amount, metadata=metadata({}, meta), date=self.now())  # fmt: skip
        if invoice:
            self._reckon(self.get("invoice", invoice))
        return thing

    def add_invoice(self, customer: str, lines: Sequence[Mapping[str, Any]] = (), *, currency: str = "eur",
                    days_until_due: int | None = None, due_date: int | None = None, description: str | None = None,
                    meta: Any = None, include_pending: bool = False, finalize: bool = False) -> Thing:  # fmt: skip
        """Draft an invoice; `lines` are {description, amount (a unit's, minor), quantity}. With due days it is sent, not charged."""
        owner = self.get("customer", customer, param="customer")
        due = due_date or (self.now() + days_until_due * DAY if days_until_due is not None else None)
        thing = self.add(
            "invoice", account_country="DE", amount_due=0, amount_paid=0, amount_remaining=0, attempt_count=0,
            attempted=False, auto_advance=False, billing_reason="manual", charge=None,
            collection_method="send_invoice" if due else "charge_automatically", currency=currency.lower(),
            customer=customer, customer_email=owner["email"], customer_name=owner["name"], description=description,
            due_date=due, hosted_invoice_url=None, metadata=metadata({}, meta), number=None, paid=False,
            paid_out_of_band=False, payment_intent=None, period_end=self.now(), period_start=self.now(),
            status="draft", subtotal=0, tax=None, total=0, total_excluding_tax=0, statement_descriptor=None,
            lines={"object": "list", "data": [], "has_more": False, "url": ""},
            status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        )  # fmt: skip
        thing["lines"]["url"] = f"/v1/invoices/{thing['id']}/lines"
        if include_pending:
            for item in self.things["invoiceitem"].values():
                if item["customer"] == customer and item["invoice"] is None:
                    item["invoice"] = thing["id"]
        for line in lines:
            self.add_item(customer, line["amount"], currency, description=line.get("description"),
                          invoice=thing["id"], quantity=line.get("quantity", 1))  # fmt: skip
        self._reckon(thing)
        self.tell("invoice.created", thing)
        return self.finalize(thing["id"]) if finalize else thing

    def finalize(self, key: str) -> Thing:
        """Make a draft an open invoice with a number; one over nothing is paid at once."""
        thing = self._in(key, "draft", verb="finalized")
        owner = self.things["customer"][thing["customer"]]
        number = f"{owner['invoice_prefix']}-{owner['next_invoice_sequence']:04d}"
        owner["next_invoice_sequence"] += 1
        self.put(thing, "invoice.finalized", number=number, status="open", **self._when(thing, "finalized_at"))
        if thing["total"] == 0:
            return self._paid(thing)
        intent = self.add("payment_intent", "payment_intent.created", **_intent(
            thing["total"], thing["currency"], thing["customer"], invoice=key, description="Payment for Invoice"))  # fmt: skip
        thing["payment_intent"] = intent["id"]
        return thing

    def pay_invoice(self, key: str, *, method: str = "pm_card_visa", out_of_band: bool = False) -> Thing:
        """Pay an open invoice by card, or note that it was paid by other means."""
        if self.get("invoice", key)["status"] == "draft":
            self.finalize(key)
        thing = self._in(key, "open", "uncollectible", verb="paid")
        if not out_of_band:
            thing.update(attempted=True, attempt_count=thing["attempt_count"] + 1)
            try:
                intent = self.confirm(thing["payment_intent"], method)
            except Refusal:
                self.tell("invoice.payment_failed", thing)
                raise
            thing["charge"] = intent["latest_charge"]
        return self._paid(thing, paid_out_of_band=out_of_band)

    def void_invoice(self, key: str) -> Thing:
        """Take an open invoice back."""
        thing = self._in(key, "open", "uncollectible", verb="voided")
        return self.put(thing, "invoice.voided", status="void", **self._when(thing, "voided_at"))

    def write_off(self, key: str) -> Thing:
        """Mark an open invoice as one that will not be paid."""
        thing = self._in(key, "open", verb="marked uncollectible")
        return self.put(thing, "invoice.marked_uncollectible", status="uncollectible",
                        **self._when(thing, "marked_uncollectible_at"))  # fmt: skip

    def delete_draft(self, key: str) -> Thing:
        """Delete a draft; nothing of it is left."""
        thing = self._in(key, "draft", verb="deleted")
        self.tell("invoice.deleted", thing)
        del self.things["invoice"][key]
        return {"id": key, "object": "invoice", "deleted": True}

    def add_intent(self, amount: int, currency: str, customer: str | None = None, **more: Any) -> Thing:
        """Create a payment intent, not yet confirmed."""
        if customer:
            self.get("customer", customer, param="customer")
        return self.add("payment_intent", "payment_intent.created", **_intent(amount, currency, customer, **more))

    def confirm(self, key: str, method: str | None = None) -> Thing:
        """Try to take an intent's money. Raises Refusal (402) where the card is declined; the failed charge stays."""
        intent = self.get("payment_intent", key)
        method = method or intent["payment_method"]
        if intent["status"] in ("succeeded", "canceled"):
            raise invalid(f"This PaymentIntent's status is {intent['status']}, so it cannot be confirmed.",
                          code="payment_intent_unexpected_state")  # fmt: skip
        if not method:
            raise invalid("You cannot confirm this PaymentIntent because it's missing a payment method.",
                          code="payment_intent_unexpected_state")  # fmt: skip
        charge = self.charge(intent["customer"], intent["amount"], intent["currency"], method=method, intent=key,
                             description=intent["description"], metadata=intent["metadata"],
                             invoice=intent["invoice"])  # fmt: skip
        if charge["status"] == "failed":
            words = {"code": charge["failure_code"], "message": charge["failure_message"], "type": "card_error"}
            self.put(intent, "payment_intent.payment_failed", status="requires_payment_method",
                     latest_charge=charge["id"], last_payment_error=words)  # fmt: skip
            raise Refusal(402, "card_error", charge["failure_message"], code=charge["failure_code"],
                          charge=charge["id"])  # fmt: skip
        return self.put(intent, "payment_intent.succeeded", status="succeeded", amount_received=intent["amount"],
                        latest_charge=charge["id"], payment_method=method, last_payment_error=None)  # fmt: skip

    def cancel(self, key: str) -> Thing:
        """Give up an intent that has not succeeded."""
        intent = self.get("payment_intent", key)
        if intent["status"] in ("succeeded", "canceled"):
            raise invalid(f"This PaymentIntent's status is {intent['status']}, so it cannot be canceled.",
                          code="payment_intent_unexpected_state")  # fmt: skip
        return self.put(intent, "payment_intent.canceled", status="canceled")

    def _in(self, key: str, *states: str, verb: str) -> Thing:
        thing = self.get("invoice", key)
        if thing["status"] not in states:
            raise invalid(f"This invoice is {thing['status']}, so it cannot be {verb}.", code="invoice_not_editable")
        return thing

    def _when(self, thing: Thing, moment: str) -> dict[str, Any]:
        return {"status_transitions": {**thing["status_transitions"], moment: self.now()}}

    def _paid(self, thing: Thing, **more: Any) -> Thing:
        self.put(thing, "invoice.paid", status="paid", paid=True, amount_paid=thing["amount_due"], amount_remaining=0,
                 **self._when(thing, "paid_at"), **more)  # fmt: skip
        self.tell("invoice.payment_succeeded", thing)
        return thing

    def _reckon(self, thing: Thing) -> None:
        """Set an invoice's lines and totals from its items."""
        items = [i for i in self.things["invoiceitem"].values() if i["invoice"] == thing["id"]]
        if any(i["currency"] != thing["currency"] for i in items):
            raise invalid("All items of an invoice have its currency.", "currency")
        thing["lines"]["data"] = [
            {"id": f"il_{i['id'][3:]}", "object": "line_item", "amount": i["amount"], "currency": i["currency"],
             "description": i["description"], "invoice_item": i["id"], "metadata": i["metadata"],
             "quantity": i["quantity"], "tax_amounts": [], "type": "invoiceitem",
             "price": {"object": "price", "currency": i["currency"], "unit_amount": i["unit_amount"]}}
            for i in items
        ]  # fmt: skip
        total = sum(i["amount"] for i in items)
        thing.update(subtotal=total, total=total, total_excluding_tax=total, amount_due=total, amount_remaining=total)


def _intent(amount: int, currency: str, customer: str | None, **more: Any) -> Thing:
    return {
        "amount": amount, "amount_received": 0, "capture_method": "automatic", "confirmation_method": "automatic",
        "currency": currency.lower(), "customer": customer, "description": more.get("description"),
        "invoice": more.get("invoice"), "last_payment_error": None, "latest_charge": None,
        "metadata": metadata({}, more.get("metadata")), "payment_method": more.get("payment_method"),
        "client_secret": "pi_secret_of_the_buyer",
        "status": "requires_confirmation" if more.get("payment_method") else "requires_payment_method",
    }  # fmt: skip
