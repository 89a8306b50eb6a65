"""What the shipped profiles say holds together: chances, columns, conditions that see a pair alike from both sides."""

from __future__ import annotations

import re
from random import Random

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jellyfish import damerau_levenshtein_distance
from match_world import messy, person

from hub.config.duplicates import Duplicates, read
from hub.config.table import Table
from hub.mistakes import Mistakes
from hub.quality.match.block import keys
from hub.quality.match.contact import CONTACT
from hub.quality.match.customer import CUSTOMER
from hub.quality.match.division import division
from hub.quality.match.prepare import prepared
from hub.quality.match.profile import Profile
from hub.quality.match.settings import condition, shipped
from hub.quality.normal import company_name

RECORD = "(SELECT * EXCLUDE (id), id AS h FROM record)"
PROFILES = pytest.mark.parametrize("profile", [CUSTOMER, CONTACT], ids=lambda one: one.model)


@PROFILES
def test_chances_are_chances(profile: Profile) -> None:
    for name, levels in shipped(profile).items():
        for side in (0, 1):
            assert all(0 < level[side] < 1 for level in levels), name
            assert sum(level[side] for level in levels) == pytest.approx(1, abs=0.01), name


@PROFILES
def test_conditions_name_columns_there_are(profile: Profile) -> None:
    for one in profile.comparisons:
        for text in (one.empty, *(level.when for level in one.levels)):
            assert set(re.findall(r"(\w+)_[lr]\b", text)) <= set(profile.columns), text
        assert one.shows in profile.columns
    assert set(profile.frequencies()) <= {name for name, kind in profile.columns.items() if kind == "text"}
    assert {name for names in profile.training for name in names} <= set(profile.columns)


@PROFILES
def test_a_pair_stands_on_the_same_level_from_both_sides(profile: Profile) -> None:
    rng = Random(5)
    people = [person(rng) for _ in range(25)]
    people += [messy(rng, one) for one in people]
    if profile is CUSTOMER:
        people = [
            {
                "name": f"{one['last_name']} {rng.choice(['Bau', 'Handels', 'Holding', one['first_name']])} {rng.choice(['GmbH', 'AG'])}"
            }
            | one
            for one in people
        ]
    batch = prepared(profile, [(f"r{n}", msgspec.json.encode(one).decode(), ()) for n, one in enumerate(people)])
    db = duckdb.connect(config={"threads": 1})
    db.register("record", batch)
    for one in profile.comparisons:
        cases = [f"WHEN {condition(one.empty, 'duckdb')} THEN -1"]
        cases += [f"WHEN {condition(level.when, 'duckdb')} THEN {at}" for at, level in enumerate(one.levels)]
        there, back = (
            ", ".join(f"{x}.{name} AS {name}_{end}" for x, end in sides for name in profile.columns)
            for sides in ((("a", "l"), ("b", "r")), (("b", "l"), ("a", "r")))
        )
        rows = [
            db.execute(
                f"SELECT CASE {' '.join(cases)} ELSE 99 END FROM "
                f"(SELECT a.id AS one, b.id AS two, {names} FROM record a, record b WHERE a.id < b.id) ORDER BY one, two"
            ).fetchall()
            for names in (there, back)
        ]
        assert rows[0] == rows[1], one.name
        assert len(set(rows[0])) > 1 or {row[0] for row in rows[0]} == {-1}, one.name


WORD = st.text(alphabet="abcd1é", min_size=1, max_size=9)


@settings(max_examples=15, deadline=None)
@given(pairs=st.lists(st.tuples(WORD, WORD), min_size=5, max_size=20), edits=st.integers(1, 3))
def test_looking_at_few_edits_only_finds_the_same(pairs: list[tuple[str, str]], edits: int) -> None:
    pairs += [(one, one[1:2] + one[:1] + one[2:]) for one, _ in pairs]  # two letters swapped
    text = condition(f"{{near{edits}}}(x_l, x_r)", "duckdb")
    rows = duckdb.connect(config={"threads": 1}).execute(
        f"SELECT x_l, x_r, {text}, damerau_levenshtein(x_l, x_r) FROM (SELECT unnest(?) AS x_l, unnest(?) AS x_r)",
        [*map(list, zip(*pairs, strict=True))],
    )
    for one, other, near, distance in rows.fetchall():
        assert near == (distance <= edits), (one, other)
        if (one + other).isascii():  # DuckDB counts bytes
            assert distance == damerau_levenshtein_distance(one, other)


@pytest.mark.parametrize(
    ("name", "city", "says"),
    [
        ("Acme GmbH", "berlin", None),
        ("Acme Vertriebs GmbH", "berlin", "sales"),
        ("Acme Sales Ltd", "", "sales"),
        ("Acme Berlin GmbH", "berlin", "in berlin"),
        ("华远销售有限公司", "", "sales"),
        ("Holding AG", "", None),
    ],
)
def test_a_name_tells_a_part_of_a_group(name: str, city: str, says: str | None) -> None:
    assert division(company_name(name).core, city) == says


def test_the_section_of_hub_toml_is_read() -> None:
    def at(**data: object) -> tuple[Duplicates, list[str]]:
        mistakes = Mistakes("hub.toml", "")
        return read(Table(data, ("duplicates",), mistakes), ["crm"]), [text for _, text in mistakes.found]

    found = at(merge_at=0.99, ask_at=0.3, auto=True, backend="spark", separate=[["a", "b"]])[0]
    assert (found.merge_at, found.ask_at, found.auto, found.backend) == (0.99, 0.3, True, "spark")
    assert found.separate == (("a", "b"),)
    assert at()[0] == Duplicates()
    assert not at()[0].auto
    for data, says in (
        ({"ask_at": 2.0}, "probability"),
        ({"ask_at": 0.9, "merge_at": 0.8}, "above merge_at"),
        ({"backend": "sparc"}, "spark"),
        ({"separate": [["a"]]}, "two lines or more"),
        ({"ask": 0.5}, "ask_at"),
    ):
        mistakes = at(**data)[1]
        assert len(mistakes) == 1, mistakes
        assert says in mistakes[0]


def test_the_main_one_of_several_counts_and_each_is_a_key() -> None:
    records = [
        {"addresses.work.street": "Seeweg 3", "addresses.work.city": "Jena", "addresses.main.street": "", "name": "Ott"},
        {"addresses.work.street": "Seeweg 3", "addresses.work.city": "Jena", "addresses.main.street": "12 Parkallee",
         "addresses.main.city": "Bonn", "phones.work": "+49301", "phones.main": "+49302", "phones.home": "+49302"},
        {},
    ]  # fmt: skip
    rows = [(f"r{n}", msgspec.json.encode(one).decode(), ()) for n, one in enumerate(records)]
    found = prepared(CUSTOMER, rows).to_pydict()
    assert found["street"] == ["seeweg", "parkallee", None]
    assert found["house"] == ["3", "12", None]
    assert found["city"] == ["jena", "bonn", None]
    assert found["spots"] == [["jena|seeweg|3"], ["bonn|parkallee|12", "jena|seeweg|3"], None]
    assert found["phones"] == [None, ["+49302", "+49301"], None]
    with duckdb.connect() as db:
        db.register("record", prepared(CUSTOMER, rows))
        texts = {row[0] for row in db.execute(f"SELECT text FROM ({keys(CUSTOMER, RECORD)}) WHERE h = 'r1'").fetchall()}
    assert texts == {"abonn|parkallee|12", "ajena|seeweg|3", "p+49302", "p+49301"}
