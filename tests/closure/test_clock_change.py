"""A cut-over in the night in which summer time ends, with people in three zones, and a clock that is set back."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clock import BERLIN, NEW_YORK, SHANGHAI, Clock, autumn, reading_in
from conftest import Stage
from line import Company, connection
from pypdf import PdfReader

from hub.closure.times import begins, day_of, ends, later, written
from hub.people import issue
from hub.sync.clock import micros
from hub.testing.mail import MailServers

USER = "night@hub.example"
NIGHT = autumn()
DAY = timedelta(days=1)
CONTACT = "Ana Brandt, +49 431 5550100"


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    """A moment of the night, in UTC: the hour from two to three is there twice in Berlin, from 0:00 and from 1:00."""
    return NIGHT + timedelta(days=days, hours=hour, minutes=minute)


@pytest.fixture(scope="module")
def servers() -> Iterator[MailServers]:
    with MailServers({USER: "canary-7f3a"}) as found:
        yield found


@dataclass
class Night:
    """The company, its clock, and the mails that went out."""

    hub: Company
    clock: Clock
    mail: MailServers

    def by(self, who: str, zone: str, *arguments: str, code: int = 0) -> str:
        """What somebody reads who does something from a zone of his own."""
        with reading_in(zone):
            return self.hub.plain(*arguments, by=who, code=code)

    def run(self, moment: datetime, *, until: str | None = None) -> dict[str, Any]:
        """Ana in Berlin goes on at a moment."""
        self.clock.at = moment
        return self.hub.go(until=until)

    def mails(self) -> Counter[tuple[str, str]]:
        """How many mails each person got, by notice and reminder."""
        return Counter(
            (to, str(mail.message["Message-ID"])) for mail in self.mail.smtp.accepted for to in mail.recipients
        )


@pytest.fixture
def night(at: Stage, servers: MailServers, monkeypatch: pytest.MonkeyPatch) -> Night:
    """Two weeks before: retail is to move to another shop in that night, and everybody is told."""
    hub = at("fresh")
    found = servers.settings()
    mail = "\n".join(f"{k} = {json.dumps(v)}" for k, v in found.items() if k != "password")
    hub.settings(
        connection("shop", "retail", push=True),
        connection("works", "other", push=True),
        connection("new", "fresh", push=True),
        f'[connections.mail]\nconnector = "mail"\nline = "post"\npassword = "${{HUB_MAIL_PASSWORD}}"\n{mail}\n'
        "[connections.mail.streams.messages]\n",
    )
    clock = Clock(monkeypatch, NIGHT - 14 * DAY + timedelta(minutes=30))  # half past two in the morning, in Berlin
    store = hub.store()
    tokens = [
        f"HUB_TOKEN_{n.upper()}={issue(store, n, 60, by='root').reveal()}\n" for n in ("ana", "ben", "lea", "aud")
    ]
    store.close()
    with (hub.folder / ".env").open("a") as env:
        env.writelines([*tokens, "HUB_MAIL_PASSWORD=canary-7f3a\n"])
    hub("sync", code=(0, 1))
    hub.plan(
        template="standard",
        mail="mail",
        migrate_to="new",
        zone=BERLIN,
        target=f"{NIGHT:%Y-%m-%d}",
        address="Hafenstraße 12",
        contact=CONTACT,
    )
    file = hub.folder / "closing/retail.toml"
    file.write_text(re.sub(r"(?m)^reminders = .*", "reminders = [14]", file.read_text()))
    hub("close", "plan", "retail", "--adopt", by="ana")
    hub.tasks("assess", "risks", "legal-review", "data-protection", "staff", "key-customers", "alternatives")
    return Night(hub, clock, servers)


@pytest.mark.timeout(120)
def test_a_cut_over_through_the_hour_that_comes_twice(night: Night) -> None:
    hub, clock = night.hub, night.clock
    papers = hub.folder / "closing/retail"
    berlin = f"in {BERLIN} "
    # Ben signs in New York, where it is still the evening before; fourteen days later that time comes twice in Berlin
    for gate in ("notify", "freeze", "migrate"):
        told = night.by("ben", NEW_YORK, "close", "approve", "retail", gate)
        assert f"{NIGHT - DAY:%Y-%m-%d} 20:30:00 UTC-04:00, {berlin}{NIGHT:%Y-%m-%d} 02:30:00 UTC+02:00" in told
    assert night.run(clock.at, until="notify")["state"] == "done"
    assert sorted(night.mails().values()) == [1] * 6
    letter = night.mail.smtp.accepted[0].message.get_content().splitlines()
    assert letter[-3:] == ["Nordlicht GmbH", "Hafenstraße 12", CONTACT]
    clock.at += 3 * DAY  # and one that is signed at another time of day ends at that time of day
    (given,) = hub("close", "approve", "retail", "freeze", by="ben")
    assert given["until"] == f"{(at(1, 30, days=3)):%Y-%m-%dT%H:%M}:00+00:00"
    assert hub.status()["freeze"]["until"] == given["until"]
    with reading_in(SHANGHAI):
        said = hub.plain("close", "status", "retail", code=1)
    assert (
        f"{at(9, 30, days=3):%Y-%m-%d %H:%M}:00 UTC+08:00, {berlin}{at(2, 30, days=3):%Y-%m-%d %H:%M}:00 UTC+01:00"
        in said
    )

    # a day begins where it belongs: the reminder of Sunday goes out when it is Sunday in Berlin
    with reading_in(NEW_YORK):
        assert f"{NIGHT:%Y-%m-%d}, from {NIGHT - DAY:%Y-%m-%d} 18:00:00 UTC-04:00" in hub.plain(
            "close", "notices", "retail", code=0
        )
        assert f"{NIGHT:%Y-%m-%d}, until {NIGHT:%Y-%m-%d} 19:00:00 UTC-04:00" in hub.plain(
            "close", "task", "retail", "technical-shutdown"
        )
    with reading_in(SHANGHAI):
        assert f"{NIGHT:%Y-%m-%d}, until {NIGHT + DAY:%Y-%m-%d} 07:00:00 UTC+08:00" in hub.plain(
            "close", "task", "retail", "technical-shutdown"
        )
    with reading_in("CET-1CEST,M3.5.0,M10.5.0/3"):
        assert "until" not in hub.plain("close", "task", "retail", "technical-shutdown")
    night.run(at(-3, 59))
    assert sum(night.mails().values()) == 6
    night.run(at(-2))
    assert sorted(night.mails().values()) == [1] * 12
    night.run(at(-3, 30))  # the clock is set back before midnight, and comes to it again
    night.run(at(-2, 1))
    assert sorted(night.mails().values()) == [1] * 12

    # through the hour: the freeze before, what follows within it, the migration after it
    hub.tasks("suppliers", "support", "stop-sales", "claims")
    assert night.run(at(0, 10), until="freeze")["state"] == "done"
    assert night.run(at(0, 25), until="archive")["state"] == "done"
    (statement,) = [f for f in papers.glob("statements/*.pdf") if "R Kunde Ä3" in words(f)]
    said = words(statement)
    for part in ("Nordlicht GmbH", "Hafenstraße 12", "Weg 3", "Kiel", CONTACT, f"{NIGHT:%Y-%m-%d}, {BERLIN}"):
        assert part in said, part
    (row,) = csv.DictReader(statement.with_suffix(".csv").read_text("utf-8-sig").splitlines()[:2])
    assert (row["document"], row["customer_name"], row["issued_by"]) == ("Invoice RI3", "R Kunde Ä3", "Nordlicht GmbH")
    shut = night.run(at(1, 5))
    assert (shut["phase"], shut["state"]) == ("migrate", "shut")
    assert "that of ben is void: it has expired" in shut["text"]
    assert "hub close approve retail migrate --as NAME" in shut["text"]
    for moment in (at(0, 5), at(0, 29), at(1, 29)):  # set back by an hour: it stays void, and nothing was written
        assert "it has expired" in night.run(moment)["text"]
    assert hub.shop("new").rows("customers") == {}
    clock.at = at(1, 30)
    told = night.by("ben", NEW_YORK, "close", "approve", "retail", "migrate")
    assert (
        f"{(NIGHT + 13 * DAY):%Y-%m-%d} 20:30:00 UTC-05:00, {berlin}{(NIGHT + 14 * DAY):%Y-%m-%d} 02:30:00 UTC+01:00"
        in told
    )
    assert night.run(at(1, 31), until="migrate")["state"] == "done"
    assert len(hub.shop("new").rows("invoices")) == 6
    assert night.run(at(1, 45))["phase"] == "verify"
    hub("close", "sample", "retail", "--sign", "right", by="aud")
    hub.tasks("backups")
    assert "waits for approval" in night.run(at(1, 50))["text"]
    told = night.by("lea", SHANGHAI, "close", "approve", "retail", "destroy")
    assert (
        f"{(NIGHT + 7 * DAY):%Y-%m-%d} 09:50:00 UTC+08:00, {berlin}{(NIGHT + 7 * DAY):%Y-%m-%d} 02:50:00 UTC+01:00"
        in told
    )

    # the point of no return is passed by a clock that was set back by an hour once more
    clock.at = at(0, 50)
    hub.tasks("technical-shutdown", "lessons", "callbacks")
    assert night.run(at(0, 51))["state"] == "closed"
    assert sorted(night.mails().values()) == [1] * 12

    # order is that of the hub, and no time in it runs backwards
    journal = hub.sql("SELECT seq, at FROM closing_journal ORDER BY id")
    assert journal == sorted(journal)
    assert [at for _, at in journal] == sorted(at for _, at in journal)
    steps = hub.sql("SELECT begun_at, ended_at FROM closing_step ORDER BY seq")
    assert all(begun <= ended for begun, ended in steps)
    assert len(steps) == 9
    assert steps == sorted(steps)
    assert hub("audit", "verify")[0]["ok"]
    report = (papers / "report.html").read_text()
    day = f"{NIGHT:%Y-%m-%d}"
    walls = re.findall(rf"<td>{day} (\d\d:\d\d:\d\d UTC\+0[12]:00)</td><td>\w+</td>", report.split("Journal</h2>")[1])
    assert walls.index("02:25:00 UTC+02:00") < walls.index("02:05:00 UTC+01:00") < walls.index("02:31:00 UTC+01:00")
    assert walls[-1] == "02:50:00 UTC+01:00"  # not the 02:51 of summer time that the clock says
    (file,) = papers.glob("certificate-*.json")
    content = json.loads(json.loads(file.read_text())["content"])
    assert content["time_zone"] == BERLIN
    assert content["local_time"] == f"{day}T02:50:00+01:00"
    assert content["issued_at"] == f"{day}T01:50:00+00:00"
    assert f"{day} 02:50:00 UTC+01:00" in hub.plain("close", "certificate", str(file))
    said = words(file.with_suffix(".pdf"))
    for part in (f"Issued at {day} 02:50:00 UTC+01:00", f"legal, {day} 02:50:00 UTC+01:00", "Hafenstraße 12", CONTACT,
                 f"Time zone of all times {BERLIN}", "Sample signed by aud"):  # fmt: skip
        assert part in said, (part, said)
    assert f"Questions to {CONTACT}" in words(papers / "report.pdf")


def test_notice_given_today_is_given_on_the_day_of_the_plans_zone(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = at("fresh")
    shop = hub.shop("shop")
    shop.add(
        "contracts", number="RC9", customer=next(iter(shop.rows("customers"))), renewal="none", days=30, state="active"
    )
    hub("sync", code=(0, 1))
    hub.plan(zone=BERLIN)
    clock = Clock(monkeypatch, NIGHT)
    ends = []
    for minutes in (-121, -119):  # before and after midnight in Berlin, both on one day in UTC
        clock.at = NIGHT + timedelta(minutes=minutes)
        (row,) = [r for r in hub("close", "assess", "retail", code=(0, 1)) if r["name"] == "RC9"]
        ends.append(row["text"].rpartition(" ")[2])
    assert ends == [f"{NIGHT + 29 * DAY:%Y-%m-%d}", f"{NIGHT + 30 * DAY:%Y-%m-%d}"]


def words(file: Path) -> str:
    """The words of a PDF, in the order in which they are read."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())


def test_days_are_judged_where_they_belong_across_the_end_of_summer_time() -> None:
    berlin, york = ZoneInfo(BERLIN), ZoneInfo("America/New_York")
    first, second = micros(at(0, 30)), micros(at(1, 30))  # the two half past two in Berlin
    day = f"{NIGHT:%Y-%m-%d}"
    assert written(first, berlin) == f"{day} 02:30:00 UTC+02:00"
    assert written(second, berlin) == f"{day} 02:30:00 UTC+01:00"
    assert written(second, ZoneInfo("UTC")) == f"{day} 01:30:00 UTC"
    assert day_of(first, berlin) == day_of(second, berlin) == NIGHT.date()
    assert day_of(first, york) == NIGHT.date() - DAY
    assert begins(NIGHT.date(), berlin) == micros(at(-2))
    assert ends(NIGHT.date(), berlin) == micros(at(23))  # a day of 25 hours
    assert later(micros(at(0, 30, days=-7)), 7, berlin) == first
    assert later(micros(at(1, 30, days=-7)), 7, berlin) == micros(at(2, 30))  # half past three is there once
    assert later(second, 1, berlin) == micros(at(1, 30, days=1))
