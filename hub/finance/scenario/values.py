"""Single values of a scenario: amounts, days, texts; each mistake is told with file, case and key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from hub.errors import ConfigError
from hub.model.money import decimals, is_currency
from hub.suggest import like

_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")
_RATE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


class ScenarioError(ConfigError):
    """A scenario says something that cannot be carried out."""


class Fields:
    """One mapping of a scenario, read key by key; `at` is where it stands."""

    def __init__(self, data: object, at: str) -> None:
        self.at = at
        if not isinstance(data, Mapping):
            raise ScenarioError(f"{at}: must be keys with values, not {told(data)}")
        self.data: Mapping[str, Any] = data

    def wrong(self, key: str, message: str) -> ScenarioError:
        """Make the error for a key."""
        return ScenarioError(f"{self.at}.{key}: {message}")

    def only(self, known: Collection[str]) -> None:
        """Refuse keys that mean nothing here: a misspelt one would be silently without effect."""
        for key in self.data:
            if key not in known:
                raise self.wrong(str(key), f"unknown key{like(str(key), list(known))}; known: {', '.join(known)}")

    def text(self, key: str) -> str | None:
        """Read a text, None where there is none."""
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return value or None
        raise self.wrong(key, f"must be a text, not {told(value)}")

    def required(self, key: str) -> str:
        """Read a text that must be there."""
        value = self.text(key)
        if value is None:
            raise self.wrong(key, "is missing")
        return value

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        """Read one of the choices."""
        value = self.text(key) or default
        if value not in choices:
            raise self.wrong(key, f'must be one of {", ".join(choices)}, not "{value}"{like(value, list(choices))}')
        return value

    def currency(self, key: str) -> str:
        """Read a currency by its ISO 4217 code."""
        value = self.required(key)
        if not is_currency(value):
            raise self.wrong(key, f'"{value}" is no currency of ISO 4217')
        return value

    def minor(self, key: str, currency: str) -> int:
        """Read an amount in minor units of its currency; one that is finer than the currency is refused."""
        exact = self.decimal(key, _AMOUNT)
        scaled = exact.scaleb(decimals(currency))
        if scaled != scaled.to_integral_value():
            raise self.wrong(key, f"{exact} has more decimals than {currency}, which has {decimals(currency)}")
        return int(scaled)

    def decimal(self, key: str, pattern: re.Pattern[str] = _RATE) -> Decimal:
        """Read an exact number."""
        value = self.required(key)
        if not pattern.fullmatch(value):
            raise self.wrong(key, f'"{value}" is no number such as 1000.00')
        return Decimal(value)

    def day(self, key: str) -> date | None:
        """Read a day, None where there is none."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.wrong(key, f'"{value}" is no day such as 2026-03-31') from None

    def certain_day(self, key: str) -> date:
        """Read a day that must be there."""
        day = self.day(key)
        if day is None:
            raise self.wrong(key, "is missing")
        return day

    def flag(self, key: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self.data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(key, f"must be true or false, not {told(value)}")
        return value

    def count(self, key: str, default: int) -> int:
        """Read a whole number from 0."""
        value = self.text(key)
        if value is None:
            return default
        if not re.fullmatch("[0-9]{1,4}", value):
            raise self.wrong(key, f'"{value}" is no whole number from 0 to 9999')
        return int(value)

    def inner(self, key: str) -> Fields | None:
        """Read the mapping under a key, None where there is none."""
        value = self.data.get(key)
        return None if value is None else Fields(value, f"{self.at}.{key}")

    def items(self, key: str) -> Iterator[Fields]:
        """Read the list of mappings under a key."""
        for number, value in enumerate(self._list(key)):
            yield Fields(value, f"{self.at}.{key}[{number}]")

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts."""
        values = self._list(key)
        for value in values:
            if not isinstance(value, str):
                raise self.wrong(key, f"must be a list of texts; {told(value)} stands in it")
        return tuple(values)

    def named(self, key: str) -> dict[str, str]:
        """Read texts by name."""
        inner = self.inner(key)
        return {} if inner is None else {name: inner.required(name) for name in inner.data}

    def _list(self, key: str) -> list[Any]:
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(key, f"must be a list, not {told(value)}")
        return value


def told(value: object) -> str:
    """Name what stands where something else should."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "keys with values" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else f'"{value}"'
