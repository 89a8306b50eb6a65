"""The whole story through the command line: two lists are read, duplicates found and decided, the CRM follows, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.cli.app import run
from hub.testing.hubspot import FakeHubSpot

TOML = """[hub]
store = "{store}"

[connections.shop]
connector = "files"
folder = "{folder}"
[connections.shop.streams.customers]
path = "shop.csv"
model = "customer"
key = "number"
mapping = "list"

[connections.fair]
connector = "files"
folder = "{folder}"
[connections.fair.streams.customers]
path = "fair.csv"
model = "customer"
key = "number"
mapping = "list"

[connections.crm]
connector = "hubspot"
base_url = "{url}"
token = {{ file = "token" }}
rate = 0
search_rate = 0
[connections.crm.streams.companies]
push = true
create = "all"
[connections.crm.streams.deals]
push = true

[duplicates.on_merge]
crm = "{on_merge}"
"""
MAPPING = """stream = "customers"
model = "customer"
[fields]
name = "name"
"emails.main" = { theirs = "mail", as = "email" }
"phones.main" = { theirs = "phone", as = "phone", region = "DE" }
"addresses.main.street" = "street"
"addresses.main.city" = "city"
"addresses.main.postal_code" = "zip"
owner = "owner"
"""
SHOP = """number,name,mail,phone,street,city,zip,owner
1,Meyer Pumpen GmbH,info@meyer-pumpen.example,+49 30 5550101,Hafenstraße 1,Hamburg,20457,
2,Nordwind Segel AG,post@nordwind.example,+49 40 5550102,Am Kai 7,Bremen,28195,
3,Bäckerei Süß,brot@suess.example,+49 89 5550103,Marktplatz 3,München,80331,
4,Krause & Söhne KG,kontakt@krause.example,+49 69 5550104,Ring 12,Frankfurt,60311,
"""
FAIR = """number,name,mail,phone,street,city,zip,owner
91,Meyer Pumpen,h.meyer@mail.example,+49 30 5550101,Hafenstr. 1,Hamburg,20457,Anna
92,Lindt Optik,hallo@lindt-optik.example,+49 221 5550192,Domgasse 2,Köln,50667,Ben
"""


class Desk:
    """One project, its CRM, and the command line."""

    def __init__(self, folder: Path, crm: FakeHubSpot, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.crm, self.url, self.capsys = folder, crm, url, capsys
        self.err = ""

    def begin(self, store: str, on_merge: str) -> None:
        (self.folder / "mappings").mkdir(parents=True)
        (self.folder / "mappings/list.toml").write_text(MAPPING)
        (self.folder / "shop.csv").write_text(SHOP)
        (self.folder / "fair.csv").write_text(FAIR)
        (self.folder / "token").write_text("t-1")
        text = TOML.format(store=store, folder=self.folder, url=self.url, on_merge=on_merge)
        (self.folder / "hub.toml").write_text(text)

    def __call__(self, *verb: str, code: int = 0) -> list[dict[str, Any]]:
        """Run a verb with --json."""
        return [json.loads(line) for line in self.say(*verb, "--json", code=code).splitlines()]

    def say(self, *verb: str, code: int = 0) -> str:
        """Run a verb as a person does."""
        self.capsys.readouterr()
        found = run(["--project", str(self.folder), *verb])
        said = self.capsys.readouterr()
        self.err = said.err
        assert found == code, (found, said.out, said.err)
        return str(said.out)

    def companies(self, name: str) -> list[dict[str, Any]]:
        """The CRM's companies whose name begins so."""
        return [row for row in self.crm.rows("companies") if row["properties"]["name"].startswith(name)]


@pytest.fixture
def crm() -> Iterator[tuple[FakeHubSpot, str]]:
    fake = FakeHubSpot(token="t-1")
    with fake.serve() as url:
        yield fake, url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> str:
    return "sqlite:///hub.db" if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))


@pytest.fixture
def desk(tmp_path: Path, crm: tuple[FakeHubSpot, str], capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "project", *crm, capsys)


def found(desk: Desk) -> dict[str, Any]:
    """The one pair that `find` proposes."""
    desk("duplicates", "find", "--model", "customer", code=1)
    (pair,) = desk("duplicates", "list", code=1)
    return pair


def test_from_two_lists_to_one_company_in_the_crm_and_back(desk: Desk, store: str) -> None:
    desk.begin(store, "merge")
    desk.say("sync")
    assert len(desk.crm.rows("companies")) == 6
    pair = found(desk)
    assert {pair["left_name"], pair["right_name"]} == {"Meyer Pumpen GmbH", "Meyer Pumpen"}
    assert {"phones", "phone"} & {level["comparison"] for level in pair["levels"]}, pair["levels"]
    old = {row["properties"]["name"]: row["id"] for row in desk.companies("Meyer")}
    deal, other = (
        desk.crm.add("deals", {"dealname": name}, {"companies": [old["Meyer Pumpen"]]}) for name in ("Pumps", "Seals")
    )
    desk.say("sync")
    before = {row["id"]: row["values"] for row in desk("list", "customer")}

    desk.say("duplicates", "accept", pair["pair"], "--yes", "--by", "mia")
    desk.say("sync")
    (one,) = desk.companies("Meyer")
    assert one["id"] not in old.values(), "HubSpot gives what it merges a new id"
    assert one["properties"]["hs_merged_object_ids"]
    (survivor,) = [g for g in desk("list", "customer") if g["values"]["name"].startswith("Meyer")]
    values = survivor["values"]
    shown = one["properties"]
    assert (shown["name"], shown["phone"]) == (values["name"], "+49305550101")
    assert shown["address"] == values["addresses.main.street"]
    assert one["associations"]["deals"] == [deal, other]
    assert {d["values"]["customer"] for d in desk("list", "deal")} == {survivor["id"]}
    writes = desk.crm.writes()
    desk.say("sync")
    assert desk.crm.writes() == writes

    desk.crm.edit("companies", one["id"], {"description": "typed while they were one"})
    (optician,) = desk.companies("Lindt")
    desk.crm.dissociate("deals", other, "companies", one["id"])
    desk.crm.associate("deals", other, "companies", optician["id"])
    desk.say("sync")
    desk.say("duplicates", "unmerge", survivor["id"], "--yes", "--by", "mia")
    assert "cannot be undone" in desk.err
    desk.say("sync")
    two = {row["properties"]["name"]: row for row in desk.companies("Meyer")}
    assert two.keys() == {"Meyer Pumpen GmbH", "Meyer Pumpen"}
    assert one["id"] in {row["id"] for row in two.values()}
    assert desk.crm.main_company("deals", deal) == two["Meyer Pumpen"]["id"], "HubSpot had moved it"
    assert desk.crm.main_company("deals", other) == optician["id"], "a person had moved it"
    after = {row["id"]: row["values"] for row in desk("list", "customer")}
    customers = {d["values"]["name"]: after[d["values"]["customer"]]["name"] for d in desk("list", "deal")}
    assert customers == {"Pumps": "Meyer Pumpen", "Seals": "Lindt Optik"}
    assert {id: v["name"] for id, v in after.items()} == {id: v["name"] for id, v in before.items()}
    kept = [id for id, v in after.items() if v.get("note")]
    assert kept == [survivor["id"]]
    assert {id: {p: x for p, x in v.items() if p != "note" and x is not None} for id, v in after.items()} == before
    writes = desk.crm.writes()
    desk.say("sync")
    assert desk.crm.writes() == writes
    desk("duplicates", "find", "--model", "customer")
    assert desk("duplicates", "list") == []


def test_the_answer_of_a_merge_over_there_is_lost(desk: Desk) -> None:
    desk.begin("sqlite:///hub.db", "merge")
    desk.say("sync")
    pair = found(desk)
    desk.say("duplicates", "accept", pair["pair"], "--yes")
    desk.crm.fail("lost", match="/merge")
    desk.say("sync", code=1)
    assert len(desk.companies("Meyer")) == 1
    links = [
        row for row in desk("show", "customer", pair["left"]) if row["kind"] == "link" and row["connection"] == "crm"
    ]
    assert len(links) == 2, "what became of it is not known yet"
    desk.say("sync")
    (one,) = desk.companies("Meyer")
    alive = [
        row["key"] for row in desk("show", "customer", pair["left"])
        if row["kind"] == "link" and row["connection"] == "crm" and row["why"] == "there"
    ]  # fmt: skip
    assert alive == [one["id"]]
    assert len(desk.crm.rows("companies")) == 5


def test_a_merge_the_crm_refuses_is_a_dead_letter_until_it_is_tried_again(desk: Desk) -> None:
    desk.begin("sqlite:///hub.db", "merge")
    desk.say("sync")
    pair = found(desk)
    desk.say("duplicates", "accept", pair["pair"], "--yes")
    desk.crm.fail("400", match="/merge")
    desk.say("sync", code=1)
    (dead,) = [row for row in desk("outbox", "list", code=1) if row["state"] == "dead"]
    assert dead["fields"] == ["(merge)"]
    calls = len([c for c in desk.crm.calls if c.path.endswith("/merge")])
    desk.say("sync")
    assert len([c for c in desk.crm.calls if c.path.endswith("/merge")]) == calls, "asked again by itself"
    desk.say("outbox", "retry", str(dead["id"]))
    desk.say("sync")
    assert len(desk.companies("Meyer")) == 1


def test_an_edit_over_there_just_before_the_merge_is_not_lost(desk: Desk) -> None:
    desk.begin("sqlite:///hub.db", "merge")
    desk.say("sync")
    pair = found(desk)
    desk.say("duplicates", "accept", pair["pair"], "--yes")
    for row in desk.companies("Meyer"):
        desk.crm.edit("companies", row["id"], {"description": f"note of {row['id']}"})
    newest = row["id"]
    desk.say("sync")
    (one,) = desk.companies("Meyer")
    assert one["properties"]["description"] == f"note of {newest}"


def test_a_system_without_such_a_call_is_told_at_once(desk: Desk) -> None:
    desk.begin("sqlite:///hub.db", "merge")
    file = desk.folder / "hub.toml"
    file.write_text(file.read_text().replace('crm = "merge"', 'shop = "merge"'))
    desk.say("sync", code=2)
    assert "files has no such call" in desk.err


def test_what_only_the_crm_had_is_there_again_after_its_merge_was_taken_apart(desk: Desk) -> None:
    desk.begin("sqlite:///hub.db", "merge")
    (desk.folder / "fair.csv").write_text(FAIR.splitlines()[0] + "\n")
    desk.say("sync")
    typed = {
        "name": "Krause und Söhne",
        "phone": "+49 69 5550104",
        "address": "Ring 12",
        "city": "Frankfurt",
        "zip": "60311",
    }
    desk.crm.add("companies", typed)
    desk.say("sync")
    pair = found(desk)
    desk.say("duplicates", "accept", pair["pair"], "--yes")
    desk.say("sync")
    assert len(desk.companies("Krause")) == 1
    desk.say("duplicates", "unmerge", pair["left"], "--yes")
    desk.say("sync")
    names = sorted(row["properties"]["name"] for row in desk.companies("Krause"))
    assert names == ["Krause & Söhne KG", "Krause und Söhne"]
    writes = desk.crm.writes()
    desk.say("sync")
    assert desk.crm.writes() == writes


def test_sure_pairs_are_merged_without_a_person_where_that_is_switched_on(desk: Desk) -> None:
    """Of three that are sure to be one by turns, two hold different valid tax numbers: they stay two."""
    desk.begin("sqlite:///hub.db", "link")
    (desk.folder / "mappings/list.toml").write_text(MAPPING + '"identifiers.vat" = "vat"\n')
    shop, fair = ([f"{row}," for row in text.splitlines()] for text in (SHOP, FAIR))
    krause = "Krause & Söhne KG,{}@krause-soehne.example,+49 69 5550104,Ring 12,Frankfurt,60311,"
    shop[0] = fair[0] = shop[0] + "vat"
    shop[4] += "DE136695976"
    fair += [f"94,{krause.format('buero')},", f"95,{krause.format('lager')},DE811569869"]
    (desk.folder / "shop.csv").write_text("\n".join(shop))
    (desk.folder / "fair.csv").write_text("\n".join(fair))
    desk.say("sync")
    file = desk.folder / "hub.toml"
    plain = file.read_text()
    file.write_text(plain + "[duplicates]\nmerge_at = 0.9\n")
    desk("duplicates", "find", "--model", "customer", code=1)
    pairs = desk("duplicates", "list", code=1)
    assert [p["zone"] for p in pairs] == ["merge"] * 3
    assert len(desk("list", "customer")) == 8, "nothing merges by itself until it is switched on"
    cluster = next(p["cluster"] for p in pairs if "Krause" in p["left_name"])
    desk.say("duplicates", "accept", cluster, "--yes", code=1)
    assert "are never one: two different valid numbers: vat.de" in desk.err

    file.write_text(plain + "[duplicates]\nmerge_at = 0.9\nauto = true\n")
    (told,) = desk("duplicates", "find", "--model", "customer", code=1)
    assert (told["merged"], told["merge"], told["ask"], told["clusters"]) == (2, 1, 0, 1)
    assert "are never one: two different valid numbers: vat.de" in desk.err
    numbers = [row["values"].get("identifiers.vat") for row in desk("list", "customer")]
    assert {"DE136695976", "DE811569869"} <= set(numbers)
    assert len(numbers) == 6
    done = next(p for p in desk("duplicates", "list", "--state", "accepted") if "Meyer" in p["left_name"])
    assert done["decided_by"] == "hub"
    desk.say("duplicates", "unmerge", str(done["merge"]), "--yes")
    (told,) = desk("duplicates", "find", "--full", "--model", "customer")
    assert (told["merged"], told["merge"]) == (0, 0), "what a person took apart stays so, and so do the two numbers"


def test_a_valid_tax_number_counts_that_lost_against_another_word(desk: Desk) -> None:
    """Of two that were merged one list says a wrong number since, and it stands; the other one's is valid all the same."""
    desk.begin("sqlite:///hub.db", "link")
    (desk.folder / "mappings/list.toml").write_text(MAPPING + '"identifiers.vat" = "vat"\n')
    krause = "Krause & Söhne KG,{}@krause-soehne.example,+49 69 5550104,Ring 12,Frankfurt,60311,,"

    def lists(shop: str = "", fair: str = "", third: str | None = None) -> None:
        header = SHOP.splitlines()[0] + ",vat"
        (desk.folder / "shop.csv").write_text(f"{header}\n4,{krause.format('post')}{shop}\n")
        rows = [
            f"94,{krause.format('buero')}{fair}",
            *([] if third is None else [f"95,{krause.format('lager')}{third}"]),
        ]
        (desk.folder / "fair.csv").write_text("\n".join([header, *rows, ""]))
        desk.say("sync")

    def forget() -> None:
        (cache,) = (desk.folder / ".hub").glob("duplicates-*.duckdb")
        cache.unlink()

    lists()
    desk.say("duplicates", "accept", found(desk)["pair"], "--yes")
    lists(shop="DE136695976")
    lists(shop="DE136695976", fair="DE136695977", third="")
    assert [g["values"].get("identifiers.vat") for g in desk("list", "customer")] == ["DE136695977", None]
    pair = found(desk)
    lists(shop="DE136695976", fair="DE136695977", third="DE811569869")
    desk.say("duplicates", "accept", pair["pair"], "--yes", code=1)
    assert "are never one: two different valid numbers: vat.de" in desk.err
    for anew in (False, True):
        if anew:
            forget()
        desk("duplicates", "find", "--full", "--model", "customer")
        assert desk("duplicates", "list") == []
    lists(shop="DE136695976", fair="DE811569869", third="DE136695976")  # it says another one, and is still the third's
    for anew in (False, True):
        if anew:
            forget()
        assert found(desk)["pair"] == pair["pair"]
