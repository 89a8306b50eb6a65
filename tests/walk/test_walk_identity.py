"""What identifies: a number proves that two records are one, an address that several share proves nothing by itself."""

from __future__ import annotations

from typing import Any

import pytest
from yard import CLIENTS, Yard, ledger, names

VAT = CLIENTS + '"identifiers.vat" = { theirs = "note", as = "vat" }\n'


@pytest.fixture
def registered(light: Yard) -> Yard:
    """Two ledgers that keep a client's tax number, and write nothing."""
    light.settings(ledger("north", push=False) + ledger("south", push=False))
    light.mapping("clients", VAT.replace('note = "note"\n', ""))
    return light


def links(yard: Yard) -> list[list[str]]:
    """Which records are one: connection and name of each, by golden record."""
    found = []
    for golden in yard("list", "customer"):
        shown = [r for r in yard("show", "customer", golden["id"]) if r["kind"] == "link"]
        found.append(
            sorted(f"{r['connection']}/{yard.book(r['connection']).rows('clients')[r['key']]['name']}" for r in shown)
        )
    return sorted(found)


def add(yard: Yard, name: str, *clients: tuple[str, str | None]) -> None:
    for client, vat in clients:
        yard.book(name).add("clients", name=client, mail="office@acme.example", note=vat)


@pytest.mark.parametrize("at_once", [True, False])
def test_two_tax_numbers_are_two_customers_whatever_address_they_share(registered: Yard, at_once: bool) -> None:
    head, branch = ("Acme", "DE811569869"), ("Acme Sales", "DE136695976")
    add(registered, "north", head)
    if not at_once:
        registered.sync()
    add(registered, "south", branch)
    registered.sync(code=1)
    assert links(registered) == [["north/Acme"], ["south/Acme Sales"]]
    assert any("vat number is another" in str(row) for row in registered.sql("SELECT text FROM finding"))


@pytest.mark.parametrize(
    "numbers", [("DE811569869", "811569869"), ("DE811569869", "ATU13585627"), ("DE811569869", None)]
)
def test_numbers_that_do_not_contradict_leave_it_to_the_address(registered: Yard, numbers: Any) -> None:
    add(registered, "north", ("Acme", numbers[0]))
    add(registered, "south", ("ACME GmbH", numbers[1]))
    registered.sync()
    assert links(registered) == [["north/Acme", "south/ACME GmbH"]]


def test_of_several_that_share_an_address_the_name_decides(registered: Yard) -> None:
    add(registered, "north", ("Acme", None), ("Acme Cologne", None))
    registered.sync(code=1)
    add(registered, "south", ("ACME COLOGNE", None), ("A. C. M. E.", None), ("Acme Bonn", None))
    registered.sync(code=1)
    assert links(registered) == [
        ["north/Acme", "south/A. C. M. E."],
        ["north/Acme Cologne", "south/ACME COLOGNE"],
        ["south/Acme Bonn"],
    ]


def test_an_address_that_turns_out_to_be_shared_finds_nobody_any_more(registered: Yard) -> None:
    add(registered, "north", ("Acme", "DE811569869"))
    registered.sync()
    add(registered, "south", ("Acme Sales", "DE136695976"))
    registered.sync(code=1)
    registered.settings(ledger("north", push=False) + ledger("south", push=False) + ledger("west", push=False))
    add(registered, "west", ("Somebody at Acme", None))
    registered.sync(code=1)
    assert links(registered) == [["north/Acme"], ["south/Acme Sales"], ["west/Somebody at Acme"]]


def test_a_number_joins_whatever_address_stands_beside_it(registered: Yard) -> None:
    add(registered, "north", ("Acme", "DE811569869"), ("Acme Sales", "DE136695976"))
    registered.sync(code=1)
    add(registered, "south", ("Vertrieb", "DE136695976"))
    registered.sync()
    assert links(registered) == [["north/Acme"], ["north/Acme Sales", "south/Vertrieb"]]
    assert names(registered("list", "customer", "--where", "emails.main=office@acme.example")) == ["Acme", "Acme Sales"]


COUNTED = CLIENTS + '"identifiers.erp" = { theirs = "note", on = "pull"ISSUED }\n'


def test_two_systems_of_one_kind_count_for_themselves(light: Yard) -> None:
    light.settings(ledger("north", push=False) + ledger("south", push=False))
    counted = COUNTED.replace('note = "note"\n', "")
    light.mapping("clients", counted.replace("ISSUED", ", issued = true"))
    for name, clients in {"north": ("Acme", "Bolt"), "south": ("Cask", "Dune")}.items():
        for number, client in enumerate(clients, 1):
            light.book(name).add("clients", name=client, mail=f"{client}@x.example", note=str(number))
    light.sync()
    assert links(light) == [["north/Acme"], ["north/Bolt"], ["south/Cask"], ["south/Dune"]]
    assert light.sql("SELECT text FROM finding") == []
    light.book("south").add(
        "clients", name="ACME", mail="acme@x.example", note="3"
    )  # what else they share still counts
    light.sync()
    assert ["north/Acme", "south/ACME"] in links(light)


def test_a_number_that_is_given_to_both_is_one_number(light: Yard) -> None:
    light.settings(ledger("north", push=False) + ledger("south", push=False))
    light.mapping("clients", COUNTED.replace('note = "note"\n', "").replace("ISSUED", ""))
    for name, client in {"north": "Acme", "south": "Acme AG"}.items():
        light.book(name).add("clients", name=client, mail=f"{name}@x.example", note="K-77")
    light.sync()
    assert links(light) == [["north/Acme", "south/Acme AG"]]
