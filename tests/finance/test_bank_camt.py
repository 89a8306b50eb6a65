"""CAMT: what a bank's XML says becomes entries, and what does not hold is left out with its line."""

from __future__ import annotations

import pytest
from bankfiles import IBAN, bal, camt, ntry, stmt, tx

from hub.finance.bank.camt import camt as read
from hub.finance.bank.judge import judge
from hub.finance.bank.statement import Reading, Statement
from hub.model import Money


def only(data: bytes) -> Statement:
    reading = read(data)
    assert reading.problems == []
    (found,) = reading.statements
    return found


@pytest.mark.parametrize(("version", "old"), [("02", True), ("04", True), ("08", False), ("13", False)])
def test_every_version_reads_the_same(version: str, old: bool) -> None:
    found = only(camt(stmt(ntry("12.50", ref="R1", old=old), ntry("-2.50", ref="R2", old=old)), version=version))
    assert (found.format, found.account, found.currency, found.number) == ("camt.053", IBAN, "EUR", "7")
    assert [entry.amount for entry in found.entries] == [Money(1250, "EUR"), Money(-250, "EUR")]
    assert [entry.reference for entry in found.entries] == ["R1", "R2"]
    assert (found.opening, found.closing, found.balanced) == (Money(100000, "EUR"), Money(101000, "EUR"), True)


def test_only_what_is_booked_counts() -> None:
    found = only(camt(stmt(ntry("1.00"), ntry("7.00", status="PDNG"), ntry("8.00", status="INFO"))))
    assert [entry.amount.minor for entry in found.entries] == [100]
    assert (found.pending, found.balanced) == (2, True)


def test_a_batch_becomes_its_parts() -> None:
    parts = tx("60.00", name="Anna", text="RE 1", ref="T1") + tx("40.00", name="Bert", text="RE 2", ref="T2")
    (entry,) = only(camt(stmt(ntry("100.00", ref="B1", details=parts)))).entries
    assert [(p.amount.minor, p.party, p.text, p.reference) for p in entry.parts] == [
        (6000, "Anna", "RE 1", "T1"),
        (4000, "Bert", "RE 2", "T2"),
    ]
    assert entry.amount == Money(10000, "EUR")


def test_parts_may_have_signs_of_their_own() -> None:
    parts = tx("120.00") + tx("20.00", more="<CdtDbtInd>DBIT</CdtDbtInd>")
    (entry,) = only(camt(stmt(ntry("100.00", details=parts)))).entries
    assert [part.amount.minor for part in entry.parts] == [12000, -2000]


def test_details_that_do_not_add_up_are_left_out_and_said() -> None:
    found = only(camt(stmt(ntry("100.00", ref="B1", details=tx("60.00") + tx("39.99", text="RE 2")))))
    (entry,) = found.entries
    assert (entry.parts, entry.party, entry.text) == ((), None, "")
    assert [(p.fault, "do not add up to 100.00 EUR" in p.text) for p in found.problems] == [(False, True)]
    wrong = only(camt(stmt(ntry("100.00", details=tx("99.00", text="RF18539007547034")))))
    assert wrong.entries[0].text == ""
    assert len(wrong.problems) == 1


def test_a_single_transaction_tells_of_its_entry_also_where_charges_lie_between() -> None:
    charges = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">0.50</TtlChrgsAndTaxAmt></Chrgs>'
    (entry,) = only(camt(stmt(ntry("99.50", details=tx("100.00", e2e="E1", text="RE 7", more=charges))))).entries
    assert (entry.amount.minor, entry.charges, entry.text, entry.end_to_end) == (9950, Money(50, "EUR"), "RE 7", "E1")
    assert (entry.party, entry.party_account) == ("Muster AG", "DE44500105175407324931")


def test_parts_net_of_their_charges_add_up_too() -> None:
    charges = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">1.00</TtlChrgsAndTaxAmt></Chrgs>'
    (entry,) = only(camt(stmt(ntry("98.00", details=tx("60.00", more=charges) + tx("40.00", more=charges))))).entries
    assert [part.amount.minor for part in entry.parts] == [5900, 3900]


def test_what_was_ordered_in_another_currency_is_kept_beside() -> None:
    ordered = '<AmtDtls><InstdAmt><Amt Ccy="USD">110.00</Amt></InstdAmt></AmtDtls>'
    (entry,) = only(camt(stmt(ntry("100.00", details=tx(more=ordered, text="RE 9"))))).entries
    assert (entry.instructed, entry.amount, entry.text) == (Money(11000, "USD"), Money(10000, "EUR"), "RE 9")


def test_a_return_says_of_what_and_why() -> None:
    back = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
    returned = ntry("-50.00", more="<RvslInd>true</RvslInd>", details=tx("50.00", e2e="DD-1", name="Anna", more=back))
    (entry,) = only(camt(stmt(returned))).entries
    assert (entry.amount.minor, entry.return_of, entry.return_reason, entry.party) == (-5000, "DD-1", "AC04", "Anna")


def test_references_in_fields_of_their_own() -> None:
    (entry,) = only(camt(stmt(ntry("1.00", details=tx("1.00", strd=["RF18539007547034"]))))).entries
    assert entry.structured == "RF18539007547034"
    (two,) = only(camt(stmt(ntry("1.00", details=tx("1.00", text="zwei", strd=["RF18539007547034", "RF471"]))))).entries
    assert (two.structured, two.text) == ("RF18539007547034", "zwei RF471")


def test_what_only_says_that_there_is_nothing_is_nothing() -> None:
    (entry,) = only(camt(stmt(ntry("1.00", ref="NONREF", details=tx("1.00", e2e="NOTPROVIDED"))))).entries
    assert (entry.reference, entry.end_to_end) == (None, None)


def test_a_wrong_balance_is_told_with_its_difference() -> None:
    judged = judge(only(camt(stmt(ntry("10.00"), closing="1010.01"))))
    assert judged.state == "refused"
    assert str(judged.problems[0]).endswith("do not make closing 1010.01 EUR: the difference is 0.01 EUR")


def test_balances_of_two_currencies_prove_nothing() -> None:
    broken = stmt(ntry("10.00"), opening=None, more=bal("OPBD", "1.00") + bal("CLBD", "11.00", "SEK"))
    judged = judge(only(camt(broken)))
    assert judged.state == "refused"
    assert "the opening balance is in EUR, the closing balance in SEK" in str(judged.problems[0])


def test_a_missing_balance_refuses_a_statement_and_none_at_all_takes_it_unproven() -> None:
    assert judge(only(camt(stmt(ntry("1.00"), opening=None, more=bal("OPBD", "1.00"))))).state == "refused"
    judged = judge(only(camt(stmt(ntry("1.00"), opening=None))))
    assert (judged.state, judged.statement.balanced, len(judged.problems), judged.fine) == ("taken", None, 1, True)


def test_pages_lie_between_interim_balances() -> None:
    first = stmt(ntry("5.00"), opening=None, more=bal("OPBD", "10.00") + bal("ITBD", "15.00"))
    last = stmt(ntry("7.00"), opening=None, more=bal("ITBD", "15.00") + bal("CLBD", "22.00"))
    middle = stmt(ntry("7.00"), opening=None, more=bal("ITBD", "15.00") + bal("ITBD", "22.00"))
    assert [judge(only(camt(page))).statement.balanced for page in (first, last, middle)] == [True, True, True]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (ntry("12..34"), "'12..34' is no amount"),
        (ntry("1.005"), "1.005 has more decimals than EUR has"),
        (ntry("1.00", code="XQQ"), "'XQQ' is no currency of ISO 4217"),
        (ntry("1.00").replace("<CdtDbtInd>CRDT", "<CdtDbtInd>X"), "neither CRDT nor DBIT"),
        (ntry("1.00").replace(">1.00<", ">-1.00<"), "negative amount"),
        (ntry("1.00", day="2026-02-31"), "'2026-02-31' is no day"),
        (ntry("1.00").replace("<BookgDt><Dt>2026-03-05</Dt></BookgDt><ValDt><Dt>2026-03-05</Dt></ValDt>", ""), "neither a booking"),
        (ntry("1.00", code="USD"), "an entry is in USD and its account in EUR"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_told_with_its_line(entry: str, says: str) -> None:
    proven = only(camt(stmt(ntry("2.00"), entry, closing="1002.00")))
    assert [says in str(p) and str(p).startswith("line 9:") for p in proven.problems] == [True]
    assert judge(proven).state == "refused", "with an entry unread the balances prove nothing"
    report = only(camt(stmt(ntry("2.00"), entry, opening=None, tag="Rpt"), kind="052"))
    assert judge(report).state == "taken", "a report has no proof: its other entries go on"
    assert len(report.entries) == 1
    assert not judge(report).fine


def test_a_file_that_breaks_off_keeps_what_was_whole() -> None:
    data = camt(stmt(ntry("1.00"), number=1), stmt(ntry("2.00"), number=2))
    for end in range(data.index(b"<Id>S2"), len(data) - 1, 17):
        reading = read(data[:end])
        assert [s.number for s in reading.statements] in (["1"], ["1", "2"])
        assert len(reading.problems) == 1
        assert reading.problems[0].line is not None


def refused(data: bytes) -> Reading:
    reading = read(data)
    assert reading.statements == []
    assert len(reading.problems) == 1
    return reading


BOMB = "".join(
    f'<!ENTITY e{n} "{"&e" + str(n - 1) + ";" if n else "ha"}{"&e" + str(n - 1) + ";" if n else "ha"}">'
    for n in range(40)
)


@pytest.mark.parametrize(
    "head",
    [
        f"<!DOCTYPE Document [{BOMB}]>",
        '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_entities_and_document_types_are_refused_at_once(head: str) -> None:
    hostile = camt(stmt(ntry("1.00", details=tx("1.00", text="&x;&e39;")))).replace(b"?>\n", f"?>\n{head}".encode(), 1)
    assert "document type" in refused(hostile).problems[0].text
    wide = hostile.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert refused(wide).problems[0].text


def test_depth_breaks_nothing() -> None:
    deep = camt("<Stmt>" * 1 + "<a>" * 100_000 + "</a>" * 100_000 + "</Stmt>")
    assert read(deep).problems


def test_bytes_that_are_not_in_the_declared_encoding_are_told_with_their_line() -> None:
    data = camt(stmt(ntry("1.00", details=tx("1.00", text="Müller"))))
    reading = refused(data.replace("ü".encode(), b"\xfc"))
    assert reading.problems[0].line == 8
    latin = data.replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"').replace("ü".encode(), b"\xfc")
    assert only(latin).entries[0].text == "Müller"


def test_other_xml_is_told_apart() -> None:
    assert "no CAMT" in refused(b"<Document><CstmrCdtTrfInitn/></Document>").problems[0].text
    assert "without a single statement" in refused(camt()).problems[0].text
