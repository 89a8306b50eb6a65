"""Stripe and a file of customers, synced by the real engine over loopback until nothing more is to be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import load
from hub.sync import Hub
from hub.testing.stripe import FakeStripe

PROJECT = """
[hub]
store = "sqlite:///hub.db"

[connections.pay]
connector = "stripe"
base_url = "{url}"
api_key = "${{HUB_PAY_API_KEY}}"
rate = 1000.0

[connections.pay.streams.customers]
push = true
create = "all"
[connections.pay.streams.charges]
[connections.pay.streams.invoices]

[connections.lists]
connector = "files"
folder = "{folder}"

[connections.lists.streams.people]
path = "people.csv"
key = "number"
model = "customer"
push = true
"""
MAPPING = """
stream = "people"
model = "customer"
[fields]
name = "name"
"emails.main" = { theirs = "email", as = "email" }
"""


def test_a_file_and_stripe_agree_and_stay_quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_790_000_000.0]
    fake = FakeStripe("sk_test_canary", clock=lambda: now[0])
    monkeypatch.setenv("HUB_PAY_API_KEY", fake.api_key)
    for name in ("Ann", "Bob"):
        customer = fake.add_customer(name=name, email=f"info@{name.lower()}.example")
        fake.charge(customer["id"], 1000, metadata={"invoice_number": f"I-{name}"})
    people = tmp_path / "people.csv"
    people.write_text("number,name,email\n1,Ann,info@ann.example\n2,Cid,info@cid.example\n3,too,many,values\n")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "files.people.toml").write_text(MAPPING)
    with fake.serve() as url:
        (tmp_path / "hub.toml").write_text(PROJECT.format(url=url, folder=tmp_path))
        with Hub.open(load(tmp_path / "hub.toml"), clock=lambda: now[0]) as hub:
            first = hub.sync()
            assert any("1 in quarantine" in finding for finding in first.findings)
            assert sorted(c["name"] for c in fake.things["customer"].values()) == ["Ann", "Bob", "Cid"]
            assert len(hub.list("payment", {}, 10)) == 2

            def quiet() -> None:
                now[0] += 100
                before = fake.writes, people.read_bytes()
                hub.sync()
                assert (fake.writes, people.read_bytes()) == before

            quiet()
            now[0] += 100
            ann = next(key for key, c in fake.things["customer"].items() if c["name"] == "Ann")
            fake.edit_customer(ann, name="Ann Smith")
            hub.sync()
            lines = people.read_text().splitlines()
            assert lines[1].startswith("1,Ann Smith,info@ann.example")
            assert lines[3] == "3,too,many,values"
            quiet()
            now[0] += 100
            people.write_text(people.read_text().replace("2,Cid,", "2,Cid Ltd,"))
            fake.fail("lost", method="POST")
            hub.sync()
            assert sorted(c["name"] for c in fake.things["customer"].values()) == ["Ann Smith", "Bob", "Cid Ltd"]
            quiet()
    assert b"sk_test_canary" not in (tmp_path / "hub.db").read_bytes()
