"""Where: `--where FIELD=VALUE`, as a person writes both."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.model import Field

TRUTHS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}


def condition(model: str, text: str) -> tuple[str, str]:
    """The field and the text that its value has in the store. Raises ConfigError for a field or a value that is none."""
    from hub.model import MODELS, field, fields
    from hub.suggest import like

    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f'--where "{text}": write FIELD=VALUE')
    name = name.removesuffix(".*")  # any kind of it
    known = fields(MODELS[model])
    spec = field(MODELS[model], name) or known.get(f"{name}.*")
    if spec is None:
        hint = (
            like(name, [path.removesuffix(".*") for path in known]) or f"; list them with: hub schema {model} --fields"
        )
        raise ConfigError(f'--where "{text}": {model} has no field "{name}"{hint}')
    try:
        return name, _stored(spec, value)
    except ValueError as error:
        raise ConfigError(f'--where "{text}": {name} {error}') from None


def _stored(spec: Field, value: str) -> str:
    from hub.mapping.shape import words

    if (allowed := words(spec)) and value not in allowed:
        raise ValueError(f"is one of {', '.join(map(str, allowed))}")
    if spec.type is bool:
        if value.lower() not in TRUTHS:
            raise ValueError("is yes or no")
        return TRUTHS[value.lower()]
    if spec.money and not value.startswith("["):
        return _money(value)
    if spec.type is Decimal:
        try:
            return format(Decimal(value).normalize(), "f")
        except InvalidOperation:
            raise ValueError("is a number, such as 0.5") from None
    return value


def _money(value: str) -> str:
    from hub.model import Money, is_currency

    code, amount = sorted(value.split(), key=lambda part: not part.isalpha()) if len(value.split()) == 2 else ("", "")
    try:
        if not is_currency(code.upper()):
            raise ValueError
        return f'[{Money.of(amount, code.upper()).minor},"{code.upper()}"]'
    except ValueError:
        raise ValueError('is an amount and its currency, such as "10.10 EUR"') from None
