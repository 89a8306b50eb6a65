"""Somebody types a customer that the ERP has long had: it is found, decided on, merged everywhere, and taken apart."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.demo.day import Day

NAME, TYPED = "Walter Brunnenbau e.K.", "Walter Brunnenbau"
PHONE = "+43 316 5550199"


def decide(day: Day) -> None:
    """Live through it; without Splink there is nothing to see."""
    if find_spec("splink") is None:
        day.screen.say("[dim]duplicates are left out: pip install 'hub\\[duplicates]'[/dim]")
        return
    s = day.screen
    s.step(8, "The same customer twice: found, decided, merged, taken apart again")
    party = day.ids.erp["walter"]
    phone = {"party": party, "type": "phone", "value": PHONE}
    day.systems.erp.people.call("model.party.contact_mechanism.create", [phone])
    typed = {"name": TYPED, "phone": PHONE, "city": "Graz", "country": "Austria", "description": "wants a quote"}
    day.systems.crm.add("companies", typed)
    s.say(f"sales type {TYPED} into the CRM; the ERP has known {NAME} for years")
    day.sync()
    pair = _found(day)
    levels = (
        ", ".join(level["comparison"] for level in pair["levels"] if (level.get("weight") or 0) > 0) if pair else ""
    )
    s.check("the hub proposes them as one, and says why", pair is not None, levels)
    if pair is not None:
        _merge(day, party, pair)


def _found(day: Day) -> dict[str, Any] | None:
    """The pair of the two, if the search proposes it."""
    from hub.quality.decide import listed
    from hub.quality.match.custom import profiles
    from hub.quality.match.find import find

    hub = day.hub
    with day.screen.working():
        find(hub.store, hub.project.root / ".hub", profiles(hub.registry)["customer"], hub.project.duplicates)
    with hub.store.read() as tx:
        pairs = listed(tx, model="customer")
    return next((p for p in pairs if {p["left_name"], p["right_name"]} == {NAME, TYPED}), None)


def _merge(day: Day, party: int, pair: dict[str, Any]) -> None:
    from hub.quality.decide import Desk, accept, unmerge

    s, desk = day.screen, Desk.of(day.hub)
    done = accept(desk, pair["pair"], by="anna")
    day.sync()
    shown = _companies(day)
    vat = shown[0]["properties"].get("vat_id") if shown else None
    s.check("the CRM has one company, with the ERP's tax number", len(shown) == 1 and vat == "ATU13585627", str(vat))
    s.check("the ERP calls it what sales call it, by the rule", _name(day, party) == TYPED, _name(day, party))
    unmerge(desk, str(done.merges[0]), by="anna")
    day.sync()
    names = sorted(row["properties"]["name"] for row in _companies(day))
    s.check(
        "taken apart, each has its own again", names == [TYPED, NAME] and _name(day, party) == NAME, ", ".join(names)
    )
    day.hub.sync()
    s.check("and then it is quiet", day.hub.sync().written == 0)


def _companies(day: Day) -> list[dict[str, Any]]:
    return [row for row in day.systems.crm.rows("companies") if str(row["properties"].get("name")).startswith(TYPED)]


def _name(day: Day, party: int) -> str:
    return str(day.systems.erp.people.call("model.party.party.read", [party], ["name"])[0]["name"])
