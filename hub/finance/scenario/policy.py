"""The policy of a case: its own choices on top of the file's defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from hub.finance.matching import ANY, Policy
from hub.finance.scenario.values import Fields

_NAME_RULE = re.compile(r"only_if_one_customer_at_or_above_([01](?:\.[0-9]+)?)")
_FIFO = "fifo_when_totals_equal"
_DEDUPE = ("bank_account", "bank_entry_ref", "amount", "currency", "booking_date", "value_date", "text")
_KEYS = (*_DEDUPE, "source", "debtor_name", "debtor_iban", "structured_reference")

Read = Callable[[Fields, str], object]


def policy(own: Mapping[str, Any], defaults: Mapping[str, Any], at: str) -> Policy:
    """Read a policy; a key that says nothing (null) leaves the engine's own choice."""
    fields = Fields({**defaults, **own}, at)
    fields.only(tuple(READ))
    found: dict[str, Any] = {}
    for key, (name, read) in READ.items():
        if fields.data.get(key) is not None:
            value = read(fields, key)
            if name is not None:
                found[name] = value
    if isinstance(many := fields.data.get("many_to_many"), Mapping):
        inner = Fields(many, f"{at}.many_to_many")
        inner = inner.inner(_FIFO) or inner
        if "window_days" in inner.data:
            found["window_days"] = inner.count("window_days", 0)
    return Policy(**found)


def _one_of(*choices: str) -> Read:
    return lambda fields, key: fields.choice(key, choices, choices[0])


def _flag(fields: Fields, key: str) -> bool:
    return fields.flag(key, default=False)


def _rates(fields: Fields, key: str) -> dict[date, dict[str, Decimal]]:
    days = Fields(fields.data[key], f"{fields.at}.{key}")
    found = {}
    for day in days.data:
        rates = Fields(days.data[day], f"{days.at}.{day}")
        when = Fields({"day": day}, days.at).certain_day("day")
        found[when] = {currency: rates.decimal(currency) for currency in rates.data}
        for currency, rate in found[when].items():
            if not rate:
                raise rates.wrong(currency, "a rate of 0 cannot be divided by")
    return found


def _threshold(fields: Fields, key: str) -> Decimal | None:
    value = fields.required(key)
    if value == "off":
        return None
    rule = _NAME_RULE.fullmatch(value)
    if rule is None or not 0 < Decimal(rule[1]) <= 1:
        raise fields.wrong(key, f'must be off or only_if_one_customer_at_or_above_0.90, not "{value}"')
    return Decimal(rule[1])


def _many(fields: Fields, key: str) -> str:
    value = fields.data[key]
    if value is False:
        return "off"
    if isinstance(value, Mapping):  # {fifo_when_totals_equal: {window_days: 30}}, or its rule by name
        inner = Fields(value, f"{fields.at}.{key}")
        if _FIFO in value:
            inner.only((_FIFO,))
            (inner.inner(_FIFO) or Fields({}, inner.at)).only(("window_days",))
            return _FIFO
        inner.only(("rule", "window_days"))
        return inner.choice("rule", (_FIFO, "off"), _FIFO)
    return fields.choice(key, ("off", _FIFO), "off")


def _entities(fields: Fields, key: str) -> dict[str, str]:
    """Entities by bank account; one alone is that of all accounts."""
    value = fields.data[key]
    return {ANY: value} if isinstance(value, str) else fields.named(key)


def _dedupe(fields: Fields, key: str) -> tuple[str, ...]:
    names = fields.texts(key)
    for name in names:
        if name not in _KEYS:
            raise fields.wrong(key, f'"{name}" is no field of a payment to tell entries by; known: {", ".join(_KEYS)}')
    return names


def _size(fields: Fields, key: str) -> int:
    size = fields.count(key, 4)
    if size > 10:
        raise fields.wrong(key, f"groups of {size} cannot be searched in reasonable time; at most 10")
    return size


# key of a scenario -> (field of Policy, reader); without a field it has one value, which is what the engine does.
READ: dict[str, tuple[str | None, Read]] = {
    "base_currency": ("base_currency", Fields.currency),
    "rates_eur_per_unit": ("rates", _rates),
    "rounding": (None, _one_of("ROUND_HALF_EVEN")),
    "short_tolerance": ("short_tolerance", Fields.decimal),
    "over_tolerance": ("over_tolerance", Fields.decimal),
    "tolerance_scope": (None, _one_of("payment")),
    "listed_order_allocation": ("listed_order_allocation", _flag),
    "partial_with_reference": ("partial_with_reference", _one_of("apply", "review")),
    "overpayment_spill": ("overpayment_spill", _flag),
    "group_max_size": ("group_max_size", _size),
    "group_ambiguous": (None, _one_of("review")),
    "many_to_many": ("many_to_many", _many),
    "window_days": ("window_days", lambda fields, key: fields.count(key, 30)),
    "same_customer_same_amount": ("same_customer_same_amount", _one_of("review", "oldest_due")),
    "bank_charge": (None, _one_of("accept_only_if_stated")),
    "discount_grace": ("discount_grace", _one_of("none", "next_business_day")),
    "discount_date_basis": ("discount_date_basis", _one_of("value_date", "booking_date")),
    "legal_entity_of_bank_account": ("legal_entity_of_bank_account", _entities),
    "kid_algorithm": ("kid_algorithm", _one_of("mod10", "mod11")),
    "number_patterns": ("number_patterns", Fields.named),
    "name_auto_apply": ("name_threshold", _threshold),
    "name_folding": ("fold_names", lambda fields, key: _one_of("umlaut+legal_form", "none")(fields, key) != "none"),
    "learned_iban_alias": ("learned_iban_alias", Fields.named),
    "dedupe_key": ("dedupe_key", _dedupe),
    "payout_detail": ("payout_detail_required", lambda f, key: _one_of("required", "optional")(f, key) == "required"),
    "return_fee": (None, _one_of("expense")),
    "locked_through": ("locked_through", Fields.day),
    "reversal_date": (None, _one_of("first_open_day")),
    "as_of": (None, Fields.day),
}
