"""The fake keeps the rules of Stripe's API as the hub relies on them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from hub.testing.stripe import FakeStripe, parse

KEY = "sk_test_hub"


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
    return FakeStripe(KEY, clock=clock)


@pytest.fixture
def api(fake: FakeStripe) -> Iterator[httpx.Client]:
    with httpx.Client(base_url="https://stripe.test", transport=fake.transport(), auth=(KEY, "")) as client:
        yield client


def test_forms_nest() -> None:
    assert parse("a[b][c]=1&t[]=x&t[]=y&l[0][k]=1&l[1][k]=2&n=&sp=a+b") == {
        "a": {"b": {"c": "1"}}, "t": ["x", "y"], "l": [{"k": "1"}, {"k": "2"}], "n": "", "sp": "a b",
    }  # fmt: skip


def test_lists_are_newest_first_and_paged(fake: FakeStripe, api: httpx.Client) -> None:
    made = [fake.add_customer(name=f"c{n}")["id"] for n in range(5)]
    first = api.get("/v1/customers", params={"limit": 2}).json()
    assert [c["id"] for c in first["data"]] == made[:2:-1]
    assert first["has_more"] is True
    rest = api.get("/v1/customers", params={"limit": 3, "starting_after": made[3]}).json()
    assert [c["id"] for c in rest["data"]] == made[2::-1]
    assert rest["has_more"] is False
    back = api.get("/v1/customers", params={"limit": 2, "ending_before": made[1]}).json()
    assert [c["id"] for c in back["data"]] == [made[3], made[2]]


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_a_limit_out_of_bounds_is_refused(api: httpx.Client, limit: str) -> None:
    answer = api.get("/v1/customers", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "limit"


def test_lists_filter_by_time_and_customer(fake: FakeStripe, api: httpx.Client, clock: Clock) -> None:
    ann, bob = fake.add_customer(name="Ann")["id"], fake.add_customer(name="Bob")["id"]
    old = fake.charge(ann, 100)["id"]
    clock.now += 10
    new = fake.charge(bob, 200)["id"]
    at = int(clock.now)
    ask = lambda **p: [c["id"] for c in api.get("/v1/charges", params=p).json()["data"]]  # noqa: E731
    assert ask(**{"created[gte]": at}) == [new]
    assert ask(**{"created[lt]": at}) == [old]
    assert ask(**{"created[gt]": at - 10, "created[lte]": at}) == [new]
    assert ask(customer=ann) == [old]
    assert api.get("/v1/charges", params={"colour": "red"}).json()["error"]["code"] == "parameter_unknown"


def test_metadata_merges_and_an_empty_text_unsets(api: httpx.Client) -> None:
    made = api.post("/v1/customers", data={"name": "Ann", "metadata[a]": "1", "metadata[b]": "2"}).json()
    path = f"/v1/customers/{made['id']}"
    assert api.post(path, data={"metadata[a]": "", "metadata[c]": "3"}).json()["metadata"] == {"b": "2", "c": "3"}
    assert api.post(path, data={"metadata": ""}).json()["metadata"] == {}
    assert api.post(path, data={"name": ""}).json()["name"] is None


def test_a_key_is_needed(fake: FakeStripe) -> None:
    transport = fake.transport()
    ask = lambda auth: httpx.Client(transport=transport, auth=auth).get("https://stripe.test/v1/customers")  # noqa: E731
    assert ask(None).status_code == 401
    wrong = ask(("sk_test_stolen", ""))
    assert wrong.status_code == 401
    assert "sk_test_stolen" not in wrong.text
    with httpx.Client(transport=transport, headers={"Authorization": f"Bearer {KEY}"}) as client:
        assert client.get("https://stripe.test/v1/customers").status_code == 200


def test_an_idempotency_key_replays_the_first_answer(fake: FakeStripe, api: httpx.Client, clock: Clock) -> None:
    send = lambda name, key="k1": api.post("/v1/customers", data={"name": name}, headers={"Idempotency-Key": key})  # noqa: E731
    first, again = send("Ann"), send("Ann")
    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert fake.writes == 1
    other = send("Bob")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    clock.now += 86401
    assert send("Ann").json()["id"] != first.json()["id"]
    assert send("x", "k" * 256).status_code == 400


def test_errors_are_replayed_too_also_a_500(fake: FakeStripe, api: httpx.Client) -> None:
    send = lambda key: api.post("/v1/customers", data={"name": "Ann"}, headers={"Idempotency-Key": key})  # noqa: E731
    fake.fail("half")
    assert [send("k").status_code for _ in range(3)] == [500, 500, 500]
    assert len(fake.things["customer"]) == 1
    fake.fail("429")
    assert [send("m").status_code for _ in range(2)] == [429, 200]


def test_an_invoice_from_draft_to_paid(api: httpx.Client, fake: FakeStripe) -> None:
    ann = api.post("/v1/customers", data={"name": "Ann", "email": "ann@example.com"}).json()["id"]
    draft = api.post("/v1/invoices", data={"customer": ann, "collection_method": "send_invoice", "days_until_due": 14})
    key = draft.json()["id"]
    assert (draft.json()["status"], draft.json()["number"]) == ("draft", None)
    item = {"customer": ann, "invoice": key, "amount": 2500, "currency": "eur", "description": "Work", "quantity": 2}
    assert api.post("/v1/invoiceitems", data=item).status_code == 200
    opened = api.post(f"/v1/invoices/{key}/finalize").json()
    assert (opened["status"], opened["total"], opened["amount_remaining"]) == ("open", 5000, 5000)
    assert opened["number"].endswith("-0001")
    assert api.post("/v1/invoiceitems", data=item).status_code == 400
    declined = api.post(f"/v1/invoices/{key}/pay", data={"payment_method": "pm_card_chargeDeclined"})
    assert (declined.status_code, declined.json()["error"]["type"]) == (402, "card_error")
    paid = api.post(f"/v1/invoices/{key}/pay").json()
    assert (paid["status"], paid["amount_remaining"]) == ("paid", 0)
    charge = api.get(f"/v1/charges/{paid['charge']}", params={"expand[]": "balance_transaction"}).json()
    assert charge["invoice"] == key
    assert charge["balance_transaction"]["net"] == 5000 - charge["balance_transaction"]["fee"]
    assert api.post(f"/v1/invoices/{key}/void").status_code == 400
    assert {c["status"] for c in fake.things["charge"].values()} == {"failed", "succeeded"}


def test_refunds_stop_at_the_amount_and_a_payout_takes_what_is_left(fake: FakeStripe, api: httpx.Client) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    charge = fake.charge(ann, 10000)["id"]
    assert api.post("/v1/refunds", data={"charge": charge, "amount": 4000}).json()["amount"] == 4000
    assert api.post("/v1/refunds", data={"charge": charge, "amount": 7000}).json()["error"]["param"] == "amount"
    payout = fake.pay_out()
    assert payout is not None
    lines = api.get("/v1/balance_transactions", params={"payout": payout["id"]}).json()["data"]
    assert sum(t["net"] for t in lines) == 0
    assert sorted(t["type"] for t in lines) == ["charge", "payout", "refund"]
    assert payout["amount"] == 10000 - 4000 - 175
    assert fake.pay_out() is None
    api.post("/v1/refunds", data={"charge": charge})
    assert api.post("/v1/refunds", data={"charge": charge}).json()["error"]["code"] == "charge_already_refunded"


def test_events_hold_the_state_of_their_moment_for_30_days(fake: FakeStripe, api: httpx.Client, clock: Clock) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    fake.edit_customer(ann, name="Anna")
    fake.edit_customer(ann, name="Anna")  # nothing changed, nothing told
    events = api.get("/v1/events", params={"types[]": ["customer.created", "customer.updated"]}).json()["data"]
    assert [(e["type"], e["data"]["object"]["name"]) for e in events] == [
        ("customer.updated", "Anna"), ("customer.created", "Ann"),
    ]  # fmt: skip
    assert events[0]["data"]["previous_attributes"] == {"name": "Ann"}
    clock.now += 31 * 86400
    assert api.get("/v1/events").json()["data"] == []


def test_the_search_lags(fake: FakeStripe, api: httpx.Client, clock: Clock) -> None:
    fake.search_late = 60
    fake.add_customer(name="Ann", metadata={"hub_id": "g1"})
    find = lambda query: api.get("/v1/customers/search", params={"query": query}).json()  # noqa: E731
    assert find('metadata["hub_id"]:"g1"')["data"] == []
    clock.now += 60
    assert len(find("metadata['hub_id']:'g1' OR metadata['hub_id']:'g2'")["data"]) == 1
    assert "error" in find("hub_id = g1")


def test_a_deleted_customer_leaves_its_id(fake: FakeStripe, api: httpx.Client) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    assert api.delete(f"/v1/customers/{ann}").json() == {"id": ann, "object": "customer", "deleted": True}
    assert api.get(f"/v1/customers/{ann}").json()["deleted"] is True
    assert api.get("/v1/customers").json()["data"] == []
    assert api.post(f"/v1/customers/{ann}", data={"name": "x"}).json()["error"]["code"] == "resource_missing"


def test_people_can_act_from_another_process(fake: FakeStripe) -> None:
    with fake.serve() as url:
        made = httpx.post(f"{url}/_fake/add_customer", json={"name": "Ann"}).json()
        paid = httpx.post(f"{url}/_fake/charge", json={"customer": made["id"], "amount": 1000}).json()
        assert httpx.get(f"{url}/v1/charges/{paid['id']}", auth=(KEY, "")).json()["amount"] == 1000
        assert httpx.post(f"{url}/_fake/__init__", json={}).status_code == 404
        assert httpx.post(f"{url}/_fake/charge", json={"nobody": 1}).status_code == 400
        assert len(httpx.get(f"{url}/_fake/things/customer").json()) == 1


def test_it_runs_as_a_process_of_its_own() -> None:
    import subprocess
    import sys

    process = subprocess.Popen([sys.executable, "-m", "hub.testing.stripe"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/v1/customers", auth=(KEY, "")).json()["object"] == "list"
    finally:
        process.terminate()
        process.wait(10)
