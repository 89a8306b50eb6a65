"""Files as banks make them, written for these tests: CAMT, MT940, OFX, BAI2 and CSV of the same entries."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

IBAN = "DE02120300000000202051"


def camt(*statements: str, kind: str = "053", version: str = "08") -> bytes:
    """A CAMT message around statements."""
    body = {"052": "BkToCstmrAcctRpt", "053": "BkToCstmrStmt", "054": "BkToCstmrDbtCdtNtfctn"}[kind]
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"
    text = "".join(statements)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{space}"><{body}>\n'
        f"<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-06T06:00:00</CreDtTm></GrpHdr>\n{text}</{body}></Document>\n"
    ).encode()


def stmt(
    *entries: str,
    opening: str | None = "1000.00",
    closing: str | None = None,
    account: str = IBAN,
    code: str = "EUR",
    number: int = 7,
    tag: str = "Stmt",
    more: str = "",
) -> str:
    """A statement; `closing` None: what the entries in it make."""
    if closing is None and opening is not None:
        closing = str(Decimal(opening) + sum((_signed(one) for one in entries), Decimal(0)))
    balances = "".join(
        bal(kind, amount, code) for kind, amount in (("OPBD", opening), ("CLBD", closing)) if amount is not None
    )
    return (
        f"<{tag}><Id>S{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>\n"
        f"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>{code}</Ccy></Acct>\n{balances}{more}"
        + "".join(entries)
        + f"</{tag}>\n"
    )


def bal(kind: str, amount: str, code: str = "EUR") -> str:
    """A balance."""
    side = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="{code}">{amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-03-05</Dt></Dt></Bal>\n"
    )


def ntry(
    amount: str,
    *,
    day: str = "2026-03-05",
    ref: str | None = None,
    status: str = "BOOK",
    old: bool = False,
    code: str = "EUR",
    details: str = "",
    more: str = "",
) -> str:
    """An entry; `old` writes the status as versions before 8 do."""
    side = "DBIT" if amount.startswith("-") else "CRDT"
    sts = f"<Sts>{status}</Sts>" if old else f"<Sts><Cd>{status}</Cd></Sts>"
    bank = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    inner = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    return (
        f'<Ntry><Amt Ccy="{code}">{amount.lstrip("-")}</Amt><CdtDbtInd>{side}</CdtDbtInd>{more}{sts}'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>{bank}<BkTxCd/>{inner}</Ntry>\n"
    )


def tx(amount: str | None = None, *, name: str = "Muster AG", text: str = "", e2e: str = "", ref: str = "", code: str = "EUR",
       iban: str = "DE44500105175407324931", more: str = "", strd: Sequence[str] = ()) -> str:  # fmt: skip
    """The details of one transaction, of a payer."""
    refs = (f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else "") + (f"<EndToEndId>{e2e}</EndToEndId>" if e2e else "")
    own = f'<Amt Ccy="{code}">{amount}</Amt>' if amount else ""
    party = f"<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct></RltdPties>"
    structured = "".join(f"<Strd><CdtrRefInf><Ref>{one}</Ref></CdtrRefInf></Strd>" for one in strd)
    remittance = f"<RmtInf><Ustrd>{text}</Ustrd>{structured}</RmtInf>" if text or strd else ""
    return f"<TxDtls><Refs>{refs}</Refs>{own}{party}{remittance}{more}</TxDtls>"


def _signed(entry: str) -> Decimal:
    if "<Cd>BOOK</Cd>" not in entry and "<Sts>BOOK</Sts>" not in entry:
        return Decimal(0)
    amount = Decimal(entry.partition(">")[2].partition(">")[2].partition("<")[0])
    return -amount if "<CdtDbtInd>DBIT" in entry.partition("</Ntry>")[0].partition("<BookgDt>")[0] else amount


def mt940(
    *entries: str,
    opening: str = "C260304EUR1000,00",
    closing: str,
    account: str = IBAN,
    number: str = "7/1",
    end: str = "-",
) -> str:
    """An MT940 message; entries are whole :61: and :86: lines."""
    body = "".join(f"{one}\r\n" for one in entries)
    last = f":62F:{closing}\r\n" if closing else ""
    return f":20:STARTUMS\r\n:25:{account}\r\n:28C:{number}\r\n:60F:{opening}\r\n{body}{last}{end}\r\n"


def ofx(*entries: str, account: str = "202051", code: str = "EUR", closing: str = "1100.00") -> str:
    """An OFX 1.x file."""
    return (
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n"
        "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>"
        f"<CURDEF>{code}<BANKACCTFROM><BANKID>12030000<ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM>\r\n"
        f"<BANKTRANLIST><DTSTART>20260301<DTEND>20260305\r\n{''.join(entries)}</BANKTRANLIST>\r\n"
        f"<LEDGERBAL><BALAMT>{closing}<DTASOF>20260305</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n"
    )


def trn(
    amount: str, fitid: str = "F1", day: str = "20260305120000.000[-5:EST]", name: str = "Muster &amp; Co", **more: Any
) -> str:
    """An entry of OFX."""
    rest = "".join(f"<{key}>{value}\r\n" for key, value in more.items())
    return f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{fitid}<NAME>{name}\r\n{rest}</STMTTRN>\r\n"


BAI2 = """01,BANKUSNY,ACME,260305,0600,1,,,2/
02,ACME,BANKUSNY,1,260305,2400,USD,/
03,4711,USD,010,100000,,/
88,015,112500,,,100,15000,1,,400,2500,1,/
16,165,15000,S,15000,0,0,B-77,C-1,ACME Invoice 4711
88,EREF: E-1
88,DBNM: JANE DOE
88,DACT: 998877
16,475,2500,,B-78,1001,CHECK
49,247500,8/
98,247500,1,10/
99,247500,1,12/
"""
