"""The verbs, run as a person runs them, over a project with a plugin of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.cli.app import run
from hub.cli.progress import Lines
from hub.errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]
ACME = '''"""One Acme account."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hub.connect import Connector, Page, Record, Stream, Unauthorized
from hub.errors import ConfigError
from hub.plugin import hookimpl


class Acme(Connector):
    """One Acme account."""

    name = "acme"
    streams = (
        Stream("people", "customer", push=True, late=timedelta(seconds=60)),
        Stream("bills", "invoice", push=True, versioned=True, once=timedelta(hours=24), findable=True, creates=False),
    )

    def __init__(self, base_url: str, token: str, timeout: float = 30.0) -> None:
        self.base_url, self.token, self.timeout = base_url, token, timeout

    def check(self) -> None:
        if self.token != "canary-good":
            raise Unauthorized(f"acme: {self.token} refused; renew it")

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        if self.base_url.endswith("/broken"):
            raise RuntimeError(f"cannot use {self.token}")
        rows = [
            {"id": "1", "name": "Ann\\u00e9 Ltd", "mail": "Office@Example.com"},
            {"id": "2", "name": None, "mail": "x@example.com"},
            {"id": "3", "name": "Zo\\u00eb", "mail": None},
        ]
        when = datetime(2026, 11, 1, tzinfo=UTC)
        yield Page([Record(row["id"], row, changed_at=when) for row in rows[:2]], "1")
        yield Page([Record("3", rows[2]), Record("4", {}, deleted=True)], "2")


@hookimpl
def register_connectors(register):
    register(Acme)


@hookimpl
def register_converters(register):
    register("shout", lambda text: text.upper(), lambda text: text.lower())


@hookimpl
def register_commands(cli):
    @cli.command()
    def greet(name: str) -> None:
        """Say hello."""
        if name == "stop":
            raise KeyboardInterrupt
        print(f"hello {name}")
'''

PEOPLE = """stream = "people"
model = "customer"
[fields]
name = { theirs = "name", as = "shout" }
"emails.main" = { theirs = "mail", as = "email" }
"""
BILLS = """stream = "bills"
model = "invoice"
[fields]
number = "number"
"""
SETTINGS = """
[connections.shop]
connector = "acme"
base_url = "https://acme.example"
token = "${SHOP_TOKEN}"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project made by `hub init`, with a connector, a converter and a verb in one plugin file."""
    assert run(["init", str(tmp_path / "p")]) == 0
    folder = tmp_path / "p"
    for shipped in (folder / "plugins").glob("*.py"):
        shipped.unlink()
    (folder / "plugins/acme.py").write_text(ACME)
    (folder / "mappings/acme.people.toml").write_text(PEOPLE)
    (folder / "mappings/acme.bills.toml").write_text(BILLS)
    with (folder / "hub.toml").open("a") as file:
        file.write(SETTINGS)
    monkeypatch.setenv("SHOP_TOKEN", "canary-good")
    monkeypatch.chdir(folder)
    capsys.readouterr()
    return folder


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The JSON lines on stdout."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_init_writes_a_project_that_checks_and_never_overwrites(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new"
    assert run(["init", str(folder)]) == 0
    assert "hub check" in capsys.readouterr().out
    assert {"hub.toml", ".env.example", ".gitignore", "mappings", "plugins"} <= {file.name for file in folder.iterdir()}
    assert run(["-p", str(folder), "check"]) == 0
    assert run(["init", str(folder)]) == 0
    (folder / "hub.toml").write_text("# mine\n")
    (folder / ".gitignore").unlink()
    assert run(["init", str(folder)]) == 2
    assert "hub.toml" in capsys.readouterr().err
    assert (folder / "hub.toml").read_text() == "# mine\n"
    assert not (folder / ".gitignore").exists()


def test_the_examples_of_a_new_project_hold(tmp_path: Path) -> None:
    """Every line of the template that is commented out as an example is right once the mark is taken away."""
    from hub.config import load

    run(["init", str(tmp_path)])
    text = (tmp_path / "hub.toml").read_text()
    assert text.count("#: ") > 10
    (tmp_path / "hub.toml").write_text(text.replace("#: ", ""))
    found = load(tmp_path, env={"HUB_CRM_TOKEN": "t"})
    assert found.connections["crm"].streams["companies"].push
    assert found.schedules["nightly"].timezone == "Europe/Berlin"
    variables = (tmp_path / ".env.example").read_text()
    assert "HUB_CRM_TOKEN=" in variables


def test_every_key_of_the_full_example_holds_for_the_shipped_connectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.cli.session import Session

    example = ROOT / "hub.toml.example"
    (tmp_path / "hub.toml").write_text(example.read_text())
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/erp").write_text("password")
    for name in ("HUB_CRM_TOKEN", "HUB_PAY_API_KEY"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("HUB_STORE", "sqlite:///hub.db")
    monkeypatch.setenv("HUB_TOKEN_KEY", "canary")
    with pytest.raises(ConfigError, match=r"token_key: is no key: it must be 32 bytes in base64") as told:
        Session(tmp_path).project()
    assert "canary" not in str(told.value)
    monkeypatch.setenv("HUB_TOKEN_KEY", "a" * 43 + "=")
    found = Session(tmp_path).project()
    assert set(found.connections) == {"crm", "erp", "house", "pay", "sheets"}
    assert found.connections["erp"].streams["parties"].create == "referenced"


def test_check_tells_what_works_and_what_cannot_be_guaranteed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (project / "hub.toml").open("a") as file:
        file.write(
            '[connections.shop.streams.people]\npush = true\ncreate = "all"\n[connections.shop.streams.bills]\npush = true\n'
        )
    assert run(["check", "--json"]) == 0
    found = printed(capsys)
    people = " | ".join(row["text"] for row in found if row["stream"] == "people" and row["level"] == "note")
    assert "no versions: edits in the same moment can be lost" in people
    assert "a create without an answer is never sent again by itself" in people
    assert "lists lag by up to 60 seconds" in people
    assert not [row for row in found if row["stream"] == "bills" and row["level"] == "note"]
    assert {"connection": "shop", "stream": None, "level": "ok", "text": "answers, and takes the credentials"} in found


def test_check_reports_credentials_that_are_refused_without_showing_them(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "canary-bad")
    assert run(["check", "shop"]) == 1
    out = capsys.readouterr()
    assert "acme: *** refused; renew it" in out.out
    assert "canary" not in out.out + out.err
    monkeypatch.delenv("SHOP_TOKEN")
    assert run(["check", "shop"]) == 2
    assert "not set: SHOP_TOKEN" in capsys.readouterr().out


def test_check_reports_what_the_stream_cannot_do(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (project / "hub.toml").open("a") as file:
        file.write('[connections.shop.streams.bills]\npush = true\ncreate = "all"\n')
    (project / "mappings/acme.bills.toml").write_text(BILLS.replace("number =", "numbr ="))
    assert run(["check", "--json"]) == 2
    wrong = [row["text"] for row in printed(capsys) if row["level"] == "configuration"]
    assert any('"never" instead of "all"' in text for text in wrong)
    assert any("acme.bills.toml:4" in text for text in wrong)


def test_mistakes_in_settings_are_told_with_their_lines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (project / "hub.toml").open("a") as file:
        file.write('tokn = "x"\n[connections.shop.streams.peple]\n[hubb]\n')
    assert run(["check"]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 3
    assert all(line.startswith("hub.toml:") for line in err.splitlines())
    assert 'did you mean "people"' in err
    assert "Traceback" not in err


def test_preview_maps_without_storing_and_reports_problems(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(file.name for file in project.iterdir())
    assert run(["preview", "shop", "people"]) == 1
    out = capsys.readouterr()
    found = [json.loads(line) for line in out.out.splitlines()]
    assert [row["key"] for row in found] == ["1", "2", "3", "4"]
    assert found[0]["values"] == {"name": "ANNÉ LTD", "emails.main": "office@example.com"} or found[0]["values"] == {
        "name": "ANNÉ LTD",
        "emails.main": "Office@example.com",
    }
    assert found[0]["changed_at"] == "2026-11-01T00:00:00Z"
    assert found[3]["deleted"]
    assert "shop people 2: error: name" in out.err
    assert run(["preview", "shop", "people", "--limit", "1"]) == 0
    assert sorted(file.name for file in project.iterdir()) == before


def test_an_unexpected_failure_shows_no_secret(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (project / "hub.toml").read_text().replace("https://acme.example", "https://acme.example/broken")
    (project / "hub.toml").write_text(text)
    assert run(["preview", "shop", "people"]) == 70
    err = capsys.readouterr().err
    assert "RuntimeError: cannot use ***" in err
    assert "canary" not in err


def test_unknown_names_are_told_with_the_nearest_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, hint in (
        (["preview", "shp", "people"], 'did you mean "shop"'),
        (["preview", "shop", "peple"], 'did you mean "people"'),
        (["check", "shp"], 'did you mean "shop"'),
        (["schema", "custmer"], 'did you mean "customer"'),
        (["list", "custmer"], 'did you mean "customer"'),
        (["list", "customer", "--where", "nam=x"], 'did you mean "name"'),
    ):
        assert run(arguments) == 2
        assert hint in capsys.readouterr().err


def test_usage_errors_leave_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sync", "--full", "--since", "2026-01-01"]) == 2
    assert run(["sync", "--since", "yesterday"]) == 2
    assert run(["nonsense"]) == 2
    assert "no moment" in capsys.readouterr().err


def test_mapping_check_lists_every_mistake(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mapping", "check", "--json"]) == 0
    files = {Path(row["file"]).name for row in printed(capsys)}
    assert {"acme.people.toml", "acme.bills.toml"} <= files
    (project / "mappings/acme.people.toml").write_text(PEOPLE.replace('"email"', '"emial"').replace("name =", "nam ="))
    assert run(["mapping", "check", "mappings/acme.people.toml", "--json"]) == 2
    text = [row["text"] for row in printed(capsys) if row["level"] == "mistake"]
    assert len(text) >= 2
    assert any(":4" in row for row in text)
    assert any(":5" in row for row in text)


def test_mapping_try_shows_both_directions(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "one.json").write_text('{"name": "Ann", "mail": "no address"}')
    assert run(["mapping", "try", "mappings/acme.people.toml", "one.json", "--json"]) == 1
    found = printed(capsys)
    assert {"value": "ANN", "theirs": "name"}.items() <= next(r for r in found if r["kind"] == "value").items()
    assert next(r for r in found if r["kind"] == "write")["value"] == "ann"
    (problem,) = (r for r in found if r["kind"] == "problem")
    assert (problem["field"], problem["value"]) == ("emails.main", "no address")


def test_mapping_copy_puts_a_shipped_one_into_the_project(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped/acme.sites.toml").write_text(PEOPLE)
    monkeypatch.setattr("hub.config.paths.starter", lambda kind: tmp_path / "shipped")
    assert run(["mapping", "copy", "acme.sites"]) == 0
    assert (project / "mappings/acme.sites.toml").read_text() == PEOPLE
    assert run(["mapping", "copy", "acme.sites"]) == 2


def test_schema_is_json_schema_or_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "customer"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["$schema"].startswith("https://json-schema.org/")
    assert "emails" in document["$defs"]["Customer"]["properties"]
    assert run(["schema", "invoice", "--json"]) == 0
    assert any(row["field"] == "customer" and row["ref"] == "customer" for row in printed(capsys))


def test_plugins_bring_verbs_and_are_listed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["greet", "Ann"]) == 0
    assert capsys.readouterr().out == "hello Ann\n"
    assert run(["plugins", "--json"]) == 0
    found = {(row["kind"], row["name"]): row for row in printed(capsys)}
    assert found["connector", "acme"]["text"] == "One Acme account."
    assert found["converter", "shout"]["plugin"] == "plugins/acme.py"
    assert found["verb", "hub greet"]["text"] == "Say hello."


def test_a_person_may_stop_a_verb(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["greet", "stop"]) == 130
    out = capsys.readouterr()
    assert "run the same command again" in out.err
    assert out.out == ""


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom hub.cli.app import run\nassert run(['--help']) == 0\n"
        "heavy = {'httpx', 'msgspec', 'pluggy', 'rich.console', 'sqlalchemy', 'prefect', 'phonenumbers', 'pyarrow'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("loaded: []\n"), done.stdout + done.stderr
    assert "hub plugins" in done.stdout


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    step = Lines(lambda: now[0])
    for second in range(25):
        now[0] = float(second)
        step(SimpleNamespace(connection="crm", stream="people", name="read", done=second, total=100))
    assert capsys.readouterr().err.splitlines() == ["crm people: read 10 of 100", "crm people: read 20 of 100"]


def test_a_plugin_of_the_project_named_by_option_is_found(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["-p", str(project), "greet", "Bob"]) == 0
    assert capsys.readouterr().out == "hello Bob\n"


def test_a_new_connector_package_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["connector", "new", "acme", "--into", str(tmp_path)]) == 0
    assert f"cd {tmp_path / 'hub-acme'}" in capsys.readouterr().out
    assert (tmp_path / "hub-acme/pyproject.toml").is_file()
    assert run(["connector", "new", "acme", "--into", str(tmp_path)]) == 2
    assert run(["connector", "new", "Bad Name", "--into", str(tmp_path)]) == 2
    assert run(["connector", "new", "stripe", "--into", str(tmp_path)]) == 2
    assert 'a connector "stripe" already, from hub (hub_stripe); take another name' in capsys.readouterr().err


def test_a_broken_plugin_is_told_with_its_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "plugins/bad.py").write_text("x = 1\nimport nowhere_at_all\n")
    assert run(["check"]) == 2
    err = capsys.readouterr().err
    assert "plugins/bad.py:2" in err
    assert "Traceback" not in err
