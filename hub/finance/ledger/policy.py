"""Policies: what hub.toml says about matching, for one account and business line, in the form matching takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from hub.config.finance import Finance
from hub.finance.matching import Policy
from hub.model.money import decimals

Settings = tuple[tuple[str, Any], ...]


def chosen(finance: Finance, account: str | None, line: str | None) -> dict[str, Any]:
    """The policy keys for a payment: the account's own, above its line's, above those of all."""
    ours = finance.accounts.get((account or "").replace(" ", ""))
    line = ours.line if ours and ours.line else line
    found = {**finance.policy, **finance.lines.get(line or "", {}), **(ours.policy if ours else {})}
    found.pop("legal_entity", None)
    return found


def policy(finance: Finance, keys: Mapping[str, Any], aliases: Mapping[str, str], locked: date | None) -> Policy:
    """The policy that matching is handed."""
    entities = {
        name: entity
        for name, ours in finance.accounts.items()
        if (entity := ours.legal_entity or finance.lines.get(ours.line or "", {}).get("legal_entity"))
    }
    return Policy(
        base_currency=finance.base_currency,
        rates={day: dict(rates) for day, rates in finance.rates.items()},
        legal_entity_of_bank_account=entities,
        learned_iban_alias=dict(aliases),
        locked_through=locked,
        **keys,
    )


def in_base(finance: Finance, minor: int, currency: str, on: date) -> Decimal | None:
    """An amount in the base currency by the rate of that day, or the last one before; None where there is no rate."""
    amount = Decimal(minor).scaleb(-decimals(currency))
    if currency == finance.base_currency:
        return amount
    rate = rate_of(finance, currency, on)
    return amount * rate if rate is not None else None


def rate_of(finance: Finance, currency: str, on: date) -> Decimal | None:
    """Base currency per unit on a day, or on the last day before for which there is a rate."""
    days = [day for day, rates in finance.rates.items() if day <= on and currency in rates]
    return finance.rates[max(days)][currency] if days else None


def may_post(finance: Finance, stage: str | None, minor: int, currency: str, on: date) -> tuple[bool, str]:
    """Whether a decision of that stage posts by itself, and if not, why."""
    if stage is None or stage not in finance.post:
        return False, f"{stage} does not post by itself"
    limit = finance.post[stage]
    if limit is None:
        return True, ""
    value = in_base(finance, minor, currency, on)
    if value is None:
        return False, f"there is no rate for {currency} on {on}"
    return abs(value) <= limit, f"above the limit of {limit} {finance.base_currency}"
