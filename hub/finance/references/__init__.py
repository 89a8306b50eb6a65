"""References that carry a check digit, so that a slip of the pen can be told from a payment."""

from __future__ import annotations

from hub.finance.references.checksums import (
    KidAlgorithm,
    is_kid,
    is_ocr,
    is_ogm,
    is_qrr,
    is_rf,
    is_viite,
)
from hub.finance.references.find import Found, find, only
from hub.finance.references.kinds import bare, kinds, looks_structured

__all__ = [
    "Found",
    "KidAlgorithm",
    "bare",
    "find",
    "is_kid",
    "is_ocr",
    "is_ogm",
    "is_qrr",
    "is_rf",
    "is_viite",
    "kinds",
    "looks_structured",
    "only",
]
