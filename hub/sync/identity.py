"""Identity: what an identifier proves, and what speaks against it.

A number that names one thing alone (a VAT number, a SKU, the number of an invoice) proves that two records are one. An
address or a domain only says where somebody can be reached: head office and branch share one, and so do colleagues.
It proves nothing against two different numbers of one register, and nothing by itself once several are known by it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from hub.model import Values

SHARED = ("emails", "domain")  # fields that several may have in common
REGISTERS = frozenset(
    ["vat", "tax", "registration", "lei", "duns", "ein", "nip", "cif", "nif", "siren", "siret", "abn", "uscc", "ssn"]
)  # schemes in which one company has one number


def may_be_shared(name: str) -> bool:
    """Whether an identifier, `model:scheme:value`, is of a kind that several can have in common."""
    return name.split(":", 2)[1] in SHARED


def contrary(one: Values, other: Values) -> str | None:
    """Say in which register two records have different numbers; None where none does, or where they share one.

    VAT numbers of two countries do not contradict each other: a company may well have both. A number written without
    its country is the same number.
    """
    left, right = dict(_registered(one)), dict(_registered(other))
    both = left.keys() & right.keys()
    if any(left[scheme] == right[scheme] for scheme in both):
        return None
    against = [s for s in both if not (left[s].endswith(right[s]) or right[s].endswith(left[s]))]
    return min(against).partition(".")[0] if against else None


def same_name(one: Values, other: Values) -> bool:
    """Whether two records bear one name, however it is written: case, accents, blanks and marks do not matter."""
    return not set(_names(one)).isdisjoint(_names(other))


def _registered(values: Values) -> Iterator[tuple[str, str]]:
    for path, value in values.items():
        stem, _, scheme = path.partition(".")
        if stem != "identifiers" or scheme not in REGISTERS or not value:
            continue
        number = "".join(c for c in str(value).upper() if c.isalnum())
        if scheme == "vat" and number[:2].isalpha():
            scheme = f"vat.{number[:2]}"
        yield scheme, number


def _names(values: Values) -> Iterator[str]:
    whole = f"{values.get('first_name') or ''}{values.get('last_name') or ''}"
    for text in (whole, *(x for path, x in values.items() if path in ("name", "legal_name") or path[:6] == "names.")):
        if isinstance(text, str):
            folded = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())
            if folded:
                yield folded
