"""Totals that do not add up: line by line, lines to net, rates to tax, net and tax to total.

A difference that the vendor's rounding explains is none: see hub.quality.checks.rounding for what is taken as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from hub.model import Money, Values
from hub.quality.checks.fault import Check, Fault
from hub.quality.checks.rounding import Row, in_coins, rounded, rows, sums, taxes

BILLS = ("order", "invoice")
ZERO = Decimal(0)


def _minor(value: Any) -> tuple[int, str] | None:
    good = isinstance(value, list) and len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str)
    return (value[0], value[1]) if good else None


def _shown(minor: int | Decimal, currency: str) -> str:
    return str(Money(rounded(Decimal(minor)), currency))


def _lines(model: str, values: Values, today: date) -> Iterator[Fault]:
    """The lines by themselves, and what they make of net and tax."""
    lines = values.get("lines")
    net, tax, total = (_minor(values.get(name)) for name in ("net", "tax", "total"))
    currency = next((money[1] for money in (net, total, tax) if money is not None), None)
    if not lines or not isinstance(lines, list) or currency is None:
        return
    found = rows(lines, currency)
    yield from _line_amounts(found, currency)
    if net is None and total is not None and tax is not None:
        net = (total[0] - tax[0], total[1])
    if net is not None:
        yield from _net(found, net[0], total[0] if total is not None else None, currency)
    if tax is not None:
        yield from _tax(found, tax[0], currency)


def _line_amounts(found: Sequence[Row], currency: str) -> Iterator[Fault]:
    for number, line in enumerate(found, 1):
        if line.amount is None or line.exact is None:
            continue
        off = abs(line.amount - line.exact)
        if off >= 1 and off > line.slack:
            said, made = _shown(line.amount, currency), _shown(line.exact, currency)
            reason = f"line {number}: quantity times price is {made}, the line says {said}"
            yield Fault("line-amount", "lines", said, reason)


def _net(found: Sequence[Row], net: int, total: int | None, currency: str) -> Iterator[Fault]:
    bases = [line.base for line in found if line.base is not None]
    made = sum(bases, ZERO)
    if len(bases) < len(found) or abs(net - made) <= sum((line.hidden for line in found), ZERO):
        return  # each line hides what was rounded away
    exact = [line.exact for line in found if line.exact is not None]
    if net in sums(bases) or (len(exact) == len(found) and net in sums(exact)):
        return
    said = _shown(net, currency)
    hint = "; that is the total, are they with tax?" if total is not None and total in sums(bases) else ""
    yield Fault("lines-total", "net", said, f"the lines add up to {_shown(made, currency)}, net is {said}{hint}")


def _tax(found: Sequence[Row], tax: int, currency: str) -> Iterator[Fault]:
    rated = [(line.base, line.rate, line) for line in found if line.base is not None and line.rate is not None]
    if len(rated) < len(found):
        return
    made = sum((base * rate for base, rate, _ in rated), ZERO)
    if abs(tax - made) < 1 + sum((line.hidden * abs(rate) for _, rate, line in rated), ZERO):
        return
    exact = [(line.exact, rate) for _, rate, line in rated if line.exact is not None]
    if tax in taxes([(base, rate) for base, rate, _ in rated]) or (len(exact) == len(found) and tax in taxes(exact)):
        return
    said = _shown(tax, currency)
    yield Fault("tax-total", "tax", said, f"the lines' rates make {_shown(made, currency)}, tax is {said}")


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
    Check("line-amount", "a line that is not its quantity times its price less its discount", models=BILLS, find=_lines),
    Check("lines-total", "lines that do not add up to net", models=BILLS, find=_lines),
    Check("tax-total", "tax that the lines' rates do not make", models=BILLS, find=_lines),
    Check("total", "net and tax that do not make the total", models=BILLS, find=_total),
    Check("currencies", "amounts of one document in several currencies", models=BILLS, find=_currencies),
    Check("open-amount", "more open than was billed, or something open of what is paid", models=("invoice",), find=_open),
    Check("payment-amount", "more allocated or given back than was paid", models=("payment",), find=_paid_out),
)  # fmt: skip
