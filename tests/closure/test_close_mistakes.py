"""The mistakes of a hurried migration lead: each is told with where, what and what to do, and nothing is left half done."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Stage
from line import Company

PLAN = ("close", "plan", "retail", "--template", "small", "--reason", "it earns nothing")


def refused(company: Company, *arguments: str, by: str = "ana", code: int = 2) -> str:
    """What a verb says to whoever made the mistake."""
    company.plain(*arguments, by=by, code=code)
    return company.err


def test_a_plan_is_written_once_it_is_right(company: Company) -> None:
    file = company.folder / "closing/retail.toml"
    for wrong, said in (
        (("--target", "2099-01-31", "--zone", "Europe/Berln"), 'no time zone "Europe/Berln"'),
        (
            ("--target", "2099-01-31", "--mail", "works"),
            "data.mail: works is a connection to depot, which sends no mail",
        ),
        (
            ("--target", "2099-01-31", "--migrate-to", "work"),
            'no connection "work" in hub.toml (did you mean "works"?)',
        ),
        (("--target", "2099-01-31", "--migrate-to", "shop"), "shop is of the line retail itself"),
        (("--target", "2099-01-31", "--archive", "s3://"), "data.archive: s3://: names no bucket"),
        (("--target", "2099-01-31", "--template", "retention"), "there are: migration, small, standard"),
    ):
        assert said in refused(company, *PLAN, *wrong)
        assert not file.exists()
    line = ("--template", "small", "--reason", "x", "--target", "2020-01-31")
    assert 'of a line "retial" (did you mean "retail"?)' in refused(company, "close", "plan", "retial", *line)
    company("close", "plan", "retail", *line, by="ana")
    assert "nobody is written to" in company.err
    assert "target_on: 2020-01-31 has passed" in company.err
    assert "hub close plan retail --adopt --as ana" in refused(company, "close", "plan", "retail", *line)


def test_every_mistake_in_a_plan_is_told_with_its_line(company: Company) -> None:
    company.plan()
    file = company.folder / "closing/retail.toml"
    good = file.read_text()
    mistakes = """
[[retention]]
model = "invoic"
years = "ten"
from = "issued"
[[retention]]
model = "invoice"
years = 8
from = "issued"
[[notices]]
id = "one"
to = "customers"
template = "closing"
channel = "letter"
reminders = ["7"]
"""
    file.write_text(good.replace("due_on = 2027", 'due_on = "soon" # ', 4) + mistakes)
    said = refused(company, "close", "plan", "retail", "--adopt")
    first = len(good.splitlines()) + 3
    assert f"retail.toml:{first}: retention.0.model: must be one of customer" in said
    assert f"retail.toml:{first + 1}: retention.0.years: must be a whole number" in said
    assert f"retail.toml:{first - 1}: retention.0.source: name the law" in said
    assert 'retention.1.from: invoice has no field "issued"' in said
    assert "notices.0.reminders: must be days after the first" in said
    assert "tasks.0.due_on: must be a day, written without quotes" in said
    file.write_text("tasks = [1]\n" + good.replace("[[tasks]]", "[[milestones]]"))
    assert "tasks: must be tables, each under a head of its own: [[tasks]]" in refused(
        company, "close", "plan", "retail", "--adopt"
    )
    notice = '\n[[notices]]\nid = "one"\nto = "customers"\ntemplate = "closng"\nchannel = "letter"\n'
    file.write_text(good + notice)
    assert "closng.en.txt: no such template" in refused(company, "close", "plan", "retail", "--adopt")
    file.write_text(good.replace("entity =", 'jurisdiction = "FR"\nentity ='))
    company("close", "plan", "retail", "--adopt", by="ana")
    assert 'no retention rule is known for jurisdiction "FR"' in company.err


def test_a_status_says_what_it_waits_for_now(company: Company) -> None:
    company.plan()
    company.go(until="notify")
    company.plain("close", "pause", "retail", by="ana")
    assert company.go()["state"] == "shut"
    assert [r.startswith("paused") for r in company.status()["freeze"]["reasons"]].count(True) == 1
    company.plain("close", "pause", "retail", "--off", by="ana")
    assert not any("paused" in r for r in company.status()["freeze"]["reasons"])
    assert "approver" in company.plain("close", "status", "retail", code=1)
    file = company.folder / "closing/retail.toml"
    file.write_text(file.read_text().replace("it earns nothing", "it earns too little"))
    company("close", "approve", "retail", "freeze", by="ben")
    assert "what is signed is the plan in force; its file was changed since" in company.err
    said = refused(company, "close", "approve", "retail", "freeze", by="fin", code=1)
    assert said.strip().endswith("hub people grant fin approver --line retail")
    assert "hub close status retail" in refused(company, "close", "revoke", "retail", "freeze", by="fin")
    assert "teaches nothing" in refused(company, "close", "lesson", "retail", " ")


def test_a_hold_on_a_line_that_is_none_is_refused(company: Company) -> None:
    said = refused(company, "hold", "add", "--line", "retial", "--reason", "court order", by="lea")
    assert 'no record is of a line "retial" (did you mean "retail"?); known: main, other, retail' in said
    assert company("hold", "list") == []
    company.plain("people", "revoke", "ben", "approver", "--line", "other", by="root", code=(1, 2))
    assert "hub people list" in company.err


def test_a_sample_found_wrong_by_mistake_is_signed_again(at: Stage) -> None:
    company = at("ready")
    company.go()
    (first, *_) = company("close", "sample", "retail", code=1)
    assert first["title"].startswith(("customer R Kunde", "invoice RI", "payment", "order RO", "contract RC"))
    assert "say which records are wrong" in refused(company, "close", "sample", "retail", "--sign", "wrong", by="aud")
    wrong = ("close", "sample", "retail", first["id"], "--sign", "wrong", "--note", "another street")
    company(*wrong, by="aud", code=1)
    went = company.go()
    (reason,) = [r for r in went["reasons"] if "is wrong, says aud: another street" in r]
    assert reason.endswith(f"hub close sample retail {first['id']} --sign right")
    company("close", "sample", "retail", first["id"], "--sign", "right", by="aud", code=1)
    company("close", "sample", "retail", "--sign", "right", by="aud")
    assert company.go()["phase"] == "destroy"


def test_lost_keys_are_never_made_anew(company: Company, tmp_path: Path) -> None:
    (row,) = company("archive", "write", "retail", by="ana")
    keys, away = company.folder / "closing/keys", tmp_path / "away"
    shutil.copytree(keys, away)
    back = "bring that folder back from where its copy is kept"
    shutil.rmtree(keys)
    for verb in (("verify", row["archive"]), ("restore", row["archive"], "--into", "sqlite:///back.db", "--as", "ana")):
        company.plain("archive", *verb, code=1)
        assert back in company.err
        assert not keys.exists()
    assert back in refused(company, "archive", "write", "retail", code=1)
    for lost in ("data.db", "signing.key"):
        shutil.rmtree(keys, ignore_errors=True)
        shutil.copytree(away, keys)
        (keys / lost).unlink()
        assert "back from where its copy is kept" in refused(company, "archive", "write", "retail", code=1), lost
    assert not (keys / "signing.key").exists()
    assert len(company("archive", "list")) == 1


@pytest.mark.parametrize(
    ("into", "said"),
    [("back.db", "--into: is no URL of SQLite or PostgreSQL"), ("${NOPE_URL}", "--into: NOPE_URL is not set"),
     ("sqlite:///hub.db", "--into: that database is not empty")],
)  # fmt: skip
def test_where_an_archive_cannot_go_is_said(
    company: Company, into: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(company.folder)
    (row,) = company("archive", "write", "retail", by="ana")
    assert said in refused(company, "archive", "restore", row["archive"], "--into", into)
    (company.folder / "taken").write_text("a file")
    assert "no folder can be made there" in refused(company, "archive", "write", "retail", "--to", "taken")


def test_a_certificate_that_is_none_is_said_in_words(company: Company, tmp_path: Path) -> None:
    company.plain("close", "certificate", str(tmp_path / "nope.json"), code=1)
    assert "cannot be read: No such file" in company.err
    (tmp_path / "c.pdf").write_bytes(b"%PDF")
    company.plain("close", "certificate", str(tmp_path / "c.pdf"), code=1)
    assert "name the JSON file that stands beside the PDF" in company.err
    company.plain("close", "certificate", str(tmp_path / "c.pdf"), "--key", "zz", code=1)
    assert "--key: is no public key" in company.err
