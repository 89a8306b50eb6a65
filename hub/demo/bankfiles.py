"""The demo's bank: the same entries as a CAMT.053 and as an MT940 statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from xml.sax.saxutils import escape


class Entry(NamedTuple):
    """One movement of the account; money that goes out is negative."""

    key: str
    amount: Decimal
    party: str
    iban: str
    text: str


def camt(iban: str, entries: Sequence[Entry], opening: Decimal, day: date, closing: Decimal | None = None) -> bytes:
    """A CAMT.053 message with one statement; `closing` is what it claims, by default what is true."""
    end = opening + sum((e.amount for e in entries), Decimal(0)) if closing is None else closing
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_amount(amount)}<Dt><Dt>{day}</Dt></Dt></Bal>"
        for kind, amount in (("OPBD", opening), ("CLBD", end))
    )
    body = "".join(_entry(one, day) for one in entries)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M{day:%Y%m%d}</MsgId><CreDtTm>{day}T06:00:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>S{day:%Y%m%d}{'' if closing is None else 'X'}</Id><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balances}{body}</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def _entry(one: Entry, day: date) -> str:
    side = "Dbtr" if one.amount > 0 else "Cdtr"
    return (
        f"<Ntry>{_amount(one.amount)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{one.key}</AcctSvcrRef><BkTxCd/><NtryDtls><TxDtls><Refs/>"
        f"<RltdPties><{side}><Pty><Nm>{escape(one.party)}</Nm></Pty></{side}>"
        f"<{side}Acct><Id><IBAN>{one.iban}</IBAN></Id></{side}Acct></RltdPties>"
        f"<RmtInf><Ustrd>{escape(one.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def _amount(amount: Decimal) -> str:
    return f'<Amt Ccy="EUR">{abs(amount):.2f}</Amt><CdtDbtInd>{"CRDT" if amount >= 0 else "DBIT"}</CdtDbtInd>'


def mt940(iban: str, entries: Sequence[Entry], opening: Decimal, day: date) -> bytes:
    """An MT940 message with one statement."""
    end = opening + sum((e.amount for e in entries), Decimal(0))
    lines = [":20:STARTUMS", f":25:{iban}", ":28C:00001/001", f":60F:{_balance(opening, day)}"]
    for one in entries:
        side = "C" if one.amount >= 0 else "D"
        lines.append(f":61:{day:%y%m%d}{day:%m%d}{side}{_comma(one.amount)}NTRFNONREF//{one.key}")
        lines.append(f":86:166?00GUTSCHRIFT?20{one.text[:27]}?31{one.iban}?32{_latin(one.party)[:27]}")
    lines += [f":62F:{_balance(end, day)}", "-", ""]
    return "\r\n".join(lines).encode("ascii", "replace")


def _balance(amount: Decimal, day: date) -> str:
    return f"{'C' if amount >= 0 else 'D'}{day:%y%m%d}EUR{_comma(amount)}"


def _comma(amount: Decimal) -> str:
    return f"{abs(amount):.2f}".replace(".", ",")


def _latin(text: str) -> str:
    return text.encode("ascii", "ignore").decode()
