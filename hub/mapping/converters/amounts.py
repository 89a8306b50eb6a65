"""Numbers and money: exact on the way, a float is taken by the shortest text that stands for it."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hub.mapping.converters.base import Converters
from hub.mapping.result import Doubt
from hub.model import Money, decimals, is_currency

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?", re.ASCII)
POINTS = {  # by decimal sign: how people write a number, in groups of three or in none
    point: re.compile(
        rf"[+-]?(?:\d{{1,3}}(?:[{groups}\u00a0\u202f '’]\d{{3}})+|\d+|(?=[{point}]\d))(?:[{point}]\d*)?", re.ASCII
    )
    for point, groups in ((",", "."), (".", ","))
}
DIGITS = 40  # before or behind the point; nothing a business writes is longer, and an attack may be


def exact(value: Any) -> Decimal:
    """The exact number in a JSON value; raises ValueError for what is none."""
    if isinstance(value, Decimal):
        found = value
    elif isinstance(value, str):
        trimmed = value.strip()
        if len(trimmed) > 3 * DIGITS or not NUMBER.fullmatch(trimmed):
            raise ValueError("is no number")
        found = Decimal(trimmed)
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("is no number")  # noqa: TRY004 - it is the data that is wrong
    else:
        found = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    if not found.is_finite() or found.adjusted() >= DIGITS or -_exponent(found) > DIGITS:
        raise ValueError("is no number of sensible size")
    return found


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def plain(number: Decimal) -> str:
    """A number in plain notation without needless zeros: 10.1, never 1.01E+1 or 10.10."""
    out = format(number, "f")
    if "." in out:
        out = out.rstrip("0").rstrip(".")
    return "0" if out in ("-0", "") else out


def written(value: Any, point: str | None = None) -> Decimal:
    """The exact number in a value; in a text `point` is the decimal sign, groups of three and a minus behind allowed."""
    if not isinstance(value, str):
        return exact(value)
    if point is None:
        try:
            return exact(value)
        except ValueError as error:
            hint = '; for a decimal comma write point = "," in its row' if "," in value else ""
            raise ValueError(f"{error}{hint}") from None
    text = value.strip()
    text = f"-{text[:-1].rstrip()}" if text.endswith("-") and not text.startswith("-") else text
    if len(text) > 3 * DIGITS or not POINTS[decimal_sign(point)].fullmatch(text):
        raise ValueError(f"is no number whose decimal sign is {point!r}")
    return exact("".join("." if sign == point else sign for sign in text if sign.isdigit() or sign in f"+-{point}"))


def decimal_sign(point: Any) -> str:
    """The option `point` itself. Raises ValueError for what is no decimal sign."""
    if point not in POINTS:
        raise ValueError('is no decimal sign; write "," or "."')
    return str(point)


def _shown(text: str, point: str | None) -> str:
    return text.replace(".", point) if point else text


def decimal(value: Any, *, number: bool = False, point: str | None = None) -> str:
    """A number as exact text; `number` concerns writing."""
    if point is None and isinstance(value, str) and len(value) <= DIGITS and PLAIN.fullmatch(value) and value != "-0":
        return value
    return plain(written(value, point))


def undecimal(value: Any, *, number: bool = False, point: str | None = None) -> Any:
    """The text itself, or a JSON number where the row says `number = true`."""
    return _number(Decimal(value)) if number else _shown(str(value), point)


def _number(value: Decimal) -> int | float:
    if value == value.to_integral_value():
        return int(value)
    near = float(value)
    if Decimal(repr(near)) != value:
        raise ValueError(f"{plain(value)} has too many digits for a JSON number")
    return near


def integer(value: Any) -> int:
    """A whole number within 64 bits."""
    if isinstance(value, int) and not isinstance(value, bool):
        found = value
    else:
        number = exact(value)
        if number != number.to_integral_value():
            raise ValueError("is no whole number")
        found = int(number)
    if not -(2**63) <= found < 2**63:
        raise ValueError("is no whole number of sensible size")
    return found


def percent(value: Any, *, number: bool = False, point: str | None = None) -> str:
    """A share: their 19 is our 0.19. A sign "%" behind it is allowed."""
    if isinstance(value, str):
        value = value.strip().removesuffix("%")
    return plain(written(value, point).scaleb(-2))


def unpercent(value: Any, *, number: bool = False, point: str | None = None) -> Any:
    """Per cent: our 0.19 is their 19."""
    hundredfold = Decimal(value).scaleb(2)
    return _number(hundredfold) if number else _shown(plain(hundredfold), point)


def code(value: Any) -> str:
    """An ISO 4217 code in upper case. Raises ValueError for what is none."""
    if isinstance(value, str):
        found = value.strip().upper()
        if len(found) == 3 and found.isascii() and found.isalpha() and is_currency(found):
            return found
    raise ValueError("is no ISO 4217 currency code")


def money(
    value: Any, *, currency: Any = None, number: bool = False, case: str = "upper", point: str | None = None
) -> list[Any]:
    """An amount in major units, as [minor units, code]; more decimals than the currency has are rounded and reported."""
    iso, amount = _currency(currency), written(value, point)
    scaled = amount.scaleb(decimals(iso))
    minor = int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if minor != scaled:
        raise Doubt([minor, iso], f"rounded to the {decimals(iso)} decimals of {iso}")
    return [minor, iso]


def unmoney(
    value: Any, *, currency: Any = None, number: bool = False, case: str = "upper", point: str | None = None
) -> Any:
    """An amount in major units with the currency's decimals: "10.10", or 10.1 where the row says `number = true`."""
    _check(value, currency)
    amount = Money(*value)
    return _number(amount.amount) if number else _shown(format(amount.amount, f".{decimals(amount.currency)}f"), point)


def minor(value: Any, *, currency: Any = None, case: str = "upper") -> list[Any]:
    """An amount in whole minor units, as [minor units, code]."""
    return [integer(value), _currency(currency)]


def unminor(value: Any, *, currency: Any = None, case: str = "upper") -> int:
    """Whole minor units."""
    _check(value, currency)
    return int(value[0])


def _currency(given: Any) -> str:
    if given is None or given == "":
        raise ValueError("has no currency")
    try:
        return code(given)
    except ValueError:
        raise ValueError(f"has a currency that ISO 4217 does not list ({str(given)[:20]!r})") from None


def _check(value: Any, currency: Any) -> None:
    if currency and value[1] != str(currency).upper():
        raise ValueError(f"is in {value[1]}, and the field over there is in {currency}")


def same(value: Any) -> Any:
    """The value itself."""
    return value


def whole(value: Any) -> int:
    """A whole number, also from text: keys of records are text in the hub."""
    return int(value)


def register(into: Converters) -> None:
    """Add the converters of this module."""
    into.register("int", integer, whole, gives=int)
    into.register("decimal", decimal, undecimal, gives=Decimal)
    into.register("percent", percent, unpercent, gives=Decimal)
    into.register("money", money, unmoney, gives=Money)
    into.register("minor", minor, unminor, gives=Money)
    into.register("currency", code, same, gives=str, shape="currency")
