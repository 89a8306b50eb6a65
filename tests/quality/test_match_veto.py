"""What holds two records apart for good, and that it gives way when it no longer holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from match_world import World

from hub.quality.match.batch import Batch
from hub.quality.match.veto import Side, apart, brings, roots, valid

ACME = {
    "kind": "company",
    "name": "Acme Maschinenbau GmbH",
    "emails.main": "info@acme.example",
    "phones.main": "+49301234567",
    "addresses.main.street": "Hauptstr. 1",
    "addresses.main.postal_code": "10115",
    "addresses.main.city": "Berlin",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, f"sqlite:///{tmp_path}/hub.db")
    yield world
    world.store.close()


def test_tax_numbers_count_where_their_check_digits_are_right() -> None:
    assert valid("vat", "DE 136 695 976") == "vat.de:136695976"
    assert valid("vat", "DE136695977") is None
    assert valid("erp", "4711") is None
    batch = Batch([{"identifiers.vat": "ATU13585627", "lines.retail": True, "lines.old": False}, {"parent": "a"}])
    assert brings("customer", batch) == {
        "parent": [None, "a"], "taxes": [["vat.at:u13585627"], None], "lines": [["retail"], None],
    }  # fmt: skip


def test_two_valid_numbers_of_one_country_hold_apart() -> None:
    german, other = ["vat.de:136695976"], ["vat.de:811569869"]
    assert apart(Side("a", german), Side("b", other)) == "two different valid numbers: vat.de"
    assert apart(Side("a", german), Side("b", german)) is None
    assert apart(Side("a", german), Side("b", ["vat.at:u13585627"])) is None
    assert apart(Side("a", german), Side("b")) is None


def test_separate_lines_hold_apart_unless_one_is_shared() -> None:
    groups = [("retail", "clinic")]
    assert (
        apart(Side("a", (), ["retail"]), Side("b", (), ["clinic"]), groups) == "separate business lines: retail, clinic"
    )
    assert apart(Side("a", (), ["retail"]), Side("b", (), ["clinic"])) is None
    assert apart(Side("a", (), ["retail", "clinic"]), Side("b", (), ["clinic"]), groups) is None
    assert apart(Side("a", (), ["retail"]), Side("b", (), ["online"]), groups) is None


def test_groups_have_one_head_even_in_a_circle() -> None:
    assert roots({"b": "a", "c": "b", "x": "y"}) == {"b": "a", "c": "a", "x": "y"}
    assert roots({"b": "c", "c": "d", "d": "b", "e": "d"}) == dict.fromkeys("bcde", "b")


def test_vetoes_keep_pairs_out_and_let_them_in_again(world: World) -> None:
    twin = ACME | {"name": "ACME Maschinenbau"}
    world.put("customer", {"a": ACME | {"identifiers.vat": "DE136695976"}, "b": twin})
    world.find("customer")
    assert list(world.open()) == [("a", "b")]
    world.put("customer", {"b": twin | {"identifiers.vat": "DE811569869"}})
    assert world.find("customer").gone == 1
    world.put("customer", {"b": twin | {"identifiers.vat": "DE136695976"}})
    world.find("customer")
    assert list(world.open()) == [("a", "b")]
    world.put("customer", {"a": ACME | {"lines.retail": True}, "b": twin | {"lines.clinic": True}})
    world.find("customer")
    assert list(world.open()) == [("a", "b")]
    world.rules = replace(world.rules, separate=(("retail", "clinic"),))
    assert world.find("customer").gone == 1
    world.rules = replace(world.rules, separate=())
    assert world.find("customer").found == 1


def test_branches_of_one_group_are_linked_never_merged(world: World) -> None:
    """A change far up in the group reaches records that did not change themselves, in an incremental run too."""
    world.put(
        "customer",
        {"top": {"name": "Top Holding AG"}, "mid": {"name": "Mid Group SE"}, "a": ACME, "b": ACME | {"parent": "mid"}},
    )
    world.find("customer")
    assert ("a", "b") in world.open()
    world.put("customer", {"a": ACME | {"parent": "top"}})
    world.find("customer")
    assert ("a", "b") in world.open()  # two groups still
    world.put("customer", {"mid": {"name": "Mid Group SE", "parent": "top"}})
    world.find("customer")
    assert ("a", "b") not in world.open()
    world.put("customer", {"mid": {"name": "Mid Group SE"}})
    world.find("customer")
    assert ("a", "b") in world.open()
    ended = world.open()
    world.find("customer", full=True)
    assert world.open() == ended


def test_a_sister_by_name_is_asked_about(world: World) -> None:
    world.put(
        "customer",
        {
            "a": ACME,
            "b": ACME | {"name": "Acme Maschinenbau Vertriebs GmbH"},
            "c": ACME | {"phones.main": "+49301234599"},
        },
    )
    world.rules = replace(world.rules, merge_at=0.9)
    world.find("customer")
    zones = {pair: one[1] for pair, one in world.open().items()}
    assert zones[("a", "c")] == "merge"
    assert zones.get(("a", "b")) == "ask"
    assert '"doubt":true' in world.open()[("a", "b")][2]
