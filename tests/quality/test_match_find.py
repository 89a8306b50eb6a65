"""Duplicates are found, in zones, with reasons; what changed is looked at again, and what was decided stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import msgspec
import pytest
from match_world import World, crowd, person

from hub.config.duplicates import Duplicates
from hub.quality.match.clusters import clusters, members
from hub.quality.match.contact import CONTACT
from hub.quality.match.frozen import unpack
from hub.quality.match.settle import idle as idling


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = f"sqlite:///{tmp_path}/hub.db" if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))
    world = World(tmp_path, url)
    yield world
    world.store.close()


@pytest.fixture
def light(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, f"sqlite:///{tmp_path}/hub.db")
    yield world
    world.store.close()


def truth(records: object) -> set[tuple[str, str]]:
    return {(id[:-1], id) for id in records if str(id).endswith("x")}  # type: ignore[attr-defined]


def test_few_records_are_compared_with_the_shipped_chances(world: World) -> None:
    records = crowd(60)
    world.put("contact", records)
    found = world.find()
    assert (found.records, found.trained, found.learnt, found.full) == (len(records), True, False, True)
    assert set(world.open()) == truth(records)
    assert found.found == found.merge + found.ask == len(truth(records))
    assert found.clusters == len(truth(records))


def test_many_records_are_learnt_from(light: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.quality.match.settle.CHEAP", 100)
    records = crowd(1_000)
    light.put("contact", records)
    found = light.find()
    assert found.learnt
    right = set(light.open()) & truth(records)
    assert len(right) / len(light.open()) > 0.97
    assert len(right) / len(truth(records)) > 0.97
    merges = {pair for pair, one in light.open().items() if one[1] == "merge"}
    assert merges
    assert merges <= truth(records)
    with light.store.read() as tx:
        kept = tx.rows("SELECT digest, data_digest, records, matched_seq FROM match_model")
        trained = tx.rows("SELECT DISTINCT trained FROM pair")
    assert trained == [(kept[0][0],)]
    assert kept[0][2] == len(records)
    assert len(kept[0][1]) == 16
    # kinds of keys that find nothing of their own are left out, in what changed and where the cache is made anew
    with light.store.read() as tx:
        idle = unpack(tx.rows("SELECT frozen FROM match_model")[0][0]).idle
    assert 0 < len(idle) < len(CONTACT.keys)
    light.put("contact", {"new": records["p0"], "p1": records["p2"]})
    light.find()
    before = light.open()
    (file,) = (light.folder / "cache").glob("*.duckdb")
    with duckdb.connect(str(file), read_only=True) as db:
        kinds = {CONTACT.keys[row[0]].kind for row in db.execute("SELECT DISTINCT kind FROM blocking").fetchall()}
    assert kinds
    assert not kinds & set(idle)
    file.unlink()
    assert light.find(full=True).found == 0
    assert light.open() == before


def test_a_pair_says_why(light: World) -> None:
    one = {"first_name": "Anna", "last_name": "Bauer", "emails.main": "a@b.example", "born_on": "1970-01-02"}
    light.put("contact", {"a": one, "b": one | {"first_name": "Ana", "born_on": "1971-01-02"}})
    light.find()
    (pair,) = light.pairs("open")
    levels = {level["comparison"]: level for level in msgspec.json.decode(pair[4])}
    assert levels["given name"] | {"weight": 0} == {
        "comparison": "given name", "level": 4, "label": "one letter off", "weight": 0, "left": "anna", "right": "ana",
    }  # fmt: skip
    assert levels["date of birth"]["label"] == "one digit off"
    assert levels["e-mail"]["left"] == ["a@b.example"]
    assert levels["e-mail"]["weight"] > 10
    assert "phone" not in levels
    with light.store.read() as tx:
        weight, probability = tx.rows("SELECT weight, probability FROM pair")[0]
    prior = 1e-5
    assert weight == pytest.approx(sum(x["weight"] for x in levels.values()) - 16.6096, abs=0.01)
    assert probability == pytest.approx(1 / (1 + 2**-weight)), prior


def test_what_changed_is_compared_again_and_nothing_else(world: World) -> None:
    records = crowd(60)
    world.put("contact", records)
    world.find()
    assert (world.find().changed, world.find().found) == (0, 0)
    twin = next(id for id in records if id.endswith("x"))
    before = world.open()
    stranger = {"first_name": "Xenia", "last_name": "Yilmaz", "emails.main": "x@y.example"}
    world.put("contact", {twin: stranger, "new": records["p0"]})
    found = world.find()
    assert (found.changed, found.full, found.gone) == (2, False, 1)
    assert (twin[:-1], twin) not in world.open()
    assert any("new" in pair for pair in world.open())
    assert [pair[:2] for pair in world.pairs("gone")] == [(twin[:-1], twin)]
    world.put("contact", {twin: records[twin]})
    world.leave("new")
    assert world.find().found == 1
    assert world.open() == before


def test_records_that_were_merged_or_archived_are_in_no_open_pair(world: World) -> None:
    records = crowd(40)
    world.put("contact", records)
    world.find()
    one, other = sorted(id for id in records if id.endswith("x"))[:2]
    world.leave(one, into=one[:-1])
    world.leave(other)
    assert world.find().gone == 2
    assert not {one, other} & {id for pair in world.open() for id in pair}
    world.find(full=True)
    assert not {one, other} & {id for pair in world.open() for id in pair}


def test_a_rejected_pair_never_comes_back(light: World) -> None:
    records = crowd(40)
    light.put("contact", records)
    light.find()
    left, right = next(iter(light.open()))
    light.reject(left, right)
    light.put("contact", {left: records[left] | {"note": "touched"}})
    for how in ({}, {"full": True}, {"anew": True}):
        light.find(**how)
        assert (left, right) not in light.open()
    assert [pair[:2] for pair in light.pairs("rejected")] == [(left, right)]
    # the no holds for the record that stands for one side now
    light.put("contact", {"heir": records[left]})
    light.leave(left, into="heir")
    light.find()
    assert not [pair for pair in light.open() if set(pair) == {"heir", right}]


def test_settings_that_change_are_applied_to_everything(light: World) -> None:
    records = crowd(60)
    light.put("contact", records)
    light.find()
    before = light.find().merge
    light.rules = replace(light.rules, merge_at=1.0)
    found = light.find()
    assert found.full
    assert found.merge < before
    assert found.merge + found.ask == len(truth(records))
    assert not light.find().full


def test_a_lost_or_damaged_cache_is_made_anew(light: World) -> None:
    records = crowd(40)
    light.put("contact", records)
    light.find()
    before = light.open()
    (file,) = (light.folder / "cache").glob("*.duckdb")
    light.put("contact", {"new": records["p0"]})
    file.write_bytes(b"no database")
    found = light.find()
    assert (found.changed, found.full) == (1, False)
    assert set(before) < set(light.open())
    file.unlink()
    after = light.open()
    assert light.find(full=True).found == 0
    assert light.open() == after


def test_a_cache_of_another_time_is_not_believed(light: World) -> None:
    """The database was put back from a backup: the cache knows records that never were."""
    light.put("contact", crowd(30))
    light.find()
    (file,) = (light.folder / "cache").glob("*.duckdb")
    kept = file.read_bytes()
    light.put("contact", {"ghost": crowd(30)["p3"]})
    light.find()
    with light.store.begin() as tx:
        tx.run("DELETE FROM golden WHERE id = 'ghost'")
    file.write_bytes(kept)
    light.put("contact", {"p5": crowd(30)["p5"]})
    light.find(full=True)
    assert "ghost" not in {id for pair in light.open() for id in pair}


def test_a_model_that_was_outgrown_is_trained_again(light: World) -> None:
    light.put("contact", crowd(600, seed=1))
    assert not light.find().learnt
    light.put("contact", {f"z{id}": values for id, values in crowd(700, seed=2).items()})
    found = light.find()
    assert (found.trained, found.learnt, found.full) == (True, True, True)


def test_two_finders_do_not_work_at_once(light: World) -> None:
    from hub.errors import Busy
    from hub.store.lease import Lease

    light.put("contact", crowd(5))
    with Lease(light.store, ["duplicates"]).held(), pytest.raises(Busy, match="duplicates"):
        light.find()


def test_clusters_hang_together_by_pairs(light: World) -> None:
    assert clusters([("a", "b"), ("c", "d"), ("b", "c"), ("x", "y")]) == {
        "a": "a", "b": "a", "c": "a", "d": "a", "x": "x", "y": "x",
    }  # fmt: skip
    one = {"first_name": "Anna", "last_name": "Bauer", "emails.main": "a@b.example", "born_on": "1970-01-02"}
    light.put("contact", {"a": one, "b": one, "c": one, "d": {"first_name": "Otto"}})
    assert light.find().clusters == 1
    with light.store.read() as tx:
        assert members(tx, "b") == ["a", "b", "c"]
        assert members(tx, "d") == []


def test_nothing_at_all_is_fine(light: World) -> None:
    assert light.find().records == 0
    light.put("contact", {"a": {}, "b": {}, "c": {"first_name": ""}})
    assert light.find().found == 0


def test_the_name_alone_never_merges_by_itself(light: World) -> None:
    from random import Random

    one = {"first_name": "Wolfhart", "last_name": "Unverwechselbar"}
    light.rules = Duplicates(ask_at=0.01, merge_at=0.02)
    light.put("contact", {"a": one, "b": one, "c": person(Random(3))})
    light.find()
    assert [(pair[:2], pair[3]) for pair in light.pairs("open")] == [(("a", "b"), "ask")]


def test_a_kind_of_key_goes_only_while_others_find_what_it_finds() -> None:
    """Of two kinds that find the same pairs one stays."""
    same, first, second, third = 0b11, 0b01, 0b10, 0b100
    found = [(same, 90_000, 4_000), (first, 50_000, 1), (second, 50_000, 0), (third, 900, 90), (0b111, 800, 700)]
    assert idling(found) == {1}
    assert idling([(first, 50_000, 26), (third, 10, 9)]) == set()
    # each pair is dear, but all in all they are too many
    assert idling([(first, 50_000, 20), (third, 10, 9)]) == set()
    assert idling([]) == set()
