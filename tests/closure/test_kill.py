"""kill -9 in every phase, at steps drawn by chance; resumed, it ends as an undisturbed run, and nobody is told twice."""

from __future__ import annotations

import json
import os
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from conftest import Stage, copied
from line import Company, connection
from mortal import KILLED, Mortal

from hub.closure.plan import PHASES
from hub.closure.tasks import done, tasks
from hub.testing.mail import MailServers

CALM, KILLS = "calm@hub.example", "kills@hub.example"
DEATHS = 3
GATES = {"notify": "ben", "freeze": "ben", "migrate": "ben", "destroy": "lea"}
VOLATILE = {"archive", "place", "seal", "bytes", "passes", "certificate", "report"}


@dataclass
class World:
    """The servers, and the undisturbed run: the company before each phase, the steps of it, how things stood after."""

    mortal: Mortal
    mail: MailServers
    before: dict[str, Company] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    after: dict[str, dict[str, Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Mortal() as mortal, MailServers({CALM: "canary-7f3a", KILLS: "canary-7f3a"}) as mail:
        yield World(mortal, mail)


def begun(at: Stage, world: World) -> Company:
    """Retail is to move to a new shop; its customers are told, something of everything is open, all have signed."""
    company = at("fresh")
    found = world.mail.settings()
    mail = "\n".join(f"{k} = {json.dumps(v)}" for k, v in found.items() if k != "password")
    company.settings(
        connection("shop", "retail", push=True),
        connection("works", "other", push=True),
        connection("new", "fresh", push=True),
        f'[connections.mail]\nconnector = "mail"\nline = "post"\npassword = "${{HUB_MAIL_PASSWORD}}"\n{mail}\n'
        "[connections.mail.streams.messages]\n",
    )
    with (company.folder / ".env").open("a") as env:
        env.write("HUB_MAIL_PASSWORD=canary-7f3a\n")
    shop = company.shop("shop")
    customer = next(iter(shop.rows("customers")))
    shop.add("customers", name="Only a street", street="Kai 1", city="Kiel")
    shop.add(
        "invoices", number="RI9", customer=customer, total="50.00", open="50.00", state="open", issued="2026-01-01"
    )
    shop.add("payments", reference="RP9", customer=customer, amount="5.00", paid="2026-02-01", state="succeeded")
    company("sync", code=(0, 1))
    company.plan(template="standard", mail="mail", migrate_to="new", zone="Europe/Berlin")
    person(company, world)
    return company


def person(company: Company, world: World) -> None:
    """Do all that people have to do at the moment: tasks, signatures, decisions, the sample."""
    store = company.store()
    while waiting := [t for t in tasks(store, "retail") if t.done_by is None]:
        left = {task.id for task in waiting}
        for task in waiting:
            if not left & set(task.after):  # those that others wait for first
                done(store, "retail", task.id, "ana", "file 4711")
    store.close()
    status = company.status()
    for gate, who in GATES.items():
        if not status[gate]["by"] and status[gate]["state"] != "done":
            company.plain("close", "approve", "retail", gate, by=who)
    for id, address in company.sql("SELECT id, address FROM closing_notice WHERE state = 'unknown'"):
        there = any(address in mail.recipients for mail in world.mail.smtp.accepted)
        company.plain("close", "notices", "retail", "--decide", id, "sent" if there else "again", by="ana", code=(0, 1))
    if status["settle"]["state"] == "shut":
        for item in company("close", "settle", "retail", code=(0, 1)):
            how = "written_off" if item["model"] == "invoice" else "refunded"
            company("close", "settle", "retail", item["id"], "--how", how, by="fin", code=(0, 1))
    if company.sql("SELECT 1 FROM closing_sample WHERE verdict IS NULL"):
        company("close", "sample", "retail", "--sign", "right", by="aud", code=(0, 1))


def carried(company: Company, world: World, phase: str, deaths: list[int]) -> tuple[int, int]:
    """Carry out one phase, killed at these steps, with people doing their part.

    Return how often it died, and how many steps a run takes that is not.
    """
    verb = ["--project", str(company.folder), "close", "run", "retail", "--until", phase, "--as", "ana"]
    died = steps = 0
    for number in range(len(deaths) + 4):
        code, came = world.mortal(verb, deaths[number] if number < len(deaths) else 0)
        steps = steps or came
        died += code == KILLED
        if company.sql("SELECT 1 FROM closing_step WHERE phase = ? AND state = 'done'", phase):
            return died, steps
        if code != KILLED:
            person(company, world)
    raise AssertionError((phase, company.status()[phase]))


def told(world: World) -> Counter[str]:
    """How many mails each person got."""
    return Counter(to for mail in world.mail.smtp.accepted for to in mail.recipients if to not in (CALM, KILLS))


def outcome(company: Company, world: World) -> dict[str, Any]:
    """All that two closings must have in common, whatever happened on the way."""
    sql, folder = company.sql, company.folder / "closing/retail"
    steps = {p: json.loads(r or "{}") for p, r in sql("SELECT phase, result FROM closing_step WHERE state = 'done'")}
    certificates = [json.loads(json.loads(f.read_text())["content"]) for f in folder.glob("certificate-*.json")]
    links = "SELECT t.connection, t.name, r.golden_id, r.waiting FROM record r JOIN stream t ON t.id = r.stream_id WHERE t.connection <> 'mail'"
    return {
        "golden": [_settled(row) for row in sql("SELECT id, data, into_id FROM golden WHERE model <> 'message' ORDER BY id")],
        "links": sorted(sql(links), key=str),
        "scope": sql("SELECT golden_id, model, kind, gone_seq IS NOT NULL FROM closing_scope ORDER BY golden_id"),
        "steps": {p: {k: v for k, v in _sure(r).items() if k not in VOLATILE} for p, r in steps.items()},
        "deeds": sorted((p, k, _known(s)) for p, k, s in sql("SELECT phase, key, state FROM closing_deed")),
        "notices": sql("SELECT id, state, takes_effect_on FROM closing_notice ORDER BY id"),
        "statements": sql("SELECT golden_id, version, digest FROM closing_statement ORDER BY golden_id, version"),
        "tasks": sorted(sql("SELECT id, title FROM closing_task")),
        "graves": sql("SELECT golden_id FROM grave ORDER BY golden_id"),
        "outbox": sql("SELECT count(*) FROM outbox") + sql("SELECT count(*) FROM dead_letter"),
        "frozen": sql("SELECT line FROM frozen_line") + sql("SELECT connection FROM retired_connection"),
        "ended": sorted(sql("SELECT phase, count(*) FROM closing_journal WHERE kind = 'ended' GROUP BY phase")),
        "archives": [json.loads(row[0]) for row in sql("SELECT counts FROM archive")],
        "systems": {
            (name, stream): sorted(map(_plain, company.shop(name).rows(stream).values()), key=str)
            for name in ("shop", "works", "new") for stream in ("customers", "contracts", "orders", "invoices", "payments")
        },
        "papers": sorted(f.name for f in folder.rglob("*") if f.is_file() and "certificate" not in f.name),
        "certificates": [
            {k: c[k] for k in ("destroyed", "detached", "keys", "exceptions", "carried_to", "approved_by")} | {
                "approved_by": [a["person"] for a in c["approved_by"]],
                "sources": {s: _sure(n) for s, n in c["sources"].items()},
            } for c in certificates
        ],
    }  # fmt: skip


def _plain(row: dict[str, Any]) -> list[tuple[str, Any]]:
    """A record without the key it refers to: keys are given in the order in which records come."""
    return sorted((k, v) for k, v in row.items() if k not in ("customer", "invoice"))


def _settled(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A golden record without the target's line: a shared customer shows it when the target is next read."""
    values = json.loads(row[1])
    values.pop("lines.fresh", None)
    return row[0], values, row[2]


def _known(state: str) -> str:
    """An act whose answer died with its process is unknown, never claimed; otherwise it must have been done."""
    return "done" if state in ("unknown", "sent") else state


def _sure(counts: dict[str, Any]) -> dict[str, Any]:
    if "unknown" not in counts:
        return counts
    return {k: v for k, v in counts.items() if k != "unknown"} | {"erased": counts.get("erased", 0) + counts["unknown"]}


def undisturbed(at: Stage, world: World, tmp: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Run the closing once without a death, and keep how it stood before and after each phase."""
    company = begun(at, world)
    for phase in PHASES:
        person(company, world)
        world.before[phase] = copied(company, tmp / phase, capsys)
        world.mail.smtp.accepted.clear()
        _, world.steps[phase] = carried(company, world, phase, [])
        world.after[phase] = outcome(company, world) | {"mails": told(world)}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("phase", PHASES)
def test_killed_anywhere_it_ends_like_an_undisturbed_run(
    phase: str, at: Stage, world: World, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    if not world.before:
        undisturbed(at, world, tmp_path_factory.mktemp("before"), capsys)
    before = world.before[phase]
    company = copied(Company(before.folder, before.store_url, capsys), tmp_path_factory.mktemp(phase) / "p", capsys)
    settings = company.folder / "hub.toml"
    settings.write_text(settings.read_text().replace(CALM, KILLS))  # a mailbox of its own: nothing was sent from it yet
    world.mail.smtp.accepted.clear()
    chance = random.Random(zlib.crc32(f"{phase}{os.environ.get('HUB_KILLS', '')}".encode()))
    deaths = [chance.randint(1, world.steps[phase]) for _ in range(DEATHS)]
    died, _ = carried(company, world, phase, deaths)
    assert died, (deaths, world.steps)
    found = outcome(company, world) | {"mails": told(world)}
    for what, expected in world.after[phase].items():
        assert found[what] == expected, (what, deaths)
    assert max(found["mails"].values(), default=1) == 1
    assert company("audit", "verify")[0]["ok"]
    for (id,) in company.sql("SELECT id FROM archive"):
        if phase == "archive":
            assert company("archive", "verify", id)[0]["ok"]
