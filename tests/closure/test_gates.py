"""Gates: four eyes, bound to plan and scope, looked at again in the transaction that acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clock import Clock
from conftest import Stage
from line import Company

from hub.closure.closing import adopt, current
from hub.closure.gates import Shut, approvals, approve, revoke, unsigned
from hub.closure.plan import load
from hub.errors import ConfigError, Unauthorized
from hub.people import grant
from hub.people import revoke as take_role
from hub.store import Store


def why(company: Company, gate: str = "freeze") -> str:
    """What a status says of a gate."""
    return " ".join(company.status()[gate]["reasons"])


def test_self_approval_is_refused_whatever_roles_the_author_holds(at: Stage) -> None:
    company = at("ready")
    store = company.store()
    for role in ("approver", "admin", "legal"):
        grant(store, "ana", role, "*", by="root")
    with pytest.raises(Unauthorized, match="ana wrote the plan"):
        approve(store, "retail", "freeze", "ana")
    with store.begin() as tx:  # somebody writes the row past the hub
        closing = current(tx, "retail")
        tx.run("UPDATE closing_approval SET person = 'ana'")
        assert "author" in (unsigned(tx, store, closing, "freeze") or "")
    store.close()
    assert company.go()["state"] == "shut"
    assert company.sql("SELECT 1 FROM frozen_line") == []


def test_an_approval_ends_with_a_change_of_plan_scope_role_or_by_its_day(at: Stage) -> None:
    company = at("ready")
    assert why(company) == ""
    file = company.folder / "closing/retail.toml"
    text = file.read_text()
    file.write_text(text.replace("it earns nothing", "it earns too little"))
    assert "plan file was changed" in why(company)
    assert company.go()["state"] == "shut"
    company("close", "plan", "retail", "--adopt", by="ana")
    assert "the plan was changed since" in why(company)
    company.plain("close", "approve", "retail", "freeze", by="ben")
    assert why(company) == ""

    company.shop("shop").add("customers", name="New one", mail="new@example.com")
    company("sync", code=(0, 1))
    assert company.go()["state"] == "shut"  # the scope is taken anew before anything is frozen
    assert "the scope has changed since" in why(company)
    company.plain("close", "approve", "retail", "freeze", by="ben")

    store = company.store()
    take_role(store, "ben", "approver", "*", by="root")
    grant(store, "ben", "approver", "*", by="root")
    store.close()
    assert "ben does not hold the role approver any more" in why(company)
    company.plain("close", "approve", "retail", "freeze", by="ben")
    assert company("close", "revoke", "retail", "freeze", by="ben")[0]["count"] == 1
    assert "revoked by ben" in why(company)
    assert company.sql("SELECT 1 FROM frozen_line") == []
    assert next(r["void"] for r in company("close", "status", "retail", code=1) if r["phase"] == "freeze")


def test_an_approval_withdrawn_between_gate_and_act_stops_the_act(at: Stage) -> None:
    """The gate is open when the phase begins; the person withdraws before the transaction that freezes."""
    company = at("ready")
    from hub.closure.closing import rescope
    from hub.closure.gates import allowed

    store = company.store()
    with store.read() as tx:
        id = current(tx, "retail").id
    rescope(store, id)
    with store.begin() as tx:
        allowed(tx, store, id, "freeze")
    revoke(store, "retail", "freeze", "ben")
    with pytest.raises(Shut, match="revoked by ben"), store.begin() as tx:
        allowed(tx, store, id, "freeze")
    store.close()


def test_a_clock_set_back_revives_nothing(at: Stage) -> None:
    company = at("ready")
    real = company.store()
    began = real.now()
    real.close()
    shift = [0.0]
    store = Store(company.url, clock=lambda: began / 1e6 + shift[0])

    def void() -> str | None:
        with store.read() as tx:
            return approvals(tx, store, current(tx, "retail"))[-1].void

    assert void() is None
    shift[0] = 15 * 86_400  # the plan's approvals hold for 14 days
    assert void() == "it has expired"
    grant(store, "root", "auditor", "*", by="root")  # something is signed at that time
    shift[0] = 0.0
    assert void() == "it has expired"
    shift[0] = -86_400
    assert void() == "it has expired"
    store.close()


def test_an_approval_that_has_expired_opens_nothing_and_says_what_does(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = at("ready")
    clock = Clock(monkeypatch, datetime.now(UTC))
    (given,) = company("close", "approve", "retail", "freeze", by="ben")
    until = datetime.fromisoformat(given["until"])
    assert abs(until - clock.at - timedelta(days=14)) < timedelta(seconds=1)
    clock.at = until - timedelta(seconds=1)
    assert company.status()["freeze"]["by"] == ["ben"]
    clock.at = until
    company.plain("close", "run", "retail", by="ana", code=1)
    assert "freeze waits for approval by another person than ana, in the role approver" in company.out
    assert "(that of ben is void: it has expired): hub close approve retail freeze --as NAME" in company.out
    assert company.sql("SELECT 1 FROM frozen_line") == []
    assert company.status()["freeze"]["void"][-1] == "ben: it has expired"
    clock.at = until - timedelta(days=1)  # what a run has seen expired stays so, whatever the clock says later
    assert company.go()["phase"] == "freeze"
    assert company.sql("SELECT 1 FROM frozen_line") == []
    company.plain("close", "approve", "retail", "freeze", by="ben")
    assert company.go(until="freeze")["state"] == "done"


def test_the_scope_a_person_has_seen_can_be_named(at: Stage) -> None:
    company = at("ready")
    seen = company.status()["freeze"]["scope"]
    (row,) = company("close", "approve", "retail", "freeze", "--scope", seen, by="ben")
    assert (row["person"], row["role"]) == ("ben", "approver")
    company.plain("close", "approve", "retail", "freeze", "--scope", "0" * 64, by="ben", code=2)
    company.plain("close", "approve", "retail", "settle", by="ben", code=2)  # the plan asks for none


def test_a_paused_closing_does_nothing(at: Stage) -> None:
    company = at("ready")
    assert company("close", "pause", "retail", by="ana") == [{"line": "retail", "closing": "paused"}]
    assert "paused" in company.go()["text"]
    company.plain("close", "pause", "retail", "--off", by="ana")
    assert company.go(until="freeze")["state"] == "done"


def test_two_cannot_run_the_same_closing(at: Stage) -> None:
    from hub.store.lease import Lease

    company = at("ready")
    store = company.store()
    with Lease(store, ["close:retail"]).held():
        company.plain("close", "run", "retail", by="ana", code=1)
        assert "another run works on it" in company.err
    store.close()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('reason = "it earns nothing"', 'reason = ""', "reason: must be filled in"),
        ('time_zone = "UTC"', 'time_zone = "Mars/Base"', "no time zone"),
        ("[gates.freeze]", "[gates.settle]", 'nobody may pass "freeze" alone'),
        ('role = "approver"', 'role = "king"', "must be one of"),
        ("target_on = 2027-03-31", 'target_on = "soon"', "must be a day"),
        ('id = "lessons"', 'id = "backups"', "is there twice"),
        ('id = "lessons"', 'id = "lessons"\nafter = ["nothing"]', "which is no task"),
        ("[data]", "[data]\nmigrate = 1", "unknown key"),
        (
            'id = "lessons"',
            'id = "late"\ntitle = "x"\ndue_on = "in spring"\n[[tasks]]\nid = "lessons"',
            "must be a day",
        ),
        ('phase = "closeout"\ndue_on', 'phase = "end"\ndue_on', 'no phase "end"'),
        ("random = 5", "random = 0", "with no sample nobody looks"),
        ("[data]", '[[notices]]\nid = "end"\ntemplate = "closing"\n[data]', "must name the connection that sends"),
        ('line = "retail"', "line = retail", "is no TOML"),
    ],
)
def test_a_plan_with_a_mistake_is_refused_at_its_line(at: Stage, old: str, new: str, says: str) -> None:
    company = at("ready")
    file = company.folder / "closing/retail.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    company.plain("close", "plan", "retail", "--adopt", by="ana", code=2)
    assert says in company.err
    assert "retail.toml" in company.err


def test_tasks_wait_for_each_other_and_ask_for_proof(at: Stage) -> None:
    company = at("fresh")
    company.plan(template="migration", migrate_to="works")
    company.plain("close", "task", "retail", "trial", "--done", "minutes 7", by="ana", code=2)
    assert "comes after mapping" in company.err
    company.plain("close", "task", "retail", "mapping", "--done", "", by="ana", code=2)
    assert "asks for proof" in company.err
    company.tasks("mapping", "trial")
    done = {t["id"]: t["done_by"] for t in company("close", "task", "retail", code=(0, 1))}
    assert done["mapping"] == done["trial"] == "ana"


def test_a_circle_of_tasks_is_refused(tmp_path: Path) -> None:
    from datetime import date

    from hub.closure.draft import draft
    from hub.closure.facts import Facts

    text = draft("small", Facts("x"), reason="r", owner="a", target_on=date(2027, 1, 1), time_zone="UTC")
    text = text.replace('id = "backups"', 'id = "backups"\nafter = ["legal-review"]')
    text = text.replace('id = "legal-review"', 'id = "legal-review"\nafter = ["backups"]')
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(ConfigError, match="in a circle"):
        load(tmp_path / "p.toml")


def test_a_plan_of_another_author_voids_and_turns_the_eyes_round(at: Stage) -> None:
    company = at("ready")
    store = company.store()
    plan = load(company.folder / "closing/retail.toml")
    adopt(store, plan, "ben")
    with store.read() as tx:
        assert approvals(tx, store, current(tx, "retail"))[-1].void == "ben is the plan's author by now"
    store.close()
