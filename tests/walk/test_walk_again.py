"""What follows from golden records follows also when the other one comes later, or when the day comes."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from yard import BILLS, Yard, ledger

from hub.config import load
from hub.sync.run import Hub

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
FILES = """
[connections.post]
connector = "files"
folder = "${HUB_PROJECT}"
[connections.post.streams.mails]
path = "mails.jsonl"
model = "message"
key = "id"
[connections.post.streams.people]
path = "people.jsonl"
model = "customer"
key = "id"
"""
MAILS = """stream = "mails"
model = "message"
ignore = ["id"]
[fields]
sender = "sender"
thread = "thread"
direction = { value = "in" }
"""
PEOPLE = """stream = "people"
model = "customer"
ignore = ["id"]
[fields]
name = "name"
"emails.main" = { theirs = "mail", as = "email" }
"identifiers.vat" = { theirs = "vat", as = "vat" }
domain = "domain"
"""


@pytest.fixture
def post(yard: Yard) -> Yard:
    """A mailbox and a list of customers, as files, with the shipped rule that files mails."""
    yard.settings(FILES)
    for name, text in (("mails", MAILS), ("people", PEOPLE)):
        (yard.folder / f"mappings/files.{name}.toml").write_text(text)
    shutil.copy(PLUGINS / "filing.py", yard.folder / "plugins")
    write(yard, "people")
    return yard


def write(yard: Yard, name: str, *rows: dict[str, Any]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (yard.folder / f"{name}.jsonl").write_text(text)


def person(id: str, name: str, mail: str, vat: str | None = None, domain: str | None = None) -> dict[str, Any]:
    return {"id": id, "name": name, "mail": mail, "vat": vat, "domain": domain}


def filed(yard: Yard) -> dict[str, str | None]:
    """With whom each mail is filed, by its sender's name."""
    names = {row["id"]: row["values"]["name"] for row in yard("list", "customer")}
    found = [row["values"] for row in yard("list", "message")]
    return {v["sender"].partition("@")[0]: names.get(v.get("customer")) for v in found}


def test_a_mail_that_comes_before_its_customer_is_filed_when_the_customer_comes(post: Yard) -> None:
    write(post, "mails", {"id": "1", "sender": "Anna@late.example", "thread": "t"},
          {"id": "2", "sender": "bo@private.example", "thread": "t"},
          {"id": "3", "sender": "cyd@late-too.example", "thread": "u"})  # fmt: skip
    post.sync()
    assert filed(post) == {"Anna": None, "bo": None, "cyd": None}
    write(post, "people", person("1", "Late Ltd", "anna@late.example"),
          person("2", "Late Too", "office@late-too.example", domain="late-too.example"))  # fmt: skip
    post.sync()
    assert filed(post) == {"Anna": "Late Ltd", "bo": "Late Ltd", "cyd": "Late Too"}
    counts = post.sync()
    assert [row for row in counts.values() if row["changed"] or row["created"]] == []


def test_a_mail_from_an_address_that_two_customers_share_is_left_to_a_person(post: Yard) -> None:
    write(post, "people", person("1", "Head", "office@acme.example", "DE811569869"),
          person("2", "Branch", "office@acme.example", "DE136695976"))  # fmt: skip
    write(post, "mails", {"id": "1", "sender": "office@acme.example", "thread": "t"})
    post.sync(code=1)
    assert filed(post) == {"office": None}
    write(post, "people", person("1", "Head", "office@acme.example", "DE811569869"),
          person("2", "Branch", "cologne@acme.example", "DE136695976"))  # fmt: skip
    post.sync()
    assert filed(post) == {"office": "Head"}


def test_what_is_due_is_overdue_on_the_day_after_though_nothing_has_changed(light: Yard) -> None:
    light.settings(ledger("north", push=False))
    dated = '"state" = { value = "open" }\ndue_on = { theirs = "text", as = "date" }\n'
    light.mapping("bills", BILLS.replace('description = "text"\n', dated))
    shutil.copy(PLUGINS / "balances.py", light.folder / "plugins")
    north = light.book("north")
    client = north.add("clients", name="Anne", mail="anne@x.example")
    day = 24 * 3600
    due = [time.strftime("%Y-%m-%d", time.gmtime(time.time() + n * day)) for n in (2, 5)]
    for number, (on, amount) in enumerate(zip(due, ("10.00", "5.00"), strict=True)):
        north.add("bills", number=f"N-{number}", client=client, amount=amount, text=on)
    seen = []
    for days in (0, 1, 2, 3, 4, 6, 6):
        with Hub.open(load(light.folder / "hub.toml"), clock=lambda late=days * day: time.time() + late) as hub:
            run = hub.sync()
            (values,) = [row["values"] for row in hub.list("customer")]
            moved = sum(c.changed for c in run.counts if c.connection == "hub")
            seen.append((values["overdue.eur"][0], values["payment_state"], moved))
    assert seen == [
        (0, "open", 1), (0, "open", 0), (0, "open", 0), (1000, "overdue", 1), (1000, "overdue", 0),
        (1500, "overdue", 1), (1500, "overdue", 0),
    ]  # fmt: skip
