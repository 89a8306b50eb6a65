"""Names are compared by the letters that differ after folding; the index finds exactly what comparing all would."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.finance.matching.names import Names, distance, fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller & Söhne GmbH", "MUELLER UND SOEHNE"),
        ("Müller & Söhne GmbH", "Muller Sohne"),
        ("Grünwald GmbH & Co. KG", "Gruenwald"),
        ("Łódź Sp. z o.o.", "LODZ"),
        ("Hansen A/S", "hansen"),
        ("Societe Générale S.A.", "SOCIETE GENERALE"),
        ("Weiß e. K.", "weiss"),
    ],
)
def test_ways_to_write_one_name(one: str, other: str) -> None:
    assert fold(one) == fold(other) or fold(one) == fold(other.replace(" UND ", " "))


def test_a_legal_form_alone_stays() -> None:
    assert fold("AG") == "ag"
    assert fold("AG Weser") == "ag weser"
    assert fold("Müller AG", wide=False) == "müller ag"


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(0, 8))
def test_the_distance_is_levenshteins(one: str, other: str, most: int) -> None:
    def slow(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        return min(slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0]))

    exact = slow(one[:6], other[:6])
    assert distance(one[:6], other[:6], most) == (exact if exact <= most else most + 1)


@given(
    st.lists(st.text("abc ", min_size=1, max_size=30), max_size=30, unique=True),
    st.text("abc ", min_size=1, max_size=30),
    st.sampled_from(["0.75", "0.90", "1"]),
)
def test_the_index_finds_what_comparing_all_finds(names: list[str], asked: str, threshold: str) -> None:
    limit = Decimal(threshold)
    index = Names(((str(at), name) for at, name in enumerate(names)), limit, wide=False)
    wanted = fold(asked, wide=False)

    def alike(name: str) -> bool:
        folded = fold(name, wide=False)
        longer = max(len(folded), len(wanted))
        return bool(folded and wanted) and distance(folded, wanted, 99) <= (1 - limit) * longer

    assert index.alike(asked) == tuple(sorted(str(at) for at, name in enumerate(names) if alike(name)))
