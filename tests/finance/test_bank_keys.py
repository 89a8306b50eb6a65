"""The key of a bank entry: nothing comes twice, whatever file shows it, and of equal entries none is lost."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from bankfiles import camt, mt940, ntry, stmt, tx
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.statements import Statements
from hub.finance.bank.keys import Memory, keyed
from hub.finance.bank.read import read
from hub.finance.bank.statement import Entry, Statement
from hub.model import Money

FIRST = date(2026, 3, 2)
Row = tuple[int, int, str]  # day, amount, text: few different ones, so that many are equal


def entry(row: Row, reference: str | None = None) -> Entry:
    day, amount, text = row
    return Entry(Money(amount, "EUR"), FIRST + timedelta(day), text=text, reference=reference)


def statement(rows: Sequence[Row], opening: int | None, form: str = "mt940") -> Statement:
    closing = None if opening is None else Money(opening + sum(row[1] for row in rows), "EUR")
    begin = None if opening is None else Money(opening, "EUR")
    return Statement(form, "DE1", "EUR", tuple(map(entry, rows)), begin, closing)


def taken(files: Sequence[Sequence[Statement]]) -> Counter[Row]:
    """What ends up in the hub: each key once."""
    memory, there = Memory(), {}
    for file in files:
        for _, found, _ in keyed(file, memory):
            there |= {one.key: one.entry for one in found}
    return Counter(((e.booked_on - FIRST).days, e.amount.minor, e.text) for e in there.values())


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([-450, 450, 100, -100]), st.sampled_from("ab")), max_size=14
)
RISING = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([450, 100]), st.sampled_from("ab")), max_size=14)


def days(rows: Sequence[Row], opening: int | None, first: int, last: int) -> Statement:
    """A statement of whole days."""
    before = sum(row[1] for row in rows if row[0] < first)
    return statement([row for row in rows if first <= row[0] <= last], None if opening is None else opening + before)


@settings(max_examples=100, deadline=None)
@given(ROWS.map(sorted), st.data())
def test_files_of_whole_days_in_any_order_overlapping_and_repeated_make_the_truth(
    rows: list[Row], data: st.DataObject
) -> None:
    windows = data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=6))
    files = [[days(rows, 0 if proven else None, min(a, b), max(a, b))] for a, b, proven in windows]
    assert taken([*files, [days(rows, 0, 0, 3)], *files]) == Counter(rows)


@settings(max_examples=100, deadline=None)
@given(RISING.map(sorted), st.data())
def test_statements_that_part_a_day_add_up(rows: list[Row], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(rows)), max_size=5)) | {0, len(rows)})
    parts = [statement(rows[a:b], sum(r[1] for r in rows[:a])) for a, b in itertools.pairwise(cuts)]
    again = [days(rows, 0, a, 3) for a in data.draw(st.lists(st.integers(0, 3), max_size=2))]
    files = data.draw(st.permutations([*([part] for part in parts), *([whole] for whole in again)]))
    assert taken([*files, *files]) == Counter(rows)
    assert taken([parts]) == Counter(rows)  # the same as the messages of one file


@settings(max_examples=150, deadline=None)
@given(ROWS.map(sorted), st.data())
def test_nothing_comes_twice_even_where_balances_return(rows: list[Row], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(rows)), max_size=5)) | {0, len(rows)})
    parts = [statement(rows[a:b], sum(r[1] for r in rows[:a])) for a, b in itertools.pairwise(cuts)]
    again = [
        days(rows, 0, a, b) for a, b in data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=3))
    ]
    files = data.draw(st.permutations([*([part] for part in parts), *([whole] for whole in again)]))
    assert taken(files) <= Counter(rows)
    assert taken([*files, [days(rows, 0, 0, 3)]]) == Counter(rows)


def test_formats_that_carry_the_banks_reference_give_one_key() -> None:
    xml = camt(stmt(ntry("119.00", ref="B-17", details=tx("119.00", text="told at length"))))
    swift = mt940(":61:2603050305C119,00NTRFNONREF//B-17\r\n:86:told", closing="C260305EUR1119,00")
    found = [keyed_of(read(data, Statements()).statements, Memory()) for data in (xml, swift.encode())]
    assert found[0] == found[1]
    memory = Memory()
    assert keyed_of(read(xml, Statements()).statements, memory) == keyed_of(
        read(swift.encode(), Statements()).statements, memory
    )


def keyed_of(statements: Sequence[Statement], memory: Memory) -> list[str]:
    return [one.key for _, found, _ in keyed(statements, memory) for one in found]
