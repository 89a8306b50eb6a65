"""Two lists are read: one names a customer that CRM and ERP have long had. It is found, decided, merged, taken apart."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from typing import TYPE_CHECKING, Any

from hub.cli.app import run

if TYPE_CHECKING:
    from hub.demo.day import Day

NAME, TYPED = "Walter Brunnenbau e.K.", "Walter Brunnenbau"
VAT, MAIL = "ATU13585627", "h.walter@brunnen-post.example"
LISTS = {
    "webshop": f"""number,name,vat,mail,phone,street,city,zip
5001,{NAME},{VAT},,+43 316 5550199,Brunnengasse 4,Graz,8010
5002,Seilerei Oster,,kontor@seilerei-oster.example,+49 40 5550142,Am Kai 2,Hamburg,20457
""",
    "fair": f"""number,name,vat,mail,phone,street,city,zip
81,{TYPED},,{MAIL},+43 316 5550199,Brunnengasse 4,Graz,8010
82,Lindt Optik,,hallo@lindt-optik.example,+49 221 5550192,Domgasse 2,Köln,50667
""",
}
STREAM = """
[connections.lists.streams.{name}]
path = "{name}.csv"
model = "customer"
key = "number"
mapping = "lists.{name}"
"""
MAPPING = """stream = "{name}"
model = "customer"
ignore = ["number"]

[fields]
name = "name"
"identifiers.vat" = {{ theirs = "vat", as = "vat" }}
"emails.main" = {{ theirs = "mail", as = "email" }}
"phones.main" = {{ theirs = "phone", as = "phone" }}
"addresses.main.street" = "street"
"addresses.main.city" = "city"
"addresses.main.postal_code" = "zip"
"""


def decide(day: Day) -> None:
    """Live through it by the verbs of the command line; without Splink there is nothing to see."""
    if find_spec("splink") is None:
        day.screen.say("[dim]duplicates are left out: pip install 'hub\\[duplicates]'[/dim]")
        return
    s = day.screen
    s.step(8, "Two lists come in: a customer is there twice; found, decided, merged, taken apart again")
    _lists(day)
    s.say("two CSV files: accounts of the web shop, and cards collected at a fair")
    _hub(day, "sync")
    party = day.ids.erp["walter"]
    before = (_companies(day), _party(day, party))
    names = [row["name"] for row in before[0]]
    s.check("the shop's account is the ERP's customer, by its tax number; the card is a second one in the CRM",
            names == [TYPED, NAME] and before[1]["name"] == NAME, ", ".join(names))  # fmt: skip
    _hub(day, "duplicates", "find", "--model", "customer", code=1)
    pair = next((p for p in _rows(day, "list") if {p["left_name"], p["right_name"]} == {NAME, TYPED}), None)
    s.check("the hub proposes them as one", pair is not None)
    if pair is None:
        return
    _hub(day, "duplicates", "show", pair["pair"])
    _hub(day, "duplicates", "accept", pair["pair"], "--yes", "--by", "anna")
    _hub(day, "sync")
    _merged(day, party)
    done = next(p for p in _rows(day, "list", "--state", "accepted") if p["pair"] == pair["pair"])
    _hub(day, "duplicates", "unmerge", str(done["merge"]), "--yes", "--by", "anna")
    _hub(day, "sync")
    after = (_companies(day), _party(day, party))
    s.check(
        "taken apart, CRM and ERP show what they did before", after == before, f"{[row['name'] for row in after[0]]}"
    )
    day.hub.sync()
    s.check("and then it is quiet", day.hub.sync().written == 0)


def _merged(day: Day, party: int) -> None:
    """Look into CRM and ERP for what came of the merge."""
    s, shown, erp = day.screen, _companies(day), _party(day, party)
    one = shown[0]
    s.check("the CRM has one company, with the shop's tax number and the card's address",
            len(shown) == 1 and (one["vat_id"], one["email"]) == (VAT, MAIL), f"{one['vat_id']}, {one['email']}")  # fmt: skip
    s.check("the ERP's party, that had no mail address, has the card's", erp["email"] == MAIL, erp["email"])


def _lists(day: Day) -> None:
    """Write the two lists, their mappings and their connection, as a person would."""
    root = day.hub.project.root
    for folder in ("lists", "mappings"):
        (root / folder).mkdir(exist_ok=True)
    toml = ['\n[connections.lists]\nconnector = "files"\nfolder = "${HUB_PROJECT}/lists"\n']
    for name, text in LISTS.items():
        (root / f"lists/{name}.csv").write_text(text, encoding="utf-8")
        (root / f"mappings/lists.{name}.toml").write_text(MAPPING.format(name=name), encoding="utf-8")
        toml.append(STREAM.format(name=name))
    with (root / "hub.toml").open("a", encoding="utf-8") as file:
        file.write("".join(toml))


def _hub(day: Day, *verb: str, code: int = 0) -> None:
    """Run a verb as a person does: its call and all it says are on the screen."""
    day.screen.say(f"[bold]$ hub {' '.join(verb)}[/bold]")
    ended = run(["--project", str(day.hub.project.root), *verb])
    if ended != code:
        day.screen.check(f"hub {verb[0]} ends well", False, f"exit code {ended}")


def _rows(day: Day, *verb: str) -> list[dict[str, Any]]:
    """What a verb of `hub duplicates` tells a program."""
    out = StringIO()
    with redirect_stdout(out):
        run(["--project", str(day.hub.project.root), "duplicates", *verb, "--json"])
    return [json.loads(line) for line in out.getvalue().splitlines()]


def _companies(day: Day) -> list[dict[str, Any]]:
    """What the CRM shows of the companies of that name."""
    every = (row["properties"] for row in day.systems.crm.rows("companies"))
    fields = ("name", "vat_id", "email", "phone", "address", "city")
    found = ({field: row.get(field) for field in fields} for row in every if str(row.get("name")).startswith(TYPED))
    return sorted(found, key=lambda row: str(row["name"]))


def _party(day: Day, party: int) -> dict[str, Any]:
    """What the ERP shows of its party."""
    people = day.systems.erp.people
    fields = ["name", "email", "phone", "code"]
    shown: dict[str, Any] = people.call("model.party.party.read", [party], fields)[0]
    return {field: shown[field] for field in fields}
