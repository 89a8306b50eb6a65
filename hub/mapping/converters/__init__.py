"""The converters that ship: what a mapping may name under `as`."""

from __future__ import annotations

from hub.mapping.converters import amounts, identities, text, times
from hub.mapping.converters.base import Converter, Converters

BUILTIN = Converters()
"""All converters that ship; copy it (`Converters(BUILTIN)`) before registering more."""

for _module in (text, amounts, times, identities):
    _module.register(BUILTIN)

__all__ = ["BUILTIN", "Converter", "Converters"]
