"""The fake CRM keeps HubSpot's rules: limits, caps, lateness, unique values, batches in part."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from hub.testing.hubspot import Clock, FakeHubSpot

TOKEN = "pat-eu1-very-secret"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeHubSpot:
    return FakeHubSpot(token=TOKEN, clock=clock)


@pytest.fixture
def http(fake: FakeHubSpot) -> httpx.Client:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.Client(transport=fake.transport(), base_url="http://crm", headers=headers)


def search(http: httpx.Client, *filters: tuple[str, str, str], **more: Any) -> httpx.Response:
    named = [{"propertyName": n, "operator": o, "value": v} for n, o, v in filters]
    return http.post("/crm/v3/objects/companies/search", json={"filterGroups": [{"filters": named}], **more})


def names(response: httpx.Response) -> list[str]:
    return [r["properties"]["name"] for r in response.json()["results"]]


def test_a_list_is_walked_by_after(fake: FakeHubSpot, http: httpx.Client) -> None:
    ids = [fake.add("companies", {"name": f"c{n}"}) for n in range(5)]
    fake.archive("companies", ids[1])
    seen, after = [], ""
    for _ in range(2):
        page = http.get("/crm/v3/objects/companies", params={"limit": 2, "after": after}).json()
        seen += [r["id"] for r in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after", "")
    assert seen == [ids[0], ids[2], ids[3], ids[4]]
    assert after == ""
    gone = http.get("/crm/v3/objects/companies", params={"archived": "true"}).json()["results"]
    assert [(r["id"], r["archived"]) for r in gone] == [(ids[1], True)]
    assert gone[0]["archivedAt"].endswith("Z")


@pytest.mark.parametrize(("path", "limit"), [("", 101), ("/search", 201), ("", 0)])
def test_limits_have_an_end(http: httpx.Client, path: str, limit: int) -> None:
    url = f"/crm/v3/objects/companies{path}"
    response = http.post(url, json={"limit": limit}) if path else http.get(url, params={"limit": limit})
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"


def test_properties_are_text_or_null_and_only_those_asked_for(fake: FakeHubSpot, http: httpx.Client) -> None:
    id_ = fake.add("companies", {"name": "A", "numberofemployees": 12, "city": ""})
    row = http.get(f"/crm/v3/objects/companies/{id_}", params={"properties": "numberofemployees,city"}).json()
    assert row["properties"]["numberofemployees"] == "12"
    assert row["properties"]["city"] is None
    assert "state" not in row["properties"]


def test_search_ends_at_its_cap(fake: FakeHubSpot, http: httpx.Client) -> None:
    fake.cap = 4
    for n in range(6):
        fake.add("companies", {"name": f"c{n}"})
    page = search(http, limit=4).json()
    assert (page["total"], page["paging"]["next"]["after"]) == (6, "4")
    assert search(http, limit=4, after="4").status_code == 400


def test_search_takes_one_sort_and_filters_by_change(fake: FakeHubSpot, http: httpx.Client, clock: Clock) -> None:
    for n in range(4):
        fake.add("companies", {"name": f"c{n}"})
        clock.tick()
    by = "hs_lastmodifieddate"
    since = fake.rows("companies")[2]["updatedAt"]
    up = [{"propertyName": by, "direction": "ASCENDING"}]
    assert names(search(http, (by, "GTE", since), sorts=up)) == ["c2", "c3"]
    assert names(search(http, (by, "GT", since), sorts=up)) == ["c3"]
    assert names(search(http, (by, "LT", since), sorts=up)) == ["c0", "c1"]
    assert names(search(http, ("name", "EQ", "C1"))) == ["c1"]
    down = [{"propertyName": by, "direction": "DESCENDING"}]
    assert names(search(http, sorts=down, limit=1)) == ["c3"]
    assert search(http, sorts=up + down).status_code == 400


def test_the_fast_way_and_the_scan_agree(fake: FakeHubSpot, http: httpx.Client, clock: Clock) -> None:
    for n in range(30):
        fake.add("companies", {"name": f"c{n}"})
        if n % 7 == 0:
            clock.tick()
    by, at = "hs_lastmodifieddate", fake.rows("companies")[10]["updatedAt"]
    up = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    low = ("hs_object_id", "GT", fake.rows("companies")[11]["id"])
    always = ("name", "HAS_PROPERTY", "")
    fast, scan = (search(http, (by, "EQ", at), low, *more, sorts=up, limit=50) for more in ((), (always,)))
    assert names(fast) == names(scan) == [f"c{n}" for n in range(12, 15)]


def test_search_is_late(fake: FakeHubSpot, http: httpx.Client, clock: Clock) -> None:
    id_ = fake.add("companies", {"name": "old"})
    fake.lag = 5
    fake.edit("companies", id_, {"name": "new"})
    fake.add("companies", {"name": "second"})
    assert names(search(http)) == ["old"]
    assert http.get(f"/crm/v3/objects/companies/{id_}").json()["properties"]["name"] == "new"
    clock.tick(5)
    assert names(search(http)) == ["new", "second"]


def test_a_unique_value_is_refused_twice(fake: FakeHubSpot, http: httpx.Client) -> None:
    fake.add("contacts", {"email": "a@example.com"})
    again = http.post("/crm/v3/objects/contacts", json={"properties": {"email": "A@Example.com"}})
    assert again.status_code == 409
    assert "Existing ID: 1001" in again.json()["message"]
    own = {"name": "hub_id", "label": "x", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    url = "/crm/v3/properties/companies"
    group = http.get(f"{url}/hs_object_id").json()["groupName"]
    assert http.get(f"{url}/hub_id").status_code == 404
    assert http.post(url, json={**own, "groupName": group}).status_code == 201
    assert http.post(url, json={**own, "groupName": group}).status_code == 409
    assert http.post("/crm/v3/objects/companies", json={"properties": {"hub_id": "g1"}}).status_code == 201
    assert http.post("/crm/v3/objects/companies", json={"properties": {"hub_id": "g1"}}).status_code == 409
    found = http.get("/crm/v3/objects/companies/g1", params={"idProperty": "hub_id"})
    assert found.json()["id"] == "1002"
    assert http.get("/crm/v3/objects/companies/g1", params={"idProperty": "name"}).status_code == 400


def test_batches_answer_row_by_row(fake: FakeHubSpot, http: httpx.Client) -> None:
    id_ = fake.add("companies", {"name": "A"})
    fake.tables["companies"].make_unique("hub_id")
    row = {"id": id_, "properties": {"name": "B"}, "objectWriteTraceId": "t1"}
    bad = {"id": fake.add("companies"), "properties": {"lifecyclestage": "x"}, "objectWriteTraceId": "t2"}
    answer = http.post(
        "/crm/v3/objects/companies/batch/update", json={"inputs": [row, bad, {"id": "7", "properties": {}}]}
    )
    assert answer.status_code == 207
    body = answer.json()
    assert [r["objectWriteTraceId"] for r in body["results"]] == ["t1"]
    assert body["numErrors"] == 2
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["t2"]
    assert (body["errors"][1]["category"], body["errors"][1]["context"]["ids"]) == ("OBJECT_NOT_FOUND", ["7"])
    ours = [{"id": f"g{n}", "idProperty": "hub_id", "properties": {"name": f"n{n}"}} for n in range(2)]
    first = http.post("/crm/v3/objects/companies/batch/upsert", json={"inputs": ours[:1]}).json()["results"]
    both = http.post("/crm/v3/objects/companies/batch/upsert", json={"inputs": ours}).json()["results"]
    assert [r["new"] for r in first] == [True]
    assert {r["properties"]["hub_id"]: r["new"] for r in both} == {"g0": False, "g1": True}
    assert http.post("/crm/v3/objects/companies/batch/update", json={"inputs": [row, row]}).status_code == 400
    many = {"inputs": [{"properties": {}}] * 101}
    assert http.post("/crm/v3/objects/companies/batch/create", json=many).status_code == 400


def test_a_batch_of_creates_is_all_or_nothing(fake: FakeHubSpot, http: httpx.Client) -> None:
    inputs = [{"properties": {"name": "good"}}, {"properties": {"annualrevenue": "much"}}]
    assert http.post("/crm/v3/objects/companies/batch/create", json={"inputs": inputs}).status_code == 400
    assert fake.rows("companies") == []


def test_the_main_company_stands_out(fake: FakeHubSpot, http: httpx.Client) -> None:
    one, two = fake.add("companies"), fake.add("companies")
    deal = fake.add("deals", {"dealname": "D"}, {"companies": [one, two]})
    row = http.get(f"/crm/v3/objects/deals/{deal}", params={"associations": "companies"}).json()
    kinds = {(r["id"], r["type"]) for r in row["associations"]["companies"]["results"]}
    assert kinds == {(one, "deal_to_company"), (one, "deal_to_company_unlabeled"), (two, "deal_to_company_unlabeled")}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    tie = {"from": {"id": deal}, "to": {"id": two}, "types": types}
    assert http.post("/crm/v4/associations/deals/companies/batch/create", json={"inputs": [tie]}).status_code == 201
    read = http.post("/crm/v4/associations/deals/companies/batch/read", json={"inputs": [{"id": deal}]}).json()
    main = [to["toObjectId"] for to in read["results"][0]["to"] if len(to["associationTypes"]) == 2]
    assert main == [int(two)]


def test_rate_headers_and_429(clock: Clock) -> None:
    fake = FakeHubSpot(clock=clock, rate=2)
    http = httpx.Client(transport=fake.transport(), base_url="http://crm")
    first = http.get("/crm/v3/objects/companies")
    assert first.headers["x-hubspot-ratelimit-remaining"] == "1"
    assert first.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    assert "x-hubspot-ratelimit-remaining" not in search(http).headers
    refused = http.get("/crm/v3/objects/companies")
    assert (refused.status_code, refused.json()["errorType"]) == (429, "RATE_LIMIT")
    clock.tick(10)
    assert http.get("/crm/v3/objects/companies").status_code == 200
    searched = FakeHubSpot(clock=clock, search_rate=4)
    http = httpx.Client(transport=searched.transport(), base_url="http://crm")
    assert [search(http).status_code for _ in range(5)] == [200] * 4 + [429]
    assert search(http).json()["policyName"] == "SECONDLY"
    clock.tick(1)
    assert search(http).status_code == 200


def test_a_bad_token_is_401(fake: FakeHubSpot) -> None:
    http = httpx.Client(transport=fake.transport(), base_url="http://crm", headers={"Authorization": "Bearer no"})
    answer = http.get("/crm/v3/objects/companies")
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_faults_come_when_asked_for(fake: FakeHubSpot, http: httpx.Client) -> None:
    url = "/crm/v3/objects/companies"
    fake.fail("502")
    fake.fail("lost", match="POST")
    assert http.get(url).status_code == 502
    with pytest.raises(httpx.ReadTimeout):
        http.post(url, json={"properties": {"name": "kept"}})
    assert [r["properties"]["name"] for r in fake.rows("companies")] == ["kept"]
    fake.fail("cut")
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(url)
    fake.fail("malformed")
    with pytest.raises(ValueError, match=r"char|JSON|line"):
        http.get(url).json()
    assert http.get(url).status_code == 200
    assert [c.status for c in fake.calls] == [502, 0, 0, 200, 200]


def test_habits_change_what_is_kept(fake: FakeHubSpot, http: httpx.Client) -> None:
    fake.habit("companies", "name", "truncate:4")
    fake.habit("companies", "phone", "digits")
    body = {"properties": {"name": "Acme Ltd", "phone": "+49 (30) 12"}}
    kept = http.post("/crm/v3/objects/companies", json=body).json()["properties"]
    assert (kept["name"], kept["phone"]) == ("Acme", "+493012")


def test_only_the_api_counts_as_writing(fake: FakeHubSpot, http: httpx.Client) -> None:
    id_ = fake.add("companies", {"name": "A"})
    fake.edit("companies", id_, {"name": "B"})
    assert fake.writes() == 0
    http.patch(f"/crm/v3/objects/companies/{id_}", json={"properties": {"name": "C"}})
    assert fake.written == {"companies": 1}


def test_ten_thousand_records_are_walked_quickly(fake: FakeHubSpot, http: httpx.Client) -> None:
    for n in range(10_000):
        fake.add("companies", {"name": f"c{n}"})
    begun = time.perf_counter()
    sort = [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]
    for after in range(0, 10_000, 200):
        page = search(http, ("hs_lastmodifieddate", "GTE", "0"), sorts=sort, limit=200, after=str(after))
        assert len(page.json()["results"]) == 200
    assert time.perf_counter() - begun < 5
    assert search(http, sorts=sort, limit=200, after="10000").status_code == 400


def test_it_serves_from_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "hub.testing.hubspot", "--token", TOKEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with httpx.Client(base_url=url, timeout=10) as http:
                id_ = http.post("/_fake/add", json={"object": "companies", "properties": {"name": "A"}}).json()
                http.post("/_fake/edit", json={"object": "companies", "id": id_, "properties": {"name": "B"}})
                path = f"/crm/v3/objects/companies/{id_}"
                row = http.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).json()
                assert row["properties"]["name"] == "B"
                assert http.get(path).status_code == 401
                assert [c["status"] for c in http.post("/_fake/calls").json()] == [200, 401]
                assert http.post("/_fake/handle").status_code == 404
                assert http.post("/_fake/edit", json={"object": "companies", "id": "7"}).status_code == 404
        finally:
            process.terminate()
            assert process.wait(10) == 0
