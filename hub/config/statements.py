"""`[finance.accounts.NAME]` of hub.toml, as far as it says how the bank's files of an account are read."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.config.table import Table

LIMIT = 256  # megabytes a file of statements may have, unpacked
ORDERS = ("ymd", "dmy", "mdy")
COLUMNS = ("booked", "value", "amount", "credit", "debit", "sign", "currency", "balance", "party", "party_account",
           "party_bank", "text", "reference", "structured", "end_to_end", "account", "status")  # fmt: skip
MINUS = ("D", "S", "DBIT", "DEBIT", "SOLL", "AF", "-")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one bank writes CSV."""

    columns: Mapping[str, tuple[str, ...]]  # ours to theirs, by name; by number from 1 where there is no header
    encoding: str = "utf-8-sig"
    delimiter: str = ";"
    quote: str = '"'
    decimal: str = ","
    thousands: str = ""
    order: str = "ymd"  # of day, month and year
    skip: int = 0  # lines above the header
    header: bool = True
    minus: tuple[str, ...] = MINUS  # words of the sign column for what went out
    booked: tuple[str, ...] = ()  # words of the status column for what counts; none: everything does


@dataclass(frozen=True, slots=True)
class Account:
    """One of our accounts: what it is called in the banks' files, and how its CSV is written."""

    number: str  # IBAN or account number, as payments carry it
    aliases: tuple[str, ...] = ()  # what else banks call it: 37040044/532013000
    currency: str | None = None
    encoding: str | None = None  # of MT940 files that are no UTF-8
    csv: Dialect | None = None


@dataclass(frozen=True, slots=True)
class Statements:
    """How statements are read."""

    accounts: Mapping[str, Account] = field(default_factory=dict)
    limit_mb: int = LIMIT  # of one file, unpacked


def account(name: str, table: Table) -> Account:
    """Read what concerns statements of one account, whose name is its number; other keys are left to others."""
    iso = table.text("currency")
    if iso is not None and not (len(iso) == 3 and iso.isalpha() and iso.isupper()):
        table.wrong("currency", 'must be an ISO 4217 code such as "EUR"')
    encoding = table.text("encoding")
    _encoding(table, encoding)
    aliases = tuple("".join(alias.split()).upper() for alias in table.texts("aliases"))
    csv = _dialect(table.table("csv")) if "csv" in table.data else None
    return Account("".join(name.split()).upper(), aliases, iso, encoding, csv)


def _dialect(table: Table) -> Dialect:
    inner = table.table("columns")
    columns: dict[str, tuple[str, ...]] = {}
    for name in COLUMNS:
        if name not in inner.data:
            continue
        if isinstance(inner.data[name], list):
            columns[name] = inner.texts(name)
        elif isinstance(inner.data[name], int):
            columns[name] = (str(inner.get(name, int)),)
        else:
            columns[name] = (inner.text(name) or "",)
    for name in COLUMNS:
        inner.known.append(name)
    inner.done()
    if "booked" not in columns:
        inner.wrong(None, 'no column for the booking day; for example booked = "Booking date"')
    if "amount" not in columns and not {"credit", "debit"} <= columns.keys():
        inner.wrong(None, "no column for the amount: give amount, or credit and debit")
    signs = {
        key: table.text(key, default) or "" for key, default in (("delimiter", ";"), ("quote", '"'), ("decimal", ","))
    }
    for key, sign in signs.items():
        if len(sign) != 1:
            table.wrong(key, "must be one character")
    thousands = table.text("thousands", "") or ""
    if len(thousands) > 1 or (thousands and thousands == signs["decimal"]):
        table.wrong("thousands", "must be one character, and another than the decimal sign")
    encoding = table.text("encoding", "utf-8-sig") or "utf-8-sig"
    _encoding(table, encoding)
    skip = table.get("skip", int, 0)
    if not 0 <= skip <= 1000:
        table.wrong("skip", "must be a number of lines")
    header = table.flag("header", True)
    numbered = all(part.isdigit() and part != "0" for parts in columns.values() for part in parts)
    if not header and not numbered:
        inner.wrong(None, "without a header the columns are numbers, the first is 1")
    order = table.choice("date", ORDERS, "ymd")
    minus = tuple(word.upper() for word in table.texts("minus")) or MINUS
    found = Dialect(
        columns, encoding, signs["delimiter"], signs["quote"], signs["decimal"], thousands, order, skip, header,
        minus, tuple(word.upper() for word in table.texts("booked")),
    )  # fmt: skip
    table.done()
    return found


def _encoding(table: Table, name: str | None) -> None:
    if name is None:
        return
    try:
        codecs.lookup(name)
    except LookupError:
        table.wrong("encoding", f'no encoding "{name}"; for example utf-8, cp1252, cp852, iso-8859-15')
