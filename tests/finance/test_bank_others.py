"""OFX, BAI2 and CSV, and which format a file has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from bankfiles import BAI2, IBAN, camt, mt940, ntry, ofx, stmt, trn
from ofxparse import OfxParser

from hub.config.statements import Account, Dialect, Statements
from hub.finance.bank.bai2 import bai2
from hub.finance.bank.guess import guess, toml
from hub.finance.bank.judge import judge
from hub.finance.bank.ofx import ofx as read_ofx
from hub.finance.bank.read import form_of, read
from hub.finance.bank.statement import Statement
from hub.finance.bank.table import table
from hub.model import Money

# -- OFX


def test_ofx_without_end_tags_is_read() -> None:
    (found,) = read_ofx(ofx(trn("100.00", MEMO="RE 7"), trn("-3,50", "F2", "20260304"))).statements
    assert (found.account, found.currency, found.closing, found.opening) == (
        "202051",
        "EUR",
        Money(110000, "EUR"),
        None,
    )
    first, second = found.entries
    assert (first.amount.minor, first.reference, first.party, first.text) == (10000, "F1", "Muster & Co", "RE 7")
    assert (first.booked_on, second.booked_on, second.amount.minor) == (date(2026, 3, 5), date(2026, 3, 4), -350)


def test_ofx_as_xml_reads_the_same() -> None:
    text = (
        '<?xml version="1.0"?><?OFX OFXHEADER="200" VERSION="200"?><OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR</CURDEF>'
        "<BANKACCTFROM><ACCTID>1</ACCTID></BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>POS</TRNTYPE><DTPOSTED>20260305"
        "</DTPOSTED><TRNAMT>-1.50</TRNAMT><FITID>9</FITID><NAME><![CDATA[A < B]]></NAME></STMTTRN></BANKTRANLIST></STMTRS>"
        "</STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    (found,) = read_ofx(text).statements
    assert [(e.amount.minor, e.party, e.method) for e in found.entries] == [(-150, "A < B", "card")]


def test_both_readers_of_ofx_agree() -> None:
    text = ofx(trn("100.00"), trn("-3.50", "F2"))
    theirs = OfxParser.parse(BytesIO(text.encode())).account.statement.transactions
    ours = read_ofx(text).statements[0].entries
    assert [e.amount.amount for e in ours] == [t.amount for t in theirs] == [Decimal(100), Decimal("-3.5")]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (trn("100.00", day=""), "has no day (DTPOSTED)"),
        (trn("1.00", day="20260231"), "'20260231' is no day"),
        (trn("12..34"), "'12..34' is no amount"),
        (trn("1.234"), "more decimals"),
        (trn("1.00", CURRENCY="<CURRATE>1.1<CURSYM>USD</CURRENCY>"), "is in USD and its account in EUR"),
    ],
)
def test_an_entry_of_ofx_that_cannot_be_read_is_told_and_the_others_go_on(entry: str, says: str) -> None:
    reading = read_ofx(ofx(trn("1.00", "F9"), entry))
    judged = judge(reading.statements[0])
    assert (judged.state, judged.fine, len(judged.statement.entries)) == ("taken", False, 1)
    assert [says in str(p) and p.line is not None for p in judged.problems] == [True]


def test_ofx_that_breaks_off_or_is_none_of_a_bank_is_refused() -> None:
    text = ofx(trn("1.00"))
    assert "breaks off" in read_ofx(text[: text.index("</STMTRS>")]).problems[0].text
    assert "breaks off" in read_ofx(text.replace("</OFX>", "")).problems[0].text
    assert "investment" in read_ofx(text.replace("STMTRS", "INVSTMTRS")).problems[0].text
    assert "holds no bank statement" in read_ofx("OFXHEADER:100\n\n<OFX></OFX>").problems[0].text
    failed = "OFXHEADER:100\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>15500<SEVERITY>ERROR</STATUS></SONRS></OFX>"
    assert "code 15500" in read_ofx(failed).problems[0].text
    assert "document type" in read_ofx('<!DOCTYPE x [<!ENTITY a "b">]><OFX>&a;</OFX>').problems[0].text


# -- BAI2


def test_bai2_is_read_and_proven() -> None:
    reading = bai2(BAI2)
    (found,) = reading.statements
    assert (reading.problems, found.problems) == ([], ())
    assert (found.account, found.currency, found.balanced) == ("4711", "USD", True)
    assert (found.opening, found.closing) == (Money(100000, "USD"), Money(112500, "USD"))
    credit, debit = found.entries
    assert (credit.amount.minor, debit.amount.minor) == (15000, -2500)
    assert (credit.reference, credit.end_to_end, credit.party, credit.party_account) == (
        "B-77",
        "E-1",
        "JANE DOE",
        "998877",
    )
    assert credit.text == "ACME Invoice 4711"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("49,247500,8", "49,247501,8", "the control total is 247501 and the amounts make 247500"),
        ("49,247500,8", "49,247500,9", "the trailer counts 9 records and there are 8"),
        ("16,475,", "16,999,", "neither credit nor debit"),
        ("16,475,2500", "16,475,25.00", "no amount in whole minor units"),
        ("260305,2400,USD", "269905,2400,USD", "is no day"),
        ("4711,USD", "4711,QQQ", "no currency of ISO 4217"),
    ],
)
def test_bai2_that_does_not_hold_is_refused(old: str, new: str, says: str) -> None:
    judged = judge(bai2(BAI2.replace(old, new, 1)).statements[0])
    assert judged.state == "refused"
    assert any(says in str(problem) for problem in judged.problems)


def test_bai2_that_breaks_off_is_refused() -> None:
    assert bai2(BAI2[: BAI2.index("49,")]).statements == []
    assert "breaks off" in bai2(BAI2[: BAI2.index("99,")]).problems[0].text


# -- CSV

GERMAN = Dialect(
    {"booked": ("Buchungstag",), "value": ("Valuta",), "amount": ("Betrag",), "party": ("Name",), "balance": ("Saldo",),
     "text": ("Zweck", "Info")},
    "cp1252", ";", '"', ",", ".", "dmy", 2,
)  # fmt: skip
LINES = [
    "Meine Bank;Umsätze",
    "",
    "Buchungstag;Valuta;Name;Zweck;Info;Betrag;Saldo",
    '05.03.26;06.03.26;"Müller; Söhne";Rechnung 7;x;1.119,00;2.109,00',
    "04.03.2026;04.03.2026;Bank;Gebühr;;-10,00 EUR;990,00",
]


def csv(lines: list[str], dialect: Dialect = GERMAN, code: str | None = "EUR") -> Statement:
    reading = table("\r\n".join(lines), dialect, code)
    assert reading.problems == []
    (found,) = reading.statements
    return found


def test_a_dialect_is_followed_and_running_balances_prove_it_in_either_order() -> None:
    for body in (LINES[3:], LINES[:2:-1]):
        found = csv([*LINES[:3], *body])
        assert (found.opening, found.closing, found.balanced) == (Money(100000, "EUR"), Money(210900, "EUR"), True)
    first = csv(LINES).entries[-1]  # oldest first, whichever way the file goes
    assert (first.amount.minor, first.party, first.text) == (111900, "Müller; Söhne", "Rechnung 7 x")
    assert (first.booked_on, first.value_on, first.line) == (date(2026, 3, 5), date(2026, 3, 6), 4)


def test_a_wrong_running_balance_is_refused_with_the_difference() -> None:
    judged = judge(csv([*LINES[:4], LINES[4].replace("990,00", "990,01")]))
    assert judged.state == "refused"
    assert judge(replace(judged.statement, account=IBAN)).problems[0].text.endswith("the difference is -0.01 EUR")


def test_columns_for_credit_and_debit_and_for_the_sign() -> None:
    two = Dialect({"booked": ("d",), "credit": ("in",), "debit": ("out",)}, delimiter=",", decimal=".")
    rows = ["d,in,out", "2026-03-05,5.00,", "2026-03-05,,2.00", "2026-03-05,,-3.00"]
    assert [e.amount.minor for e in csv(rows, two).entries] == [500, -200, -300]
    signed = Dialect({"booked": ("d",), "amount": ("a",), "sign": ("s",)}, delimiter=",", decimal=".", order="mdy")
    rows = ["d,a,s", "03/05/2026,5.00,H", "03/05/2026,2.00,S", "3/5/26,4.00-,"]
    (five, two_out) = csv(rows[:3], signed).entries
    assert (five.amount.minor, two_out.amount.minor, five.booked_on) == (500, -200, date(2026, 3, 5))
    both = csv(["d,in,out", "2026-03-05,5.00,1.00", "2026-03-05,,", "2026-03-05,1.00,"], two)
    assert [p.line for p in both.problems] == [2, 3]


@pytest.mark.parametrize("amount", ["12..34", "1.11,00", "1,119.00", "1e5", "", "٣,00"])
def test_an_amount_of_another_dialect_is_no_amount(amount: str) -> None:
    found = csv([*LINES[:3], f"05.03.2026;;A;B;;{amount};"])
    assert (found.entries, [p.line for p in found.problems]) == ((), [4])


def test_without_balances_good_rows_go_on_beside_bad_ones() -> None:
    plain = Dialect({"booked": ("d",), "amount": ("a",)}, delimiter=",", decimal=".")
    found = csv(["d,a", "2026-03-05,1.00", "2026-13-05,1.00", "2026-03-05,x"], plain)
    judged = judge(replace(found, account="A"))
    assert (judged.state, judged.fine, len(judged.statement.entries)) == ("taken", False, 1)
    assert [problem.line for problem in judged.problems] == [3, 4]


def test_pending_rows_and_rows_of_several_accounts_are_told_apart() -> None:
    dialect = Dialect({"booked": ("d",), "amount": ("a",), "account": ("k",), "status": ("s",)}, delimiter=",",
                      decimal=".", booked=("DONE",))  # fmt: skip
    reading = table(
        "d,a,k,s\n2026-03-05,1.00,K1,done\n2026-03-05,2.00,K2,done\n2026-03-05,9.00,K1,open", dialect, "EUR"
    )
    assert [(s.account, len(s.entries), s.pending) for s in reading.statements] == [("K1", 1, 1), ("K2", 1, 0)]


def test_a_file_without_a_header_goes_by_numbers() -> None:
    dialect = Dialect({"booked": ("1",), "amount": ("3",)}, delimiter=",", decimal=".", header=False)
    assert csv(["20260305,x,1.00"], dialect).entries[0].booked_on == date(2026, 3, 5)


def test_a_quote_that_is_never_closed_has_an_end() -> None:
    reading = table("\n".join([*LINES[:3], '05.03.26;;"' + "x" * 200_000]), GERMAN, "EUR")
    assert "line" in reading.problems[0].text


def test_a_missing_column_is_named_with_those_there_are() -> None:
    reading = table("d,b\n1,2", Dialect({"booked": ("d",), "amount": ("a",)}, delimiter=","), "EUR")
    assert str(reading.problems[0]) == "line 1: no column 'a'; there are: d, b"


# -- which format, whose account

SETTINGS = Statements(
    {
        IBAN: Account(IBAN, ("12030000/202051",), "EUR", None, GERMAN),
        "K2": Account("K2", (), "EUR", None, Dialect({"booked": ("d",), "amount": ("a",)}, delimiter=",", decimal=".")),
    }
)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (camt(stmt(ntry("1.00"))), "camt"),
        (b"\xef\xbb\xbf  " + camt(stmt(ntry("1.00"))), "camt"),
        (camt(stmt(ntry("1.00"))).decode().replace("UTF-8", "UTF-16").encode("utf-16"), "camt"),
        (mt940(closing="C260305EUR1000,00").encode(), "mt"),
        (ofx(trn("1.00")).encode(), "ofx"),
        (BAI2.encode(), "bai2"),
        ("\r\n".join(LINES).encode("cp1252"), "csv"),
        (b"", "nothing"),
        (b"\0\1\2", "nothing"),
    ],
)
def test_the_format_is_told_by_the_content(data: bytes, form: str) -> None:
    assert form_of(data) == form


def test_an_account_has_one_number_whatever_a_bank_calls_it() -> None:
    text = mt940(closing="C260305EUR1000,00", account="12030000/202051").encode()
    assert read(text, SETTINGS).statements[0].account == IBAN
    assert read(text, Statements()).statements[0].account == "12030000/202051"
    assert read(text, Statements(), "DE 02 1203 0000 0000 2020 51").statements[0].account == IBAN


def test_a_file_of_another_account_than_was_said_is_refused() -> None:
    data = camt(stmt(ntry("1.00"), account="DE44500105175407324931"))
    assert judge(read(data, SETTINGS, IBAN).statements[0]).state == "refused"
    dollars = camt(stmt(ntry("1.00", code="USD"), code="USD"))
    assert "and the account in EUR" in str(judge(read(dollars, SETTINGS).statements[0]).problems[-1])


def test_csv_finds_the_account_whose_dialect_fits() -> None:
    assert read("\r\n".join(LINES).encode("cp1252"), SETTINGS).statements[0].account == IBAN
    assert read(b"d,a\n2026-03-05,1.00", SETTINGS).statements[0].account == "K2"
    assert "no dialect is saved" in read(b"x,y\n1,2", SETTINGS).problems[0].text
    assert "no utf-8" in read(b"d,a\n2026-03-05,1.00\n\xff", Statements({"K2": Account("K2", csv=Dialect(
        {"booked": ("d",), "amount": ("a",)}, "utf-8", ","))})).problems[0].text  # fmt: skip


def test_bytes_that_are_no_utf8_are_told_and_read_by_the_accounts_encoding() -> None:
    text = mt940(":61:260305C1,00NTRFNONREF\r\n:86:Grün", closing="C260305EUR1001,00").encode("cp852")
    found = read(text, Statements()).statements[0]
    assert [(p.line, p.fault) for p in found.problems] == [(6, False)]
    settled = read(text, Statements({IBAN: Account(IBAN, encoding="cp852")})).statements[0]
    assert (settled.problems, settled.entries[0].text) == ((), "Grün")


def test_a_proposal_reads_the_file_it_was_made_of() -> None:
    data = (
        "\r\n".join(LINES).encode("cp1252").replace(b"Zweck", b"Verwendungszweck").replace(b"Valuta;", b"Wertstellung;")
    )
    dialect, doubts = guess(data)
    assert dialect is not None
    assert (dialect.skip, dialect.delimiter, dialect.decimal, dialect.thousands, dialect.order) == (
        2,
        ";",
        ",",
        ".",
        "dmy",
    )
    assert len(doubts) == 2, "neither the encoding nor the order of day and month can be seen"
    found = table(data.decode("cp1252"), dialect, "EUR").statements[0]
    assert [e.amount.minor for e in found.entries] == [-1000, 111900]
    assert 'booked = "Buchungstag"' in toml(dialect, IBAN)
    assert guess(b"nothing of\nthe kind")[0] is None
