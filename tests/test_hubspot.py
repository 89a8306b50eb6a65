"""The HubSpot connector against the fake CRM: nothing lost at its caps and edges, every row of a batch answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hub_hubspot import HubSpot
from hub_hubspot.times import stamp

from hub.connect import Missing, Receipt, Record, Rejected, Unavailable, Write
from hub.connect.retry import Retry
from hub.errors import ConfigError, Unauthorized
from hub.testing.hubspot import Clock, FakeHubSpot

TOKEN = "pat-eu1-very-secret"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeHubSpot:
    return FakeHubSpot(token=TOKEN, clock=clock, strict=True)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def crm(fake: FakeHubSpot, slept: list[float]) -> Iterator[HubSpot]:
    made = HubSpot(TOKEN, "http://crm", rate=0, search_rate=0)
    made.transport = fake.transport()
    made.retry = Retry(sleep=slept.append)
    yield made
    made.close()


def pulled(crm: HubSpot, stream: str, cursor: str | None = None) -> tuple[list[Record], str | None]:
    records: list[Record] = []
    for page in crm.pull(stream, cursor):
        records += page.records
        cursor = page.cursor
    return records, cursor


def create(our_id: str, properties: dict[str, Any], **data: Any) -> Write:
    return Write({"properties": properties, **data}, None, None, f"once-{our_id}", our_id)


def fake_time(clock: Clock, seconds: float) -> str:
    return stamp(clock.at + timedelta(seconds=seconds))


def update(key: str, properties: dict[str, Any], **data: Any) -> Write:
    data = {**({"properties": properties} if properties else {}), **data}
    return Write(data, key, None, f"once-{key}", f"our-{key}")


def receipts(answers: Iterator[Any]) -> list[Any]:
    found = list(answers)
    assert all(isinstance(a, Receipt) for a in found), found
    return found


# reading


def test_all_is_read_in_few_requests(fake: FakeHubSpot, crm: HubSpot) -> None:
    company, other, contact = fake.add("companies"), fake.add("companies"), fake.add("contacts")
    for n in range(230):
        lines = [fake.add("line_items", {"hs_sku": f"S{i}", "price": "10", "quantity": i}) for i in (1, 2)]
        ties = {"companies": [company, other], "contacts": [contact], "line_items": lines}
        fake.add("deals", {"dealname": f"deal {n}"}, ties)
    records, _ = pulled(crm, "deals")
    assert len({r.key for r in records}) == 230
    data: Any = records[-1].data
    assert (data["company"], data["contact"]) == (company, contact)
    assert data["associations"]["companies"] == [company, other]
    assert [(x["hs_sku"], x["quantity"], x["amount"]) for x in data["lines"]] == [("S1", "1", "10"), ("S2", "2", "20")]
    assert data["properties"]["amount"] is None
    assert len(fake.calls) < 15


def test_more_ties_than_search_pages_are_all_read(fake: FakeHubSpot, crm: HubSpot, clock: Clock) -> None:
    fake.cap, crm.search_page = 50, 20
    before = fake.add("companies", {"name": "before"})
    _, cursor = pulled(crm, "companies")
    clock.tick(60)
    ties = {fake.add("companies", {"name": f"tie {n}"}) for n in range(130)}
    clock.tick(1)
    after = {fake.add("companies", {"name": f"after {n}"}) for n in range(70)}
    records, cursor = pulled(crm, "companies", cursor)
    assert {r.key for r in records} == ties | after | {before}  # the overlap repeats the one at the cursor
    assert len(records) == 201
    assert all(c.status == 200 for c in fake.calls)
    again, same = pulled(crm, "companies", cursor)
    assert same == cursor
    assert {r.key for r in again} == ties | after  # within the overlap: repeated, never lost


def test_ten_thousand_and_more_changed_in_one_millisecond(fake: FakeHubSpot, crm: HubSpot, clock: Clock) -> None:
    first = fake.add("companies")
    _, cursor = pulled(crm, "companies")
    clock.tick(60)
    ties = {fake.add("companies") for _ in range(10_250)}
    records, _ = pulled(crm, "companies", cursor)
    assert {r.key for r in records} == ties | {first}
    assert len(records) == 10_251
    assert len(fake.calls) < 60


def test_changes_while_reading_hide_nothing(fake: FakeHubSpot, crm: HubSpot, clock: Clock) -> None:
    crm.search_page = 10
    _, cursor = pulled(crm, "companies")
    keys = []
    for n in range(50):
        keys.append(fake.add("companies", {"name": f"c{n}"}))
        clock.tick(1)
    seen = set()
    for page in crm.pull("companies", cursor):
        seen |= {r.key for r in page.records}
        if len(seen) < 30:  # what was read moves to the end, and all that follows moves up
            for record in page.records:
                fake.edit("companies", record.key, {"name": "again"})
            clock.tick(1)
    assert seen == set(keys)


def test_what_search_shows_late_is_in_a_later_pull(fake: FakeHubSpot, crm: HubSpot, clock: Clock) -> None:
    late, prompt = fake.add("companies"), fake.add("companies")
    _, cursor = pulled(crm, "companies")
    clock.tick(100)
    fake.lag = 10
    fake.edit("companies", late, {"name": "late"})
    fake.lag = 0
    clock.tick(5)
    fake.edit("companies", prompt, {"name": "prompt"})
    clock.tick(6)
    first, cursor = pulled(crm, "companies", cursor)
    assert {r.key for r in first} >= {prompt}
    second, _ = pulled(crm, "companies", cursor)
    assert late in {r.key for r in second}


def test_archived_records_are_tombstones(fake: FakeHubSpot, crm: HubSpot, clock: Clock) -> None:
    old, new, there = (fake.add("companies", {"name": n}) for n in ("old", "new", "there"))
    fake.archive("companies", old)
    records, cursor = pulled(crm, "companies")
    assert {r.key: r.deleted for r in records} == {old: True, new: False, there: False}
    clock.tick(3600)
    fake.archive("companies", new)
    clock.tick(1)
    records, cursor = pulled(crm, "companies", cursor)
    assert {r.key: r.deleted for r in records}[new]
    assert cursor == fake_time(clock, -1)
    clock.tick(3600)
    fake.restore("companies", new)
    records, _ = pulled(crm, "companies", cursor)
    assert {r.key: r.deleted for r in records} == {new: False}
    assert {r.key: r.deleted for r in crm.read("companies", [old, there, "none"])} == {
        there: False,
        old: True,
        "none": True,
    }


def test_a_killed_first_read_goes_on_where_it_was(fake: FakeHubSpot, crm: HubSpot) -> None:
    keys = [fake.add("companies", {"name": f"c{n}"}) for n in range(350)]
    pages = crm.pull("companies")
    first, second = next(pages), next(pages)
    del pages
    fake.calls.clear()
    rest, _ = pulled(crm, "companies", second.cursor)
    assert {r.key for r in (*first.records, *second.records, *rest)} == set(keys)
    assert [c.path for c in fake.calls].count("/crm/v3/objects/companies") == 4  # two live pages, the bin twice


def test_a_changed_line_brings_its_deal(fake: FakeHubSpot, crm: HubSpot, clock: Clock) -> None:
    line = fake.add("line_items", {"hs_sku": "A", "price": "2", "quantity": "1"})
    deal = fake.add("deals", {"dealname": "D"}, {"line_items": [line]})
    fake.add("deals", {"dealname": "other"})
    _, cursor = pulled(crm, "deals")
    clock.tick(100)
    fake.edit("line_items", line, {"quantity": "5"})
    records, cursor = pulled(crm, "deals", cursor)
    (changed,) = [r.data for r in records if r.key == deal][-1:]
    assert changed["lines"][0]["amount"] == "10"  # type: ignore[call-overload]
    clock.tick(100)
    fake.edit("deals", deal)
    _, cursor = pulled(crm, "deals", cursor)
    assert {r.key for r in pulled(crm, "deals", cursor)[0]} == {deal}  # the overlap alone: the line is behind it


def test_a_malformed_page_is_an_error_by_name(fake: FakeHubSpot, crm: HubSpot) -> None:
    fake.add("companies")
    fake.fail("malformed", match="GET")
    with pytest.raises(Unavailable, match="the answer is not as expected"):
        pulled(crm, "companies")


def test_reads_wait_as_long_as_asked_and_come_back(fake: FakeHubSpot, crm: HubSpot, slept: list[float]) -> None:
    fake.add("companies")
    fake.fail("429", times=2)
    fake.fail("502")
    fake.fail("cut")
    assert len(pulled(crm, "companies")[0]) == 1
    assert len(slept) == 4
    fake.fail("429", seconds=7)
    crm.check()
    assert 7 <= slept[-1] < 9


def test_a_deal_keeps_the_shape_of_the_list_when_searched(fake: FakeHubSpot, crm: HubSpot, clock: Clock) -> None:
    one, two = fake.add("companies"), fake.add("companies")
    deal = fake.add("deals", {"dealname": "D"}, {"companies": [two, one]})
    listed, cursor = pulled(crm, "deals")
    searched, _ = pulled(crm, "deals", cursor)
    assert listed == searched == list(crm.read("deals", [deal]))
    assert listed[0].data["company"] == two  # type: ignore[call-overload]


# writing


def test_creates_are_found_by_our_id(fake: FakeHubSpot, crm: HubSpot) -> None:
    writes = [create(f"g{n}", {"name": f"c{n}", "numberofemployees": 5}) for n in range(150)]
    answers = receipts(crm.push("companies", writes))
    shown = {r["id"]: r["properties"] for r in fake.rows("companies")}
    assert [shown[a.key]["name"] for a in answers] == [f"c{n}" for n in range(150)]
    found = dict(crm.find("companies", ["g7", "g149", "g150"]))
    assert {our: r.key for our, r in found.items()} == {"g7": answers[7].key, "g149": answers[149].key}
    assert found["g7"].our_id == "g7"
    assert len(fake.calls) < 15
    fake.calls.clear()
    receipts(crm.push("companies", [update(answers[0].key, {"name": "new"})]))
    assert [c.path.rpartition("/")[2] for c in fake.calls] == ["update", "read"]


def test_a_receipt_shows_the_record_as_a_pull_does(fake: FakeHubSpot, crm: HubSpot) -> None:
    fake.habit("companies", "name", "upper")
    (answer,) = receipts(crm.push("companies", [create("g1", {"name": "acme", "city": "Bonn"})]))
    (record,), _ = pulled(crm, "companies")
    assert answer.data == record.data
    assert answer.data["properties"]["name"] == "ACME"
    assert (answer.version, answer.changed_at) == (record.version, record.changed_at)


def test_each_row_of_a_batch_has_its_own_answer(fake: FakeHubSpot, crm: HubSpot) -> None:
    a, gone, b = (fake.add("companies", {"name": n}) for n in "axb")
    fake.archive("companies", gone)
    answers = list(
        crm.push(
            "companies",
            [
                update(a, {"name": "A"}),
                update(gone, {"name": "G"}),
                create("g1", {"name": "new", "lifecyclestage": "king"}),
                update(b, {"annualrevenue": "much", "lifecyclestage": "none"}),
                create("g2", {"name": "fine"}),
            ],
        )
    )
    assert [type(x) for x in answers] == [Receipt, Missing, Rejected, Rejected, Receipt]
    assert answers[2].fields == ("lifecyclestage",)  # type: ignore[union-attr]
    assert set(answers[3].fields) == {"annualrevenue", "lifecyclestage"}  # type: ignore[union-attr]
    assert "not a valid number" in str(answers[3])
    assert [r["properties"]["name"] for r in fake.rows("companies")] == ["A", "b", "fine"]


def test_a_batch_refused_as_a_whole_is_tried_in_parts(fake: FakeHubSpot, crm: HubSpot) -> None:
    keys = [fake.add("companies", {"name": f"c{n}"}) for n in range(40)]
    door = fake.handle

    def narrow(request: httpx.Request) -> httpx.Response:
        """Refuse every batch that holds the word, as HubSpot does with some kinds of faults."""
        if "/batch/u" in request.url.path and b"poison" in request.content:
            return httpx.Response(400, json={"message": "no", "category": "VALIDATION_ERROR"})
        return door(request)

    crm.transport = httpx.MockTransport(narrow)
    updates = [
        update(k, {"name": "poison" if n == 7 else "new", "annualrevenue": "x" if n == 7 else "1"})
        for n, k in enumerate(keys)
    ]
    creates = [create(f"g{n}", {"name": "poison" if n == 3 else "new"}) for n in range(20)]
    answers = list(crm.push("companies", [*updates, *creates]))
    assert [n for n, a in enumerate(answers) if not isinstance(a, Receipt)] == [7]
    assert answers[7].fields == ("annualrevenue",)  # type: ignore[union-attr]
    assert len(fake.rows("companies")) == 60
    assert len(fake.calls) < 25


def test_bad_credentials_in_the_middle_leave_the_answers_before(fake: FakeHubSpot, crm: HubSpot) -> None:
    keys = [fake.add("companies", {"name": n}) for n in "ab"]
    door = fake.handle

    def expire(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("batch/update"):
            request.headers["Authorization"] = "Bearer old"
        return door(request)

    crm.transport = httpx.MockTransport(expire)
    answers = crm.push("companies", [create("g1", {"name": "new"}), update(keys[0], {"name": "A"})])
    assert isinstance(next(answers), Receipt)
    with pytest.raises(Unauthorized):
        next(answers)


def test_nothing_is_found_and_nothing_defined_before_the_first_push(fake: FakeHubSpot, crm: HubSpot) -> None:
    fake.add("companies", {"name": "A"})
    assert list(crm.find("companies", ["g1"])) == []
    assert fake.tables["companies"].definitions == {}


def test_one_bad_row_does_not_hold_up_a_batch_of_creates(fake: FakeHubSpot, crm: HubSpot) -> None:
    company = fake.add("companies")
    writes = [create(f"g{n}", {"dealname": f"d{n}"}, company=company) for n in range(60)]
    writes[41] = create("g41", {"dealname": "d41", "amount": "much"}, company=company)
    answers = list(crm.push("deals", writes))
    assert [n for n, a in enumerate(answers) if not isinstance(a, Receipt)] == [41]
    assert isinstance(answers[41], Rejected)
    assert answers[41].fields == ("amount",)
    names = {r["id"]: r["properties"]["dealname"] for r in fake.rows("deals")}
    assert all(names[a.key] == f"d{n}" for n, a in enumerate(answers) if isinstance(a, Receipt))
    assert len(fake.calls) < 35


def test_a_value_another_record_has_is_refused_with_its_field(fake: FakeHubSpot, crm: HubSpot) -> None:
    fake.add("contacts", {"email": "a@example.com"})
    company = fake.add("companies")
    answers = list(
        crm.push(
            "contacts",
            [create("g1", {"email": "a@example.com"}), create("g2", {"email": "a@example.com"}, company=company)],
        )
    )
    assert [(type(a).__mro__[1], a.fields) for a in answers] == [(Rejected, ("email",))] * 2  # type: ignore[union-attr]
    assert "Existing ID" in str(answers[0])


@pytest.mark.parametrize("tied", [False, True])
def test_a_create_whose_answer_was_lost_is_one_record(fake: FakeHubSpot, crm: HubSpot, tied: bool) -> None:
    company = fake.add("companies")
    more: dict[str, Any] = (
        {"company": company, "lines": [{"hs_sku": "A", "quantity": "2", "price": "3"}]} if tied else {}
    )
    write = create("g1", {"hs_order_name": "first"}, **more)
    fake.fail("lost", match="/orders" if tied else "batch/upsert")
    crm.prepare("orders")
    fake.faults.clear()
    fake.fail("lost", match="POST /crm/v3/objects/orders")
    (answer,) = crm.push("orders", [write])
    assert isinstance(answer, Unavailable)
    ((our, record),) = crm.find("orders", ["g1"])
    assert our == "g1"
    data: Any = record.data
    assert data["company"] == (company if tied else None)
    assert [x["amount"] for x in data["lines"]] == (["6"] if tied else [])
    (again,) = receipts(crm.push("orders", [create("g1", {"hs_order_name": "second"}, **more)]))
    assert again.key == record.key
    assert again.data["properties"]["hs_order_name"] == "second"
    assert len(fake.rows("orders")) == 1
    assert len(fake.rows("line_items")) == (1 if tied else 0)


def test_a_write_is_not_repeated_where_it_may_have_arrived(fake: FakeHubSpot, crm: HubSpot) -> None:
    crm.prepare("companies")
    fake.fail("502", match="upsert")
    (answer,) = crm.push("companies", [create("g1", {"name": "A"})])
    assert isinstance(answer, Unavailable)
    assert [c.path for c in fake.calls].count("/crm/v3/objects/companies/batch/upsert") == 1
    fake.fail("429", match="upsert")
    receipts(crm.push("companies", [create("g1", {"name": "A"})]))


def test_an_edit_between_write_and_read_back_is_not_taken_for_ours(
    fake: FakeHubSpot, crm: HubSpot, clock: Clock
) -> None:
    key = fake.add("companies", {"name": "old", "city": "Bonn"})
    door = fake.handle

    def meddle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("batch/read"):
            clock.tick(1)
            fake.edit("companies", key, {"name": "by a person"})
        return door(request)

    crm.transport = httpx.MockTransport(meddle)
    (answer,) = receipts(crm.push("companies", [update(key, {"name": "ours"})]))
    assert answer.data["properties"]["name"] == "ours"
    assert answer.version < fake.row("companies", key)["updatedAt"]


def test_empty_clears_and_words_are_text(fake: FakeHubSpot, crm: HubSpot) -> None:
    key = fake.add("companies", {"name": "A", "city": "Bonn"})
    receipts(crm.push("companies", [update(key, {"city": None, "numberofemployees": 7, "name": True})]))
    shown = fake.row("companies", key)["properties"]
    assert (shown["city"], shown["numberofemployees"], shown["name"]) == (None, "7", "true")


def test_what_a_deal_hangs_on_can_change(fake: FakeHubSpot, crm: HubSpot) -> None:
    one, two, three = (fake.add("companies") for _ in range(3))
    deal = fake.add("deals", {"dealname": "D"}, {"companies": [one, two]})
    order = fake.add("orders", {"hs_order_name": "O"}, {"companies": [one]})
    for stream, key in (("deals", deal), ("orders", order)):
        (answer,) = receipts(crm.push(stream, [update(key, {}, company=three)]))
        assert answer.data["company"] == three
        before = fake.writes()
        receipts(crm.push(stream, [update(key, {}, company=three)]))
        assert fake.writes() == before  # it hangs there already
        (answer,) = receipts(crm.push(stream, [update(key, {}, associations={"companies": [two]})]))
        assert answer.data["associations"]["companies"] == [two]
        (answer,) = receipts(crm.push(stream, [update(key, {}, company=None)]))
        assert answer.data["company"] is None
    answers = list(crm.push("deals", [update(deal, {}, company="999"), update("998", {}, company=one)]))
    assert [type(a) for a in answers] == [Rejected, Missing]


def test_a_company_gets_and_loses_its_parent(fake: FakeHubSpot, crm: HubSpot) -> None:
    child, one, two = (fake.add("companies") for _ in range(3))
    for parent in (one, two, None):
        (answer,) = receipts(crm.push("companies", [update(child, {}, parent=parent)]))
        assert answer.data["parent"] == parent
    (answer,) = receipts(crm.push("companies", [create("g1", {"name": "new"}, parent=one)]))
    assert answer.data["parent"] == one


def test_lines_are_replaced_one_by_one(fake: FakeHubSpot, crm: HubSpot) -> None:
    line = lambda sku, quantity, price: {"hs_sku": sku, "quantity": quantity, "price": price}  # noqa: E731
    (answer,) = receipts(
        crm.push("orders", [create("g1", {}, lines=[line("A", "1", "5"), line("B", "2", "5"), line("C", "3", "5")])])
    )
    ids = [x["id"] for x in answer.data["lines"]]
    assert [x["amount"] for x in answer.data["lines"]] == ["5", "10", "15"]
    before = fake.written["line_items"]
    receipts(
        crm.push(
            "orders", [update(answer.key, {}, lines=[line("A", "1", "5.00"), line("B", "2", "5"), line("C", "3", "5")])]
        )
    )
    assert fake.written["line_items"] == before
    (less,) = receipts(crm.push("orders", [update(answer.key, {}, lines=[line("A", "1", "5"), line("B", "4", "5")])]))
    assert [(x["id"], x["amount"]) for x in less.data["lines"]] == [(ids[0], "5"), (ids[1], "20")]
    (more,) = receipts(
        crm.push(
            "orders", [update(answer.key, {}, lines=[line("A", "1", "5"), line("B", "4", "5"), line("D", "1", "1")])]
        )
    )
    assert [x["hs_sku"] for x in more.data["lines"]] == ["A", "B", "D"]
    assert len(fake.rows("line_items")) == 3


def test_many_orders_with_lines_take_few_requests(fake: FakeHubSpot, crm: HubSpot) -> None:
    company = fake.add("companies")
    lines = [{"hs_sku": f"S{n}", "quantity": "1", "price": "2"} for n in range(3)]
    writes = [create(f"g{n}", {"hs_order_name": f"o{n}"}, company=company, lines=lines) for n in range(100)]
    answers = receipts(crm.push("orders", writes))
    assert all(len(a.data["lines"]) == 3 and a.data["company"] == company for a in answers)
    assert len(fake.calls) < 25


def test_a_record_written_twice_in_one_batch(fake: FakeHubSpot, crm: HubSpot) -> None:
    key = fake.add("companies", {"name": "A"})
    first, second = receipts(crm.push("companies", [update(key, {"name": "B"}), update(key, {"city": "Bonn"})]))
    assert first.key == second.key == key
    shown = fake.row("companies", key)["properties"]
    assert (shown["name"], shown["city"]) == ("B", "Bonn")


def test_missing_properties_are_defined_once(fake: FakeHubSpot, crm: HubSpot) -> None:
    crm.properties["companies"] = ("name", "vat_id", "open_balance")
    receipts(crm.push("companies", [create("g1", {"name": "A", "vat_id": "DE1", "open_balance": "7.5"})]))
    receipts(crm.push("companies", [create("g2", {"name": "B"})]))
    defined = fake.tables["companies"].definitions
    assert {n: (d.type, d.unique) for n, d in defined.items()} == {
        "hub_id": ("string", True),
        "vat_id": ("string", False),
        "open_balance": ("number", False),
    }
    assert [c.path for c in fake.calls].count("/crm/v3/properties/companies") == 4
    crm.want("companies", ["properties.vat_id", "properties.name", "parent"])
    assert crm.extra_properties["companies"] == ("vat_id", "name")
    (record,) = (r for r in pulled(crm, "companies")[0] if r.our_id == "g1")
    assert record.data["properties"]["vat_id"] == "DE1"  # type: ignore[call-overload]
    (answer,) = crm.push("companies", [create("g3", {"nonsense": "x"})])
    assert isinstance(answer, Rejected)
    assert answer.fields == ("nonsense",)


def test_it_works_over_a_real_port() -> None:
    fake = FakeHubSpot(token=TOKEN)
    with fake.serve() as url:
        crm = HubSpot(TOKEN, url, rate=0, search_rate=0, timeout=10)
        crm.retry = Retry(first=0.01)
        crm.check()
        company = fake.add("companies", {"name": "Ünïcode 株式会社"})
        fake.fail("cut", match="GET")
        (record,), cursor = pulled(crm, "companies")
        assert record.data["properties"]["name"] == "Ünïcode 株式会社"  # type: ignore[call-overload]
        (answer,) = receipts(crm.push("deals", [create("g1", {"dealname": "D"}, company=company)]))
        assert answer.data["company"] == company
        assert {r.key for r in pulled(crm, "companies", cursor)[0]} == {company}
        crm.close()
    crm.retry = Retry(attempts=1)
    with pytest.raises(Unavailable):
        crm.check()


@pytest.mark.parametrize("settings", [{}, {"client_id": "x"}])
def test_settings_without_credentials_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="token"):
        HubSpot(**settings)  # type: ignore[arg-type]


def test_a_stream_that_does_not_exist_is_named_in_settings() -> None:
    with pytest.raises(ConfigError, match="companys"):
        HubSpot(TOKEN, extra_properties={"companys": ["tier"]})


def test_a_moment_is_read_in_any_zone(crm: HubSpot) -> None:
    assert crm.cursor_at("deals", "2026-11-22T18:00:00+01:00") == "2026-11-22T17:00:00.000Z"
    assert crm.cursor_at("deals", "2026-11-22") == "2026-11-22T00:00:00.000Z"
    with pytest.raises(ConfigError, match="yesterday"):
        crm.cursor_at("deals", "yesterday")


def test_a_dated_version_has_its_own_path(fake: FakeHubSpot) -> None:
    crm = HubSpot(TOKEN, version="2026-03", rate=0)
    crm.transport = fake.transport()
    crm.check()
    assert [c.path for c in fake.calls] == ["/crm/objects/2026-03/companies"]
