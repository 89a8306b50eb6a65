"""What :86: tells of an entry: the German ?20 form, the Dutch /NAME/ form, or free text.

Lines of it are cut at 65 characters in the middle of a word, so they are put together again before they are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hub.finance.bank.values import account, clean, currency, given, money
from hub.model import Money

GERMAN = re.compile(r"^\s*\d{3}\s*([?>])(?=\d\d)")
SEPA = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|PURP|SQTP)\+\s?")
DUTCH = re.compile(r"/(MARF|EREF|PREF|BENM|ORDP|NAME|ID|ADDR|REMI|CDTRREFTP|CD|SCOR|ISSR|CDTRREF|ISDT|CSID|RTRN|IBAN|"
                   r"BIC|TRTP|TRCD|UDTR|UCRD|PURP|OCMT|CHGS|STRD|USTD|CNTP|EXCH|SVCL)(?=/)")  # fmt: skip
CHARGES = re.compile(r"/CHGS/([A-Z]{3})([\d,]+)/?")
ORDERED = re.compile(r"/OCMT/([A-Z]{3})([\d,]+)/?")
REASON = re.compile(r"\b(A[CGM]\d\d|MD\d\d|MS0[23]|RR\d\d|BE\d\d|CNOR|DNOR|FF01|SL01|RC01|TM01|FOCR|CUST|DUPL|TECH)\b")
RETURNS = frozenset({"108", "109", "159", "181", "182", "183", "184", "185", "187", "189"})  # codes of German banks
DEBITS = frozenset({"104", "105", "108", "109", "171", "174", "181", "182", "183", "184", "187", "192", "193", "196"})


@dataclass(frozen=True, slots=True)
class Told:
    """What the texts of an entry say."""

    text: str
    party: str | None = None
    party_account: str | None = None
    party_bank: str | None = None
    end_to_end: str | None = None
    debit: bool = False
    returned: bool = False
    reason: str | None = None
    whole: str = ""

    def charges(self, iso: str) -> Money | None:
        """Stated charges in the account's currency."""
        found = CHARGES.search(self.whole)
        return _stated(found) if found and found[1] == iso else None

    def instructed(self) -> Money | None:
        """The amount that was ordered, as stated."""
        found = ORDERED.search(self.whole)
        return _stated(found) if found else None


def told(lines: Sequence[str], more: str) -> Told:
    """Read the lines of all :86: of an entry; `more` is the rest of its :61:."""
    joined = "".join(lines)
    german = GERMAN.match(joined)
    if german:
        return _german(joined, german[1], more)
    if "/" in joined and len(DUTCH.findall(joined)) >= 2:
        return _dutch(joined, more)
    text = clean(" ".join(lines)) or more
    return Told(text, whole=more + joined, reason=None)


def _german(joined: str, mark: str, more: str) -> Told:
    code = joined.strip()[:3]
    fields: dict[str, str] = {}
    for part in re.split(rf"[{mark}](?=\d\d)", joined)[1:]:
        fields[part[:2]] = fields.get(part[:2], "") + part[2:]
    purpose = "".join(_line(fields[name]) for name in sorted(fields) if "20" <= name <= "29" or "60" <= name <= "63")
    sepa = _sepa(purpose)
    text = f"{sepa.get('SVWZ', '')} {sepa['']}"
    name = clean(fields.get("32", "") + fields.get("33", ""))
    number = account(sepa.get("IBAN")) or account(fields.get("38")) or account(fields.get("31"))
    returned = code in RETURNS
    reason = REASON.search(purpose) if returned else None
    return Told(
        clean(text) or clean(fields.get("00")) or more, name or None, number,
        clean(fields.get("30")) or None, given(sepa.get("EREF")), code in DEBITS, returned,
        reason[0] if reason else None, more + purpose,
    )  # fmt: skip


def _line(text: str) -> str:
    """A subfield of 27 characters is full and goes on in the next; a shorter one is a line of its own."""
    return text if len(text) >= 27 else f"{text}\n"


def _sepa(purpose: str) -> dict[str, str]:
    """The parts EREF+, SVWZ+ ... of a purpose; under "" what belongs to none of them.

    A reference ends with its line; what stands in lines behind it is text again.
    """
    found = SEPA.split(purpose)
    parts = {"": found[0]}
    for name, value in zip(found[1::2], found[2::2], strict=True):
        rest = ""
        if name != "SVWZ":
            value, _, rest = value.partition("\n")
        parts[name] = (parts.get(name, "") + " " + value).strip()
        parts[""] += f" {rest}"
    return parts


def _dutch(joined: str, more: str) -> Told:
    found = DUTCH.split(joined)
    parts: dict[str, str] = {}
    for name, value in zip(found[1::2], found[2::2], strict=True):
        plain = value.strip("/").strip()
        if plain:
            parts[name] = f"{parts[name]} {plain}" if name in parts else plain
    text = " ".join(parts[name] for name in ("REMI", "USTD", "CDTRREF", "STRD") if name in parts)
    owner = account(parts.get("IBAN")) or (account(more) if re.fullmatch(r"[A-Z]{2}\d\d[A-Z0-9]+", more) else None)
    return Told(
        clean(text) or clean(joined), clean(parts.get("NAME")) or None, owner, parts.get("BIC"),
        given(parts.get("EREF")), "CSID" in parts, "RTRN" in parts, parts.get("RTRN"), more + joined,
    )  # fmt: skip


def _stated(found: re.Match[str]) -> Money | None:
    try:
        return money(found[2].rstrip(","), currency(found[1]), point=",")
    except ValueError:
        return None
