"""MT940 and MT942: signs, balances, texts, and messages that are not whole."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import mt940 as library
import pytest
from bankfiles import IBAN, mt940

from hub.finance.bank.judge import judge
from hub.finance.bank.mt import mt
from hub.finance.bank.statement import Entry, Statement
from hub.model import Money

PLAIN = ":61:2603050305C10,50NTRFNONREF//B1"
GERMAN = (
    ":61:2603050305CR119,00NTRFNONREF//20260305-17\r\n"
    ":86:166?00GUTSCHRIFT?109310?20EREF+KD-4711?21SVWZ+Rechnung 2026-0815 vo\r\n"
    "m 1.3.?30COBADEFFXXX?31DE44500105175407324931?32Muster Maschinenbau GmbH?33 und Co KG"
)


def only(text: str) -> Statement:
    reading = mt(text)
    assert reading.problems == []
    (found,) = reading.statements
    return found


def entry(line: str, closing: str = "C260305EUR1010,50") -> Entry:
    (found,) = only(mt940(line, closing=closing)).entries
    return found


def test_a_message_is_read_with_its_balances() -> None:
    found = only(mt940(PLAIN, GERMAN, closing="C260305EUR1129,50"))
    assert (found.format, found.account, found.currency, found.number) == ("mt940", IBAN, "EUR", "7/1")
    assert (found.opening, found.closing, found.balanced) == (Money(100000, "EUR"), Money(112950, "EUR"), True)
    assert [e.amount.minor for e in found.entries] == [1050, 11900]
    assert (found.entries[0].reference, found.entries[0].booked_on) == ("B1", date(2026, 3, 5))


@pytest.mark.parametrize(
    ("mark", "sign"), [("C", 1), ("D", -1), ("RC", -1), ("RD", 1), ("CR", 1), ("DR", -1), ("RCR", -1), ("RDR", 1)]
)
def test_the_mark_gives_the_sign_and_the_balance_proves_it(mark: str, sign: int) -> None:
    closing = f"C260305EUR{1000 + 10 * sign},00"
    found = only(mt940(f":61:2603050305{mark}10,00NTRFNONREF", closing=closing))
    assert found.entries[0].amount == Money(1000 * sign, "EUR")
    assert found.balanced


def test_both_readers_agree_where_the_library_is_right() -> None:
    text = mt940(PLAIN, GERMAN, ":61:2603050305D20,NMSCNONREF", closing="C260305EUR1109,50")
    theirs = [t.data["amount"].amount for t in library.parse(text)]
    assert [e.amount.amount for e in only(text).entries] == theirs == [Decimal("10.50"), Decimal(119), Decimal(-20)]


def test_a_balance_without_a_currency_is_in_that_of_the_other() -> None:
    assert only(mt940(PLAIN, closing="C2603051010,50")).closing == Money(101050, "EUR")


def test_debit_balances_are_negative() -> None:
    found = only(mt940(PLAIN, opening="D260304EUR100,00", closing="D260305EUR89,50"))
    assert (found.opening, found.balanced) == (Money(-10000, "EUR"), True)


@pytest.mark.parametrize(
    ("line", "booked", "value"),
    [
        (":61:2512311231C1,00NTRFNONREF", (2025, 12, 31), (2025, 12, 31)),
        (":61:2512310102C1,00NTRFNONREF", (2026, 1, 2), (2025, 12, 31)),
        (":61:2601021231C1,00NTRFNONREF", (2025, 12, 31), (2026, 1, 2)),
        (":61:260305C1,00NTRFNONREF", (2026, 3, 5), (2026, 3, 5)),
        (":61:260305    CD1,00NMSCNONREF", (2026, 3, 5), (2026, 3, 5)),
        (":61:2602300301C1,00NTRFNONREF", (2026, 3, 1), (2026, 2, 28)),
    ],
)
def test_the_booking_day_is_the_one_nearest_to_the_value_day(
    line: str, booked: tuple[int, int, int], value: tuple[int, int, int]
) -> None:
    found = entry(line, "C260305EUR1001,00")
    assert (found.booked_on, found.value_on) == (date(*booked), date(*value))


def test_a_german_text_is_put_together_and_taken_apart() -> None:
    found = entry(GERMAN, "C260305EUR1119,00")
    assert found.text == "Rechnung 2026-0815 vom 1.3."
    assert (found.party, found.party_account, found.party_bank) == (
        "Muster Maschinenbau GmbH und Co KG",
        "DE44500105175407324931",
        "COBADEFFXXX",
    )
    assert (found.end_to_end, found.reference) == ("KD-4711", "20260305-17")


def test_a_dutch_text_is_taken_apart() -> None:
    line = (
        ":61:260305C10,50NTRFEREF//B7\r\n:86:/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/Jansen BV\r\n"
        "/REMI/Factuur 12345/EREF/KLANT-1"
    )
    found = entry(line)
    assert (found.party, found.party_account, found.text) == ("Jansen BV", "NL91ABNA0417164300", "Factuur 12345")
    assert (found.party_bank, found.end_to_end) == ("ABNANL2A", "KLANT-1")


def test_several_86_and_free_text_belong_to_their_entry() -> None:
    found = entry(":61:260305C10,50N051NONREF\r\n:86:BETALINGSKENM. 123\r\n:86:FACTUUR   456\r\n16:26:37 UHR")
    assert found.text == "BETALINGSKENM. 123 FACTUUR 456 16:26:37 UHR"
    total = only(mt940(PLAIN, closing="C260305EUR1010,50\r\n:86:all the day"))
    assert total.entries[0].text == ""


def test_a_return_says_of_what_why_and_what_it_cost() -> None:
    line = (
        ":61:2603050305D12,35NRTIKREF+//B9\r\n/OCMT/EUR11,85//CHGS/EUR0,50/\r\n"
        ":86:109?00SEPA-LASTSCHR. RETOURE?20EREF+DD-1?21SVWZ+MD06 Widerspruch?32Anna"
    )
    found = entry(line, "C260305EUR987,65")
    assert (found.amount.minor, found.return_of, found.return_reason) == (-1235, "DD-1", "MD06")
    assert (found.charges, found.instructed) == (Money(50, "EUR"), Money(1185, "EUR"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (":61:2603050305X10,00NTRFNONREF", "is no entry"),
        (":61:2613050305C10,00NTRFNONREF", "'261305' is no day (YYMMDD)"),
        (":61:2603051350C10,00NTRFNONREF", "'1350' is no day (MMDD)"),
        (":61:2603050305C10,005NTRFNONREF", "10,005 has more decimals than EUR has"),
    ],
)
def test_an_entry_that_cannot_be_read_refuses_its_statement_with_the_line(line: str, says: str) -> None:
    good = mt940(PLAIN, closing="C260305EUR1010,50", number="6/1")
    reading = mt(good + mt940(PLAIN, line, closing="C260305EUR1020,50"))
    assert [judge(found).state for found in reading.statements] == ["taken", "refused"]
    (problem,) = reading.statements[1].problems
    assert says in problem.text
    assert problem.line == 13


def test_a_message_that_breaks_off_is_refused_wherever_it_does() -> None:
    whole = mt940(PLAIN, closing="C260305EUR1010,50", number="6/1")
    text = whole + mt940(GERMAN, closing="C260306EUR1119,00", number="7/1")
    for end in range(len(whole) + 9, text.index(":62F:C260306") + 20):
        states = [judge(found).state for found in mt(text[:end]).statements]
        assert states in (["taken"], ["taken", "refused"]), text[:end]


def test_entries_outside_of_a_message_are_told() -> None:
    reading = mt(mt940(PLAIN, closing="C260305EUR1010,50") + PLAIN)
    assert [p.line for p in reading.problems] == [8]


def test_swift_envelopes_and_headers_of_banks_are_passed_over() -> None:
    inside = mt940(PLAIN, closing="C260305EUR1010,50", end="-}{5:{MAC:0}}")
    for head in (
        "{1:F01BANKDEFFXXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\r\n",
        "\x01",
        "ABNANL2A\r\n940\r\nABNANL2A\r\n",
        ":940:\r\n",
    ):
        assert only(head + inside).balanced


def test_an_interim_report_has_no_balances_and_expects_some() -> None:
    text = (
        ":20:X\r\n:25:DE1\r\n:28C:1/1\r\n:34F:EURD0,\r\n:13D:2603051815+0100\r\n:61:2603050305C1,00NTRFNONREF//B1\r\n"
        ":61:2603060306EC9,00NTRFNONREF//B2\r\n:90D:0EUR0,\r\n:90C:1EUR1,00\r\n-\r\n"
    )
    found = only(text)
    assert (found.format, found.pending, found.balanced, len(found.entries)) == ("mt942", 1, None, 1)
    assert judge(found).state == "taken"


def test_a_currency_that_is_none_is_told_once() -> None:
    found = judge(only(mt940(PLAIN, PLAIN, opening="C260304ZZZ1,00", closing="C260305ZZZ2,00")))
    assert found.state == "refused"
    assert [problem.line for problem in found.problems] == [4, 7, 1]
