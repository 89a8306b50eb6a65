"""Totals that do not add up: line by line, lines to net, rates to tax, net and tax to total.

A difference that the vendor's rounding explains is none: see hub.quality.checks.rounding for what is taken as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from hub.model import Money, Values
from hub.quality.checks.fault import Check, Fault
from hub.quality.checks.rounding import Row, in_coins, rounded, rows, sums, taxes

BILLS = ("order", "invoice")


def _minor(value: Any) -> tuple[int, str] | None:
    good = isinstance(value, list) and len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str)
    return (value[0], value[1]) if good else None


def _shown(minor: int | Decimal, currency: str) -> str:
    return str(Money(rounded(Decimal(minor)), currency))


def _lines(values: Values) -> tuple[list[Row], str]:
    """The document's lines as numbers, and its currency."""
    currency = next((money[1] for name in ("net", "total", "tax") if (money := _minor(values.get(name)))), None)
    lines = values.get("lines") or []
    if currency is None or not isinstance(lines, list):
        return [], currency or ""
    return rows(lines, currency), currency


def _line_amounts(model: str, values: Values, today: date) -> Iterator[Fault]:
    found, currency = _lines(values)
    for number, line in enumerate(found, 1):
        if line.amount is None or line.exact is None:
            continue
        off = abs(line.amount - line.exact)
        if off >= 1 and off > line.slack:
            said, made = _shown(line.amount, currency), _shown(line.exact, currency)
            yield Fault(
                "line-amount", "lines", said, f"line {number}: quantity times price is {made}, the line says {said}"
            )


def _lines_total(model: str, values: Values, today: date) -> Iterator[Fault]:
    net, total, tax = (_minor(values.get(name)) for name in ("net", "total", "tax"))
    found, currency = _lines(values)
    if net is None and total is not None and tax is not None:
        net = (total[0] - tax[0], total[1])
    if net is None or not found or any(line.base is None for line in found):
        return
    bases = [line.base for line in found if line.base is not None]
    if net[0] in sums(bases):
        return
    exact = [line.exact for line in found if line.exact is not None]
    if len(exact) == len(found) and net[0] in sums(exact):
        return
    off, made = abs(net[0] - sum(bases, Decimal(0))), _shown(sum(bases, Decimal(0)), currency)
    hidden = sum((line.hidden for line in found), Decimal(0))
    if off <= hidden:  # each line hides what was rounded away
        return
    with_tax = total is not None and total[0] in sums(bases)
    hint = "; that is the total, are they with tax?" if with_tax else ""
    yield Fault(
        "lines-total",
        "net",
        _shown(net[0], currency),
        f"the lines add up to {made}, net is {_shown(net[0], currency)}{hint}",
    )


def _tax_total(model: str, values: Values, today: date) -> Iterator[Fault]:
    tax = _minor(values.get("tax"))
    found, currency = _lines(values)
    rated = [(line.base, line.rate, line) for line in found if line.base is not None and line.rate is not None]
    if tax is None or not found or len(rated) < len(found):
        return
    said = [(base, rate) for base, rate, _ in rated]
    exact = [(line.exact, rate) for _, rate, line in rated if line.exact is not None]
    if tax[0] in taxes(said) or (len(exact) == len(rated) and tax[0] in taxes(exact)):
        return
    made = sum((base * rate for base, rate in said), Decimal(0))
    hidden = sum((line.hidden * abs(rate) for _, rate, line in rated), Decimal(0))
    if abs(tax[0] - made) >= 1 + hidden:
        reason = f"the lines' rates make {_shown(made, currency)}, tax is {_shown(tax[0], currency)}"
        yield Fault("tax-total", "tax", _shown(tax[0], currency), reason)


def _total(model: str, values: Values, today: date) -> Iterator[Fault]:
    net, tax, total = (_minor(values.get(name)) for name in ("net", "tax", "total"))
    if net is None or tax is None or total is None or len({net[1], tax[1], total[1]}) > 1:
        return
    made = net[0] + tax[0]
    if made != total[0] and not in_coins(made, total[0], total[1]):
        said = _shown(total[0], total[1])
        yield Fault("total", "total", said, f"net and tax make {_shown(made, total[1])}, total is {said}")


def _currencies(model: str, values: Values, today: date) -> Iterator[Fault]:
    said = values.get("currency")
    for name in ("net", "tax", "total", "open"):
        money = _minor(values.get(name))
        if money is None:
            continue
        said = said or money[1]
        if money[1] != said:
            yield Fault("currencies", name, values[name], f"is in {money[1]}, the document in {said}")


def _open(model: str, values: Values, today: date) -> Iterator[Fault]:
    rest, total = _minor(values.get("open")), _minor(values.get("total"))
    if rest is None:
        return
    if values.get("state") in ("paid", "void") and rest[0]:
        yield Fault(
            "open-amount", "open", values["open"], f"the invoice is {values['state']}, and yet {_shown(*rest)} are open"
        )
    elif total is not None and rest[1] == total[1] and (abs(rest[0]) > abs(total[0]) or rest[0] * total[0] < 0):
        yield Fault("open-amount", "open", values["open"], f"{_shown(*rest)} are open of {_shown(*total)}")


def _paid_out(model: str, values: Values, today: date) -> Iterator[Fault]:
    amount = _minor(values.get("amount"))
    if amount is None:
        return
    back = _minor(values.get("refunded"))
    if back is not None and back[1] == amount[1] and abs(back[0]) > abs(amount[0]):
        yield Fault(
            "payment-amount", "refunded", values["refunded"], f"{_shown(*back)} were given back of {_shown(*amount)}"
        )
    parts = [_minor(part.get("amount")) for part in values.get("allocations") or () if isinstance(part, dict)]
    settled = sum(part[0] for part in parts if part is not None and part[1] == amount[1])
    if abs(settled) > abs(amount[0]):
        yield Fault(
            "payment-amount",
            "allocations",
            values["allocations"],
            f"{_shown(settled, amount[1])} are allocated of {_shown(*amount)}",
        )


TOTALS = (
    Check("line-amount", "a line that is not its quantity times its price less its discount", models=BILLS, find=_line_amounts),
    Check("lines-total", "lines that do not add up to net", models=BILLS, find=_lines_total),
    Check("tax-total", "tax that the lines' rates do not make", models=BILLS, find=_tax_total),
    Check("total", "net and tax that do not make the total", models=BILLS, find=_total),
    Check("currencies", "amounts of one document in several currencies", models=BILLS, find=_currencies),
    Check("open-amount", "more open than was billed, or something open of what is paid", models=("invoice",), find=_open),
    Check("payment-amount", "more allocated or given back than was paid", models=("payment",), find=_paid_out),
)  # fmt: skip
