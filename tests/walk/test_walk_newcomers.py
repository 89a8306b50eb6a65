"""Newcomers: what nobody knew is adopted as it stands, and announced to who wants everything, batch by batch."""

from __future__ import annotations

from typing import Any

import pytest
from yard import Yard, ledger, names


@pytest.fixture
def listening(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """A ledger that is read two records at a time, and one that only listens."""
    monkeypatch.setattr("hub.sync.pull.BATCH", 2)
    deaf = "pull = false\n"
    yard.settings(ledger("north", push=False, settings="page = 2") + ledger("south", clients=deaf, bills=deaf))
    return yard


def fill(yard: Yard, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        yard.book("north").add("clients", name=f"Client {number}", mail=f"office@c{number}.example")


def queued(yard: Yard) -> list[tuple[Any, ...]]:
    """What waits to be written, by the name it is for."""
    return sorted(
        yard.sql(
            "SELECT g.data, s.name, o.key, o.state, o.attempts FROM outbox o "
            "JOIN golden g ON g.id = o.golden_id JOIN stream s ON s.id = o.stream_id"
        )
    )


def test_a_listener_is_told_of_each_newcomer_once(listening: Yard) -> None:
    fill(listening, 7)
    assert listening.sync()["south/clients"]["written"] == 7
    fill(listening, 5, start=7)
    assert listening.sync()["south/clients"]["written"] == 5
    assert len(listening.book("south").rows("clients")) == 12
    listening.quiet()


def test_newcomers_are_queued_as_they_land(listening: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.sync.outbox._creates", lambda walk, feed: 0)
    fill(listening, 5)
    listening.sync("north")
    assert len(queued(listening)) == 5


def test_what_is_queued_as_it_lands_is_what_a_comparison_finds(
    listening: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    north = listening.book("north")
    fill(listening, 3)
    north.add("clients", name="Branch", mail="office@c1.example")  # shares an address: no newcomer to be adopted
    head = north.add("clients", name="Head")
    north.add("clients", name="Daughter", parent=head)  # refers to another: it goes through the merge
    fill(listening, 4, start=10)
    listening.sync("north", code=1)
    landed = queued(listening)
    assert len(landed) == 10
    listening.change("DELETE FROM outbox")
    listening.change("UPDATE stream SET created_seq = 0")
    monkeypatch.setattr("hub.sync.land.announce", lambda walk, work, feed: None)
    listening.sync("north", code=(0, 1))
    assert queued(listening) == landed


def test_an_identifier_of_the_batch_still_in_flight_is_taken(listening: Yard) -> None:
    """While a batch is written the next one is looked up, and cannot see what the other claims."""
    north = listening.book("north")
    for name in ("One", "Two", "Three", "Four", "Five", "Six"):
        north.add("clients", name=name, mail="desk@shared.example")
    listening.sync("north", code=1)
    assert names(listening("list", "customer")) == sorted(("One", "Two", "Three", "Four", "Five", "Six"))
    assert listening.sql("SELECT count(*) FROM identifier WHERE name = 'customer:emails:desk@shared.example'") == [(1,)]
    assert listening.sql("SELECT count(*) FROM shared") == [(6,)]
    assert len(queued(listening)) == 6
