"""Stripe's REST surface over an account: which request does what, and which parameters it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.testing.stripe.account import metadata
from hub.testing.stripe.billing import Billing
from hub.testing.stripe.books import Refusal, Thing, invalid
from hub.testing.stripe.form import integer
from hub.testing.stripe.lists import FILTERS, expand, listing, search, sublist

PATHS = {f"{kind}s": kind for kind in FILTERS}
PERSON = ("address", "balance", "description", "email", "metadata", "name", "phone", "preferred_locales", "shipping",
          "tax_exempt")  # fmt: skip
EDITS = {
    "charge": ("description", "metadata"),
    "payment_intent": ("description", "metadata"),
    "refund": ("metadata",),
    "payout": ("metadata",),
    "invoice": ("description", "metadata"),
    "invoiceitem": ("description", "metadata"),
    "product": ("name", "description", "active", "metadata"),
    "price": ("active", "metadata"),
}
INLINE = 10  # lines an invoice shows itself
Form = Mapping[str, Any]


def answer(books: Billing, method: str, path: str, form: Form, *, late: float = 0.0) -> Thing:
    """Carry out one request on the account and return the object it answers with. Raises Refusal."""
    expanded = form.get("expand", [])
    form = {name: value for name, value in form.items() if name != "expand"}
    return _cut(expand(books, _route(books, method, path, form, late), expanded))


def _cut(thing: Thing) -> Thing:
    """Show of each invoice the first ten lines, as Stripe does; the others are asked for by their own path."""
    if thing.get("object") == "list" and any(t.get("object") == "invoice" for t in thing["data"][:1]):
        return thing | {"data": [_cut(t) for t in thing["data"]]}
    if thing.get("object") == "invoice" and not thing.get("deleted") and len(thing["lines"]["data"]) > INLINE:
        lines = thing["lines"]
        return thing | {"lines": lines | {"data": lines["data"][:INLINE], "has_more": True}}
    return thing


def _route(books: Billing, method: str, path: str, form: Form, late: float) -> Thing:
    first, *rest = path.removeprefix("/v1/").strip("/").split("/")
    kind = PATHS.get(first)
    if kind is None or not path.startswith("/v1/"):
        raise _unknown(method, path)
    match (method, *rest):
        case ("GET",):
            return listing(books, kind, form, path)
        case ("GET", "search") if kind in ("customer", "charge", "invoice", "payment_intent"):
            return search(books, kind, form, late, path)
        case ("GET", key):
            gone = books.things[kind].get(key)
            return gone if gone and gone.get("deleted") else books.get(kind, key)
        case ("GET", key, "tax_ids") if kind == "customer":
            return expand(books, books.get(kind, key), "tax_ids")["tax_ids"]  # type: ignore[no-any-return]
        case ("GET", key, "lines") if kind == "invoice":
            return sublist(books.get(kind, key)["lines"]["data"], form, path)
        case ("POST",) if kind in CREATES:
            return CREATES[kind](books, form)
        case ("POST", key) if kind == "customer":
            _only(form, PERSON)
            return books.edit_customer(key, **form)
        case ("POST", key) if kind in EDITS:
            _only(form, EDITS[kind])
            return books.edit(kind, key, **form)
        case ("POST", key, "tax_ids") if kind == "customer":
            _only(form, ("type", "value"))
            return books.add_tax_id(key, _need(form, "type"), _need(form, "value"))
        case ("POST", key, verb) if (kind, verb) in VERBS:
            return VERBS[kind, verb](books, key, form)
        case ("DELETE", key) if kind == "customer":
            return books.delete_customer(key)
        case ("DELETE", key) if kind == "invoice":
            return books.delete_draft(key)
    raise _unknown(method, path)


def _unknown(method: str, path: str) -> Refusal:
    return Refusal(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).")


def _only(form: Form, allowed: tuple[str, ...]) -> None:
    for name in form:
        if name not in allowed:
            raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")


def _need(form: Form, name: str) -> str:
    if not form.get(name):
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    return str(form[name])


def _amount(form: Form, name: str = "amount", *, least: int = 1) -> int:
    number = integer(_need(form, name))
    if number is None:
        raise invalid(f"Invalid integer: {form[name]}", name, "parameter_invalid_integer")
    if number < least:
        raise invalid(f"Invalid {name}: must be at least {least}", name, "parameter_invalid_integer")
    return number


def _currency(form: Form) -> str:
    code = _need(form, "currency").lower()
    if len(code) != 3 or not code.isalpha():
        raise invalid(f"Invalid currency: {code}.", "currency")
    return code


def _customer(books: Billing, form: Form) -> Thing:
    _only(form, (*PERSON, "tax_id_data"))
    return books.add_customer(**form)


def _charge(books: Billing, form: Form) -> Thing:
    _only(form, ("amount", "currency", "customer", "source", "description", "metadata"))
    made = books.charge(form.get("customer"), _amount(form), _currency(form), method=form.get("source", "pm_card_visa"),
                        description=form.get("description"), metadata=metadata({}, form.get("metadata")))  # fmt: skip
    if made["status"] == "failed":
        raise Refusal(402, "card_error", made["failure_message"], code=made["failure_code"], charge=made["id"])
    return made


def _intent(books: Billing, form: Form) -> Thing:
    _only(form, ("amount", "currency", "customer", "payment_method", "description", "metadata", "confirm",
                 "payment_method_types", "automatic_payment_methods"))  # fmt: skip
    made = books.add_intent(_amount(form), _currency(form), form.get("customer"), description=form.get("description"),
                            metadata=form.get("metadata"), payment_method=form.get("payment_method"))  # fmt: skip
    return books.confirm(made["id"]) if form.get("confirm") == "true" else made


def _refund(books: Billing, form: Form) -> Thing:
    _only(form, ("charge", "payment_intent", "amount", "metadata", "reason"))
    charge = form.get("charge") or books.get("payment_intent", _need(form, "payment_intent"))["latest_charge"]
    amount = _amount(form) if "amount" in form else None
    return books.refund(charge, amount, metadata=form.get("metadata"), reason=form.get("reason"))


def _invoice(books: Billing, form: Form) -> Thing:
    _only(form, ("customer", "currency", "days_until_due", "due_date", "description", "metadata", "collection_method",
                 "auto_advance", "pending_invoice_items_behavior"))  # fmt: skip
    sent = form.get("collection_method") == "send_invoice"
    if not sent and ("days_until_due" in form or "due_date" in form):
        raise invalid("You can only specify days_until_due if invoice collection_method is 'send_invoice'.",
                      "days_until_due")  # fmt: skip
    if sent and "days_until_due" not in form and "due_date" not in form:
        raise invalid("If invoice collection_method is 'send_invoice', days_until_due or due_date is required.",
                      "days_until_due")  # fmt: skip
    return books.add_invoice(
        _need(form, "customer"), currency=_currency(form) if "currency" in form else "eur",
        days_until_due=_amount(form, "days_until_due", least=0) if "days_until_due" in form else None,
        due_date=_amount(form, "due_date") if "due_date" in form else None, description=form.get("description"),
        meta=form.get("metadata"), include_pending=form.get("pending_invoice_items_behavior") == "include",
    )  # fmt: skip


def _item(books: Billing, form: Form) -> Thing:
    _only(form, ("customer", "amount", "unit_amount", "quantity", "currency", "description", "invoice", "metadata"))
    amount = _amount(form, "unit_amount" if "unit_amount" in form else "amount", least=-(10**12))
    return books.add_item(_need(form, "customer"), amount, _currency(form), description=form.get("description"),
                          invoice=form.get("invoice"), meta=form.get("metadata"),
                          quantity=_amount(form, "quantity") if "quantity" in form else 1)  # fmt: skip


def _product(books: Billing, form: Form) -> Thing:
    _only(form, ("name", "description", "metadata"))
    return books.add("product", "product.created", name=_need(form, "name"), description=form.get("description"),
                     active=True, metadata=metadata({}, form.get("metadata")))  # fmt: skip


def _price(books: Billing, form: Form) -> Thing:
    _only(form, ("product", "currency", "unit_amount", "metadata"))
    books.get("product", _need(form, "product"), param="product")
    return books.add("price", "price.created", product=form["product"], currency=_currency(form), type="one_time",
                     unit_amount=_amount(form, "unit_amount", least=0), active=True,
                     metadata=metadata({}, form.get("metadata")))  # fmt: skip


CREATES: dict[str, Callable[[Billing, Form], Thing]] = {
    "customer": _customer, "charge": _charge, "payment_intent": _intent, "refund": _refund, "invoice": _invoice,
    "invoiceitem": _item, "product": _product, "price": _price,
}  # fmt: skip
VERBS: dict[tuple[str, str], Callable[[Billing, str, Form], Thing]] = {
    ("invoice", "finalize"): lambda books, key, form: books.finalize(key),
    ("invoice", "pay"): lambda books, key, form: books.pay_invoice(
        key, method=form.get("payment_method", "pm_card_visa"), out_of_band=form.get("paid_out_of_band") == "true"
    ),
    ("invoice", "void"): lambda books, key, form: books.void_invoice(key),
    ("invoice", "mark_uncollectible"): lambda books, key, form: books.write_off(key),
    ("payment_intent", "confirm"): lambda books, key, form: books.confirm(key, form.get("payment_method")),
    ("payment_intent", "cancel"): lambda books, key, form: books.cancel(key),
}
