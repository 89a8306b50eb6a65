"""Files that are broken or meant to hurt: read in bounded memory, refused with a reason, never an exception."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from bankfiles import BAI2, camt, mt940, ntry, ofx, stmt, trn, tx
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.statements import Account, Dialect, Statements
from hub.finance.bank.judge import judge
from hub.finance.bank.read import read
from hub.finance.bank.statement import Problem, Statement
from hub.finance.bank.unpack import unpack

CSV = "d;a;b\n05.03.2026;1,00;101,00\n05.03.2026;2,00;103,00\n"
SETTINGS = Statements(
    {"K": Account("K", (), "EUR", None, Dialect({"booked": ("d",), "amount": ("a",), "balance": ("b",)}, order="dmy"))}
)
SAMPLES = [
    camt(stmt(ntry("1.00", ref="R1", details=tx("0.40", text="ä") + tx("0.60")), ntry("-2.00")), stmt(ntry("5.00"), number=8)),
    (mt940(":61:2603050305C1,00NTRFNONREF//B1\r\n:86:166?20SVWZ+x?32y", closing="C260305EUR1001,00")
     + mt940(":61:2603060306D2,00NTRFNONREF", opening="C260305EUR1001,00", closing="C260306EUR999,00")).encode(),
    ofx(trn("1.00"), trn("2.00", "F2")).encode(),
    BAI2.encode(),
    CSV.encode(),
]  # fmt: skip


def taken(data: bytes) -> list[Statement]:
    """The statements that would come in."""
    judged = [judge(found) for found in read(data, SETTINGS).statements]
    assert all(one.problems for one in judged if one.state == "refused")
    return [one.statement for one in judged if one.state == "taken"]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_file_cut_off_anywhere_gives_whole_proven_statements_or_none(sample: bytes, data: st.DataObject) -> None:
    whole = {(s.account, s.opening, s.closing, len(s.entries)) for s in taken(sample) if s.balanced}
    end = data.draw(st.integers(0, len(sample)))
    for found in taken(sample[:end]):
        if found.format == "csv":  # a file of rows may end at any row
            assert found.balanced is not False
        elif found.balanced:
            assert (found.account, found.opening, found.closing, len(found.entries)) in whole


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=6)), min_size=1, max_size=8)
)
def test_whatever_is_changed_it_is_read_or_refused(sample: bytes, changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(sample)
    for at, new in changes:
        at %= len(data)
        data[at : at + len(new)] = new
    for found in taken(bytes(data)):
        assert found.balanced is not False


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reading = read(data, SETTINGS)
    assert reading.statements or reading.problems


def packed(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


LIMIT = 2_000_000
BOMBS: dict[str, Callable[[], bytes]] = {
    "zip": lambda: packed("a.xml", bytes(60_000_000)),
    "gzip": lambda: gzip.compress(bytes(60_000_000)),
    "plain": lambda: bytes(LIMIT + 1),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_what_is_larger_than_the_limit_is_refused_in_bounded_memory(kind: str) -> None:
    data = BOMBS[kind]()
    tracemalloc.start()
    try:
        found = list(unpack("a", data, LIMIT))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (problem,) = [inner for _, inner in found]
    assert isinstance(problem, Problem)
    assert "is over 2 MB once unpacked" in problem.text
    assert peak < 4 * LIMIT


def test_files_in_archives_are_read() -> None:
    assert [data for _, data in unpack("a", gzip.compress(SAMPLES[0]), LIMIT)] == [SAMPLES[0]]
    assert list(unpack("a.zip", packed("b.xml", SAMPLES[0]), LIMIT)) == [("a.zip:b.xml", SAMPLES[0])]


def test_archives_that_are_broken_nested_or_locked_are_refused() -> None:
    whole = packed("b.xml", SAMPLES[0] * 50)
    for data in (
        whole[:-30],
        whole[:60] + b"xxxx" + whole[64:],
        gzip.compress(SAMPLES[0])[:-4],
        packed("b.zip", whole),
    ):
        (found,) = [inner for _, inner in unpack("a", data, LIMIT)]
        assert isinstance(found, Problem)
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}", b"")
    assert "more than 1000" in str(next(unpack("a", many.getvalue(), LIMIT))[1])


def test_a_long_statement_is_read_entry_by_entry() -> None:
    entries = [ntry("1.00", ref=f"R{n}", details=tx("1.00", text="Rechnung " + str(n) * 50)) for n in range(3_000)]
    data = camt(stmt(*entries))
    tracemalloc.start()
    try:
        (found,) = read(data, SETTINGS).statements
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(found.entries), found.balanced) == (3_000, True)
    assert peak < 3 * len(data)
