"""What happens in a Stripe account: customers come, cards are charged, money is given back and paid out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hub.testing.stripe.books import Books, Thing, invalid

DECLINED = {
    "pm_card_chargeDeclined": ("card_declined", "Your card was declined."),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "Your card has insufficient funds."),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "Your card has expired."),
}
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
DAY = 86400


def metadata(old: Mapping[str, str], new: Any) -> dict[str, str]:
    """Merge metadata as Stripe does: a key given "" is removed, "" for the whole removes all, others stay."""
    if new == "" or new is None:
        return {} if new == "" else dict(old)
    if not isinstance(new, Mapping):
        raise invalid("Invalid hash", "metadata")
    out = dict(old)
    for key, value in new.items():
        if len(key) > 40 or len(str(value)) > 500:
            raise invalid("Metadata keys hold 40 characters, values 500", f"metadata[{key}]")
        if value in ("", None):
            out.pop(key, None)
        else:
            out[key] = str(value)
    if len(out) > 50:
        raise invalid("Metadata holds at most 50 keys", "metadata")
    return out


def address(given: Any, param: str = "address") -> Thing | None:
    """Make an address of what was given; a part that was not given is null, whatever it was before."""
    if given in ("", None):
        return None
    if not isinstance(given, Mapping):
        raise invalid("Invalid hash", param)
    for part, value in given.items():
        if part not in ADDRESS:
            raise invalid(f"Received unknown parameter: {param}[{part}]", f"{param}[{part}]", "parameter_unknown")
        if part == "country" and value and not re.fullmatch("[A-Za-z]{2}", value):
            raise invalid(f"Country '{value}' is unknown.", f"{param}[country]")
    return {part: given.get(part) or None for part in ADDRESS}


def email(text: str | None) -> str | None:
    """Return the address as given. Raises Refusal for what is none."""
    if text and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text):
        raise invalid(f"Invalid email address: {text}", "email", "email_invalid")
    return text or None


class Account(Books):
    """The people's side: each method does what a person, a shop or time does to the account."""

    def add_customer(self, **given: Any) -> Thing:
        """Create a customer from name, email, phone, address, description, metadata, tax_ids."""
        taxes = given.pop("tax_id_data", None) or []
        made = self._customer_fields(given, {})
        thing = self.add("customer", None, **{
            "address": None, "balance": 0, "currency": None, "default_source": None, "delinquent": False,
            "description": None, "discount": None, "email": None, "invoice_prefix": f"{self._count:08X}",
            "metadata": {}, "name": None, "next_invoice_sequence": 1, "phone": None, "preferred_locales": [],
            "shipping": None, "tax_exempt": "none", "test_clock": None,
        } | made)  # fmt: skip
        self.tell("customer.created", thing)
        for tax in taxes:
            self.add_tax_id(thing["id"], **tax)
        return thing

    def edit_customer(self, key: str, **given: Any) -> Thing:
        """Change a customer; what is not given stays."""
        thing = self.get("customer", key)
        return self.put(thing, "customer.updated", **self._customer_fields(given, thing))

    def delete_customer(self, key: str) -> Thing:
        """Delete a customer: only its id is left, lists and searches leave it out."""
        thing = self.get("customer", key)
        self.tell("customer.deleted", thing)
        thing.clear()
        thing.update(id=key, object="customer", deleted=True)
        return thing

    def add_tax_id(self, customer: str, type: str, value: str) -> Thing:
        """Add a tax id such as eu_vat to a customer."""
        self.get("customer", customer)
        return self.add("tax_id", "customer.tax_id.created", customer=customer, type=type, value=value,
                        country=value[:2] if value[:2].isalpha() else None,
                        verification={"status": "pending"})  # fmt: skip

    def _customer_fields(self, given: Mapping[str, Any], old: Mapping[str, Any]) -> Thing:
        out: Thing = {}
        for name, value in given.items():
            if name == "metadata":
                out[name] = metadata(old.get("metadata") or {}, value)
            elif name == "address":
                out[name] = address(value)
            elif name == "email":
                out[name] = email(value)
            elif name == "preferred_locales":
                out[name] = list(value or [])
            else:
                out[name] = value if value != "" else None
        return out

    def charge(self, customer: str | None, amount: int, currency: str = "eur", *, method: str = "pm_card_visa",
               description: str | None = None, metadata: Mapping[str, str] | None = None, invoice: str | None = None,
               intent: str | None = None, name: str | None = None) -> Thing:  # fmt: skip
        """Charge a card; `amount` in minor units. A declining `method` leaves a failed charge."""
        owner = self.get("customer", customer, param="customer") if customer else {}
        code, words = DECLINED.get(method, (None, None))
        thing = self.add(
            "charge", amount=amount, amount_captured=0 if code else amount, amount_refunded=0, balance_transaction=None,
            billing_details={"address": owner.get("address"), "email": owner.get("email"),
                             "name": name or owner.get("name"), "phone": owner.get("phone")},
            captured=not code, currency=currency.lower(), customer=customer, description=description, disputed=False,
            failure_code=code, failure_message=words, invoice=invoice, metadata=dict(metadata or {}),
            outcome={"network_status": "declined_by_network" if code else "approved_by_network"}, paid=not code,
            payment_intent=intent, payment_method=method, receipt_email=None, refunded=False,
            payment_method_details={"type": "card", "card": {"brand": "visa", "last4": "4242", "country": "DE"}},
            statement_descriptor=None, status="failed" if code else "succeeded",
        )  # fmt: skip
        if not code:
            fixed = 0 if currency.lower() in ("jpy", "krw", "vnd", "clp") else 25
            fee = (amount * 150 + 5000) // 10000 + fixed
            thing["balance_transaction"] = self._booked("charge", thing, amount, fee, description)["id"]
        self.tell("charge.failed" if code else "charge.succeeded", thing)
        return thing

    def refund(self, charge: str, amount: int | None = None, **given: Any) -> Thing:
        """Give a charge back, wholly or in part."""
        paid = self.get("charge", charge, param="charge")
        left = paid["amount_captured"] - paid["amount_refunded"]
        if left <= 0:
            raise invalid(f"Charge {charge} has already been refunded.", code="charge_already_refunded")
        if amount is None:
            amount = left
        if not 0 < amount <= left:
            raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", "amount")
        thing = self.add("refund", amount=amount, charge=charge, currency=paid["currency"], balance_transaction=None,
                         metadata=metadata({}, given.get("metadata")), payment_intent=paid["payment_intent"],
                         reason=given.get("reason"), status="succeeded")  # fmt: skip
        thing["balance_transaction"] = self._booked("refund", thing, -amount, 0, "REFUND FOR CHARGE")["id"]
        self.tell("refund.created", thing)
        back = paid["amount_refunded"] + amount
        self.put(paid, "charge.refunded", amount_refunded=back, refunded=back == paid["amount"])
        return thing

    def dispute(self, charge: str) -> Thing:
        """A customer disputes a charge at the bank."""
        paid = self.get("charge", charge)
        self.put(paid, None, disputed=True)
        self.tell("charge.dispute.created", {"id": f"dp_{charge[3:]}", "object": "dispute", "charge": charge})
        return paid

    def edit(self, kind: str, key: str, **given: Any) -> Thing:
        """Change description or metadata of a charge, payment intent, refund, payout or invoice."""
        thing = self.get(kind, key)
        changes = {n: metadata(thing.get(n) or {}, v) if n == "metadata" else (v or None) for n, v in given.items()}
        return self.put(thing, f"{kind}.updated", **changes)

    def pay_out(self, currency: str = "eur") -> Thing | None:
        """Pay the currency's balance out to the bank; None where there is nothing to pay."""
        open_ = [t for t in self.things["balance_transaction"].values()
                 if t["currency"] == currency and t["payout"] is None and t["type"] != "payout"]  # fmt: skip
        amount = sum(t["net"] for t in open_)
        if amount <= 0:
            return None
        thing = self.add("payout", amount=amount, arrival_date=self.now() + 2 * DAY, automatic=True, currency=currency,
                         balance_transaction=None, description="STRIPE PAYOUT", destination="ba_1", metadata={},
                         method="standard", status="in_transit", type="bank_account")  # fmt: skip
        own = self._booked("payout", thing, -amount, 0, "STRIPE PAYOUT")
        thing["balance_transaction"] = own["id"]
        for line in (*open_, own):
            line.update(payout=thing["id"], status="available")
        self.tell("payout.created", thing)
        return thing

    def payout_arrives(self, key: str) -> Thing:
        """The bank confirms a payout."""
        return self.put(self.get("payout", key), "payout.paid", status="paid")

    def _booked(self, kind: str, of: Thing, amount: int, fee: int, text: str | None) -> Thing:
        details = [{"amount": fee, "currency": of["currency"], "description": "Stripe processing fees",
                    "type": "stripe_fee"}] if fee else []  # fmt: skip
        return self.add("balance_transaction", amount=amount, available_on=self.now() + 2 * DAY,
                        currency=of["currency"], description=text, exchange_rate=None, fee=fee, fee_details=details,
                        net=amount - fee, payout=None, reporting_category=kind, source=of["id"], status="pending",
                        type=kind)  # fmt: skip
