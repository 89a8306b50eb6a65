"""The Stripe connector against a stateful Stripe: what is read, what is written, and what happens when answers are lost."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hub_stripe import Stripe

from hub.config.project import ConnectionConfig
from hub.connect import (
    ConfigError,
    Conflict,
    Missing,
    Receipt,
    Record,
    Rejected,
    Secret,
    Unauthorized,
    Unavailable,
    Write,
)
from hub.connect.retry import Retry
from hub.plugin.registry import load
from hub.plugin.settings import connect as build
from hub.testing.stripe import FakeStripe

DAY = 86400


class Clock:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeStripe:
    return FakeStripe(clock=clock)


@pytest.fixture
def stripe(fake: FakeStripe) -> Stripe:
    return connect(fake)


def connect(fake: FakeStripe, **settings: Any) -> Stripe:
    made = Stripe(fake.api_key, "https://stripe.test", rate=1e6, **settings)
    made.transport = fake.transport()
    made.retry = Retry(sleep=lambda seconds: None)
    return made


def pull(stripe: Stripe, stream: str, cursor: str | None = None) -> tuple[list[Record], str | None]:
    records: list[Record] = []
    for page in stripe.pull(stream, cursor):
        records += page.records
        cursor = page.cursor
    return records, cursor


def body(record: Record | Receipt) -> dict[str, Any]:
    assert isinstance(record.data, bytes)
    found = json.loads(record.data)
    assert isinstance(found, dict)
    return found


def write(data: dict[str, Any], key: str | None = None, once: str = "o1", our_id: str = "g1") -> Write:
    return Write(data, key, None, once, our_id)


def only(answers: Sequence[Any]) -> Any:
    (answer,) = answers
    return answer


def push(stripe: Stripe, *writes: Write, stream: str = "customers") -> Any:
    return only(list(stripe.push(stream, writes))) if len(writes) == 1 else list(stripe.push(stream, writes))


# reading


def test_a_full_read_gives_all_in_hundreds(fake: FakeStripe, stripe: Stripe) -> None:
    made = {fake.add_customer(name=f"c{n}")["id"] for n in range(250)}
    records, cursor = pull(stripe, "customers")
    assert {r.key for r in records} == made
    assert len(records) == 250
    assert cursor == str(fake.now())
    assert [c.path for c in fake.calls].count("/v1/customers") == 3


def test_a_full_read_that_was_cut_off_goes_on_where_it_was(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    made = {fake.add_customer(name=f"c{n}")["id"] for n in range(250)}
    pages = stripe.pull("customers")
    first = next(pages)
    pages.close()
    clock.now += 5
    late = fake.add_customer(name="came meanwhile")["id"]
    rest, cursor = pull(stripe, "customers", first.cursor)
    assert {r.key for r in first.records} | {r.key for r in rest} == made
    assert len(rest) == 150
    assert late in {r.key for r in pull(stripe, "customers", cursor)[0]}


def test_a_full_read_survives_the_deletion_of_the_object_it_stopped_at(fake: FakeStripe, stripe: Stripe) -> None:
    made = {fake.add_customer(name=f"c{n}")["id"] for n in range(250)}
    first = next(pages := stripe.pull("customers"))
    pages.close()
    fake.delete_customer(first.records[-1].key)
    rest, _ = pull(stripe, "customers", first.cursor)
    assert {r.key for r in first.records} | {r.key for r in rest} == made


def test_the_cursor_run_sees_what_changed_and_nothing_else(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    ann, bob, cid = (fake.add_customer(name=name)["id"] for name in ("Ann", "Bob", "Cid"))
    clock.now += DAY
    _, cursor = pull(stripe, "customers")
    clock.now += DAY
    fake.edit_customer(bob, name="Bobby")
    at = clock.now
    clock.now += 100
    fake.delete_customer(cid)
    new = fake.add_customer(name="Dee")["id"]
    clock.now += DAY
    fake.calls.clear()
    records, cursor = pull(stripe, "customers", cursor)
    found = {r.key: r for r in records}
    assert set(found) == {bob, cid, new}
    assert body(found[bob])["name"] == "Bobby"
    assert found[bob].changed_at == datetime.fromtimestamp(at, UTC)
    assert found[cid].deleted
    assert not found[new].deleted
    assert len(fake.calls) == 4  # events, the list of new ones, and one for each older one that changed
    assert pull(stripe, "customers", cursor) == ([], cursor)
    assert ann not in found


def test_a_cursor_run_of_many_pages_can_be_cut_off_anywhere(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    old = [fake.add_customer(name=f"c{n}")["id"] for n in range(230)]
    clock.now += DAY
    _, start = pull(stripe, "customers")
    clock.now += 1000
    for key in old:
        fake.edit_customer(key, name="changed")
        clock.now += 1
    fresh = {fake.add_customer(name=f"n{n}")["id"] for n in range(120)}
    clock.now += 1000
    for stop in range(1, 6):
        seen: set[str] = set()
        pages = stripe.pull("customers", start)
        cursor = start
        for _, page in zip(range(stop), pages, strict=False):
            seen |= {r.key for r in page.records}
            cursor = page.cursor
        pages.close()
        seen |= {r.key for r in pull(stripe, "customers", cursor)[0]}
        assert seen == set(old) | fresh


def test_a_change_in_the_second_of_the_cursor_is_not_lost(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    clock.now += DAY
    _, cursor = pull(stripe, "customers")
    fake.edit_customer(ann, name="Anna")  # the clock has stood still
    records, _ = pull(stripe, "customers", cursor)
    assert [body(r)["name"] for r in records] == ["Anna"]


def test_a_change_that_shows_behind_the_cursor_is_not_lost(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    clock.now += DAY
    _, cursor = pull(stripe, "customers")
    fake.events_late = 60
    fake.edit_customer(ann, name="Anna")
    clock.now += 59
    records, cursor = pull(stripe, "customers", cursor)
    assert records == []
    clock.now += 1
    records, cursor = pull(stripe, "customers", cursor)
    assert [body(r)["name"] for r in records] == ["Anna"]


def test_a_cursor_older_than_the_events_reads_all(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    ann, bob = (fake.add_customer(name=name)["id"] for name in ("Ann", "Bob"))
    _, cursor = pull(stripe, "customers")
    clock.now += DAY
    fake.edit_customer(bob, name="Bobby")
    edited = clock.now
    clock.now += 40 * DAY
    records, cursor = pull(stripe, "customers", cursor)
    assert {r.key: body(r)["name"] for r in records} == {ann: "Ann", bob: "Bobby"}
    assert all(r.changed_at and r.changed_at.timestamp() >= edited for r in records)  # never older than what was seen
    assert cursor == str(fake.now())


def test_a_quiet_account_keeps_its_cursor_young(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    fake.add_customer(name="Ann")
    clock.now += DAY
    _, cursor = pull(stripe, "customers")
    for _ in range(5):
        clock.now += 20 * DAY
        records, cursor = pull(stripe, "customers", cursor)
        assert records == []


def test_every_kind_of_change_of_a_charge_is_seen(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    back, quarrel, noted = (fake.charge(ann, 1000)["id"] for _ in range(3))
    clock.now += DAY
    _, cursor = pull(stripe, "charges")
    clock.now += DAY
    fake.refund(back, 400)
    fake.dispute(quarrel)
    fake.edit("charge", noted, metadata={"invoice_number": "I-7"})
    records, _ = pull(stripe, "charges", cursor)
    assert {r.key: body(r)["hub"]["state"] for r in records} == {
        back: "succeeded", quarrel: "disputed", noted: "succeeded",
    }  # fmt: skip
    fake.refund(back)
    assert {body(r)["hub"]["state"] for r in pull(stripe, "charges", cursor)[0] if r.key == back} == {"refunded"}


def test_a_charge_says_what_it_was_paid_for(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    fake.charge(ann, 1000, metadata={"invoice_number": "I-7"}, description="not this")
    fake.charge(ann, 1000, description="Order 12")
    fake.charge(ann, 1000, "jpy", method="pm_card_chargeDeclined")
    told = [body(r)["hub"] for r in pull(stripe, "charges")[0]]
    assert [(t["reference"], t["state"], t["method"]) for t in told] == [
        (None, "failed", "card"), ("Order 12", "succeeded", "card"), ("I-7", "succeeded", "card"),
    ]  # fmt: skip


def test_the_vendors_bytes_stay_as_they_are(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    refunded = fake.refund(fake.charge(ann, 1000)["id"])
    (record,) = pull(stripe, "refunds")[0]
    assert isinstance(record.data, bytes)
    assert json.loads(record.data) == refunded
    (charge,) = pull(stripe, "charges")[0]
    assert isinstance(charge.data, bytes)
    assert charge.data.startswith(b'{"id":"ch_')
    assert body(charge)["balance_transaction"]["object"] == "balance_transaction"


def test_an_invoice_comes_with_all_its_lines(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    fake.add_invoice(ann, [{"amount": n, "description": f"l{n}"} for n in range(1, 124)], finalize=True)
    fake.add_invoice(ann, [{"amount": 5}])
    short, long = (body(r)["lines"]["data"] for r in pull(stripe, "invoices")[0])
    assert [line["amount"] for line in long] == list(range(1, 124))
    assert len(short) == 1


def test_a_deleted_draft_is_a_tombstone(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    draft = fake.add_invoice(fake.add_customer(name="Ann")["id"], [{"amount": 5}])["id"]
    clock.now += DAY
    _, cursor = pull(stripe, "invoices")
    clock.now += DAY
    fake.delete_draft(draft)
    (record,), _ = pull(stripe, "invoices", cursor)
    assert (record.key, record.deleted) == (draft, True)


def test_a_payout_comes_with_its_lines(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    charges = [fake.charge(ann, 1000)["id"] for _ in range(130)]
    fake.pay_out()
    fake.charge(ann, 999)
    (record,) = pull(stripe, "payouts")[0]
    lines = body(record)["lines"]
    assert [line["source"] for line in lines if line["type"] == "charge"] == charges[::-1]
    assert sum(line["net"] for line in lines) == body(record)["amount"], "without the booking of the payout itself"


def test_the_buyers_secret_of_a_payment_is_not_kept(fake: FakeStripe, stripe: Stripe) -> None:
    fake.add_intent(1000, "eur")
    (record,) = pull(stripe, "payment_intents")[0]
    assert isinstance(record.data, bytes)
    assert b"secret" not in record.data


def test_read_by_key_gives_tombstones_for_what_is_gone(fake: FakeStripe, stripe: Stripe) -> None:
    ann, bob = fake.add_customer(name="Ann")["id"], fake.add_customer(name="Bob")["id"]
    fake.delete_customer(bob)
    found = {r.key: r.deleted for r in stripe.read("customers", [ann, bob, "cus_never", "../events"])}
    assert found == {ann: False, bob: True, "cus_never": True, "../events": True}


@pytest.mark.parametrize(("code", "theirs", "iso"), [("isk", 500, 5), ("ugx", 500, 5), ("mga", 5, 500), ("jpy", 5, 5)])
def test_amounts_are_minor_units_of_iso_4217(
    fake: FakeStripe, stripe: Stripe, code: str, theirs: int, iso: int
) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    fake.charge(ann, theirs * 100, code)
    fake.pay_out(code)
    fake.add_invoice(ann, [{"amount": theirs}] * 12, currency=code)
    charge, invoice, payout = (body(pull(stripe, s)[0][0]) for s in ("charges", "invoices", "payouts"))
    assert charge["amount"] == iso * 100
    assert charge["balance_transaction"]["amount"] == iso * 100
    assert invoice["total"] == iso * 12
    assert [line["amount"] for line in invoice["lines"]["data"]] == [iso] * 12
    assert {line["amount"] for line in payout["lines"]} >= {iso * 100}
    assert charge["hub"]["state"] == "succeeded"
    assert charge["created"] == fake.now()


def test_a_mapped_metadata_field_that_is_missing_is_empty(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann", metadata={"tier": "gold"})["id"]
    stripe.want("customers", ["name", "metadata.tier"])
    assert body(pull(stripe, "customers")[0][0])["metadata"] == {"tier": "gold"}
    fake.edit_customer(ann, metadata={"tier": ""})
    assert body(pull(stripe, "customers")[0][0])["metadata"] == {"tier": None}


# writing


def test_create_then_change(fake: FakeStripe, stripe: Stripe) -> None:
    made = push(stripe, write({"name": "Ann", "email": "ann@example.com", "phone": None, "address": {"city": "Bonn"}}))
    assert isinstance(made, Receipt)
    shown = body(made)
    assert (shown["name"], shown["address"]["city"], shown["phone"]) == ("Ann", "Bonn", None)
    assert shown["metadata"] == {"hub_id": "g1"}
    assert set(shown) == set(body(next(iter(stripe.read("customers", [made.key])))))  # the shape that is pulled
    changed = push(stripe, write({"name": "Anna", "email": None}, made.key, "o2"))
    assert (body(changed)["name"], body(changed)["email"]) == ("Anna", None)
    assert len(fake.things["customer"]) == 1


def test_a_part_of_an_address_does_not_empty_the_others(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann", address={"line1": "Weg 1", "city": "Bonn", "country": "DE"})["id"]
    shown = body(push(stripe, write({"address": {"city": "Köln", "country": None}}, ann)))
    assert {k: v for k, v in shown["address"].items() if v} == {"line1": "Weg 1", "city": "Köln"}
    shown = body(push(stripe, write({"address": {"line1": None, "city": None}}, ann, "o2")))
    assert shown["address"] is None


def test_the_same_key_twice_has_one_effect(fake: FakeStripe, stripe: Stripe) -> None:
    first, second = push(stripe, write({"name": "Ann"})), push(stripe, write({"name": "Ann"}))
    assert first == second
    assert fake.writes == 1


def test_receipts_tell_stripes_time_so_that_no_later_edit_looks_stale(
    fake: FakeStripe, stripe: Stripe, clock: Clock
) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    clock.now += 500
    change = write({"name": "Anna"}, ann)
    written = clock.now
    first = push(stripe, change)
    clock.now += 100
    fake.edit_customer(ann, name="edited by a person")
    edited = clock.now
    clock.now += 100
    again = push(stripe, change)  # as after a crash: Stripe replays what it answered then
    for answer in (first, again):
        assert body(answer)["name"] == "Anna"
        assert answer.changed_at == datetime.fromtimestamp(written, UTC)
    (record,) = pull(stripe, "customers", str(int(written)))[0]
    assert (body(record)["name"], record.changed_at) == ("edited by a person", datetime.fromtimestamp(edited, UTC))
    (fresh,) = stripe.read("customers", [ann])
    assert fresh.changed_at == datetime.fromtimestamp(clock.now, UTC)


def test_a_key_used_for_something_else_is_a_conflict(fake: FakeStripe, stripe: Stripe) -> None:
    ann = push(stripe, write({"name": "Ann"})).key
    assert isinstance(push(stripe, write({"name": "Anna"}, ann)), Conflict)
    assert fake.things["customer"][ann]["name"] == "Ann"


@pytest.mark.parametrize("fault", ["lost", "cut", "timeout", "503", "429"])
def test_a_lost_answer_is_asked_for_again_under_the_same_key(fake: FakeStripe, stripe: Stripe, fault: Any) -> None:
    fake.fail(fault, 2, method="POST")
    made = push(stripe, write({"name": "Ann"}))
    assert isinstance(made, Receipt)
    assert list(fake.things["customer"]) == [made.key]
    assert len({c.once for c in fake.calls if c.method == "POST"}) == 1


def test_a_lost_answer_of_an_address_is_no_conflict_with_itself(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann", address={"line1": "Weg 1", "city": "Bonn"})["id"]
    stripe.retry = Retry(attempts=1)
    fake.fail("lost", method="POST")
    change = write({"address": {"city": None, "line2": "Hof"}}, ann)
    assert isinstance(push(stripe, change), Unavailable)
    shown = push(stripe, change)
    assert isinstance(shown, Receipt)
    assert fake.writes == 1


def test_a_create_whose_500_is_replayed_is_looked_up(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    fake.search_late = 60
    fake.fail("half", method="POST")
    assert isinstance(push(stripe, write({"name": "Ann"})), Unavailable)
    clock.now += 30
    assert isinstance(push(stripe, write({"name": "Ann"})), Unavailable)  # the search does not show it yet
    clock.now += 31
    made = push(stripe, write({"name": "Ann"}))
    assert isinstance(made, Receipt)
    assert [made.key] == list(fake.things["customer"])


def test_an_update_whose_500_is_replayed_is_sent_under_another_key(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    fake.fail("500", method="POST")
    assert isinstance(push(stripe, write({"name": "Anna"}, ann)), Unavailable)
    assert body(push(stripe, write({"name": "Anna"}, ann)))["name"] == "Anna"


def test_one_refused_write_does_not_stop_the_others(fake: FakeStripe, stripe: Stripe) -> None:
    gone = fake.add_customer(name="Gone")["id"]
    fake.delete_customer(gone)
    good, bad, missing, last = push(
        stripe,
        write({"name": "Ann"}, once="1"),
        write({"name": "Bob", "email": "nonsense", "address": {"city": "Bonn"}}, once="2"),
        write({"name": "Cid", "address": {"city": "Rom"}}, gone, once="3"),
        write({"name": "Dee"}, once="4"),
    )
    assert isinstance(good, Receipt)
    assert isinstance(bad, Rejected)
    assert bad.fields == ("email",)
    assert "Invalid email address" in str(bad)
    assert isinstance(missing, Missing)
    assert isinstance(last, Receipt)


def test_a_field_inside_a_hash_is_named_by_its_path(stripe: Stripe) -> None:
    bad = push(stripe, write({"name": "Ann", "address": {"country": "Germany"}}))
    assert isinstance(bad, Rejected)
    assert bad.fields == ("address.country",)


def test_our_id_is_found_once_the_search_shows_it(fake: FakeStripe, stripe: Stripe, clock: Clock) -> None:
    fake.search_late = 60
    keys = {n: push(stripe, write({"name": f"c{n}"}, once=f"o{n}", our_id=f'g"{n}')).key for n in range(25)}
    assert list(stripe.find("customers", [f'g"{n}' for n in range(25)])) == []
    clock.now += 60
    found = dict(stripe.find("customers", [f'g"{n}' for n in range(25)] + ["nobody"]))
    assert {our_id: record.key for our_id, record in found.items()} == {f'g"{n}': key for n, key in keys.items()}
    assert all(record.our_id == our_id for our_id, record in found.items())


def test_metadata_of_an_invoice_can_be_written(fake: FakeStripe, stripe: Stripe) -> None:
    invoice = fake.add_invoice(fake.add_customer(name="Ann")["id"], [{"amount": 5}])["id"]
    answer = push(stripe, write({"metadata": {"erp_number": "R-1"}}, invoice), stream="invoices")
    assert body(answer)["metadata"] == {"erp_number": "R-1"}  # our id is put only where it can be found


# the rest


def test_check_tells_a_bad_key_from_a_dead_address(fake: FakeStripe, stripe: Stripe) -> None:
    stripe.check()
    bad = Stripe("sk_test_planted_canary", "https://stripe.test")
    bad.transport = fake.transport()
    with pytest.raises(Unauthorized) as refused:
        bad.check()
    assert "planted_canary" not in f"{refused.value} {bad!r} {bad.auth!r} {vars(bad)}"
    dead = Stripe("k", "http://127.0.0.1:9")
    dead.retry = Retry(attempts=1)
    with pytest.raises(Unavailable):
        dead.check()
    dead.close()
    dead.close()


def test_the_settings_of_a_project_make_a_connector(fake: FakeStripe) -> None:
    settings = {"api_key": Secret(fake.api_key), "base_url": "https://stripe.test", "rate": "1000"}
    registry = load(entry_points=False)
    made = build(ConnectionConfig("pay", "stripe", settings), registry)
    assert isinstance(made, Stripe)
    made.transport = fake.transport()
    made.check()
    assert fake.api_key not in f"{made!r} {vars(made)}"
    with pytest.raises(ConfigError, match="references"):
        build(ConnectionConfig("pay", "stripe", {**settings, "refernces": ["x"]}), registry)


def test_over_loopback_with_a_cut_connection(fake: FakeStripe) -> None:
    for n in range(120):
        fake.add_customer(name=f"c{n}")
    with fake.serve() as url:
        stripe = Stripe(fake.api_key, url, rate=1e6)
        stripe.retry = Retry(sleep=lambda seconds: None)
        fake.fail("cut", path="/v1/customers")
        records, cursor = pull(stripe, "customers")
        assert len(records) == 120
        fake.fail("lost", method="POST")
        made = push(stripe, write({"name": "Jörg 王", "metadata": {"a&b": "c=d[e]"}}))
        assert (body(made)["name"], body(made)["metadata"]["a&b"]) == ("Jörg 王", "c=d[e]")
        assert made.key in {r.key for r in pull(stripe, "customers", cursor)[0]}
        assert len(fake.things["customer"]) == 121
        stripe.close()


def test_twenty_thousand_are_listed_without_scanning(fake: FakeStripe, stripe: Stripe) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    for _ in range(20_000):
        fake.add("refund", None, amount=1, charge=ann, currency="eur", status="succeeded", payment_intent=None)
    begun = time.process_time()
    records, _ = pull(stripe, "refunds")
    assert len(records) == 20_000
    assert time.process_time() - begun < 10
