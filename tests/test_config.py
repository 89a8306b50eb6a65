"""hub.toml is checked whole: each mistake is told with its line, and no secret is ever told."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest

from hub.config import Kind, Project, Rule, load, mapping_path
from hub.config.cron import cron_fault, seconds
from hub.errors import ConfigError, MappingError
from hub.secret import Secret

GOOD = """
[hub]
store = "sqlite:///data/hub.db"
line = "retail"

[connections.crm]
connector = "hubspot"
line = "wholesale"
base_url = "https://${CRM_HOST}/api"
token = "${CRM_TOKEN}"

[connections.crm.streams.companies]
push = true
create = "all"
on_tombstone = "archive"
vanish_limit = 0.2

[connections.erp]
connector = "tryton"
password = { file = "secrets/erp" }

[survivorship.customer]
rule = "order"
order = ["erp", "crm", "hub"]
[survivorship.customer.fields]
"phones.main" = { rule = "owner", order = ["erp"] }

[schedules.nightly]
cron = "0 2 * * mon-fri"
timezone = "Europe/Berlin"
connections = ["crm"]
[schedules.often]
every = "15m"
"""
ENV = {"CRM_HOST": "crm.example", "CRM_TOKEN": "canary-token"}


def project(folder: Path, text: str = GOOD) -> Path:
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets/erp").write_text("canary-password\n")
    file = folder / "hub.toml"
    file.write_text(text)
    return file


def mistakes(folder: Path, text: str, **options: object) -> list[str]:
    """The mistakes of a text, without the folder."""
    file = project(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(file, env=ENV, **options)  # type: ignore[arg-type]
    return [row.replace(f"{folder}/", "") for row in str(caught.value).splitlines()]


def test_a_project_is_read_into_types(tmp_path: Path) -> None:
    found = load(project(tmp_path), env=ENV)
    assert isinstance(found, Project)
    assert found.store.reveal() == f"sqlite:///{tmp_path}/data/hub.db"
    assert found.line == "retail"
    crm = found.connections["crm"]
    assert dict(crm.settings) == {"base_url": "https://crm.example/api", "token": Secret("canary-token")}
    assert crm.line == "wholesale"
    assert isinstance(crm.settings["token"], Secret)
    companies = crm.streams["companies"]
    assert (companies.mapping, companies.push, companies.create) == ("hubspot.companies", True, "all")
    assert (companies.on_tombstone, companies.vanish_limit) == ("archive", 0.2)
    assert found.connections["erp"].settings["password"] == Secret("canary-password")
    assert found.rule("customer", "phones.main") == Rule("owner", ("erp",))
    assert found.rule("customer", "name") == Rule("order", ("erp", "crm", "hub"))
    assert found.schedules["often"].every == 900
    assert found.schedules["nightly"].connections == ("crm",)


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """[hub]
stor = "x"
[connections.Crm]
connector = "hubspot"
token = "canary-literal"
[connections.crm.streams.companies]
pus = true
create = "some"
vanish_limit = 7
[survivorship.custmer]
rule = "newest"
[survivorship.customer]
rule = "owner"
[survivorship.customer.fields]
"phone.main" = { rule = "owner", order = ["cmr"] }
[schedules.n]
cron = "0 25 * * *"
every = "15m"
timezone = "Europe/Berln"
"""
    found = mistakes(tmp_path, text)
    heads = [row.split(": ")[0] + ": " + row.split(": ")[1] for row in found]
    assert heads == [
        "hub.toml:2: hub.stor",
        "hub.toml:3: connections.Crm",
        "hub.toml:5: connections.Crm.token",
        "hub.toml:6: connections.crm",
        "hub.toml:7: connections.crm.streams.companies.pus",
        "hub.toml:8: connections.crm.streams.companies.create",
        "hub.toml:9: connections.crm.streams.companies.vanish_limit",
        "hub.toml:10: survivorship.custmer",
        "hub.toml:13: survivorship.customer.rule",
        'hub.toml:15: survivorship.customer.fields."phone.main"',
        'hub.toml:15: survivorship.customer.fields."phone.main".order.0',
        "hub.toml:16: schedules.n",
        "hub.toml:17: schedules.n.cron",
        "hub.toml:19: schedules.n.timezone",
    ]
    text = "\n".join(found)
    for hint in ('did you mean "store"', 'did you mean "push"', 'did you mean "customer"', 'did you mean "crm"'):
        assert hint in text
    assert "canary" not in text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("token = 5", "a secret must not stand in the file"),
        ('api_key = "canary"', '"${HUB_CRM_API_KEY}"'),
        ('login = { password = "canary" }', "a secret must not stand in the file"),
        ('token = "canary-${CRM_TOKEN}"', "a secret must not stand in the file"),
        ('base_url = "https://me:canary@crm.example/"', "a password must not stand in the file"),
        ('token = "${NOWHERE}"', "NOWHERE is not set"),
        ('base_url = "https://${NOWHERE}/"', "NOWHERE is not set"),
        ('token = { file = "gone" }', "cannot read"),
        ("line = 7", "must be a text, not a number"),
    ],
)
def test_a_secret_stands_in_the_environment_or_in_a_file(tmp_path: Path, line: str, says: str) -> None:
    (found,) = mistakes(tmp_path, f'[connections.crm]\nconnector = "hubspot"\n{line}\n')
    assert found.startswith("hub.toml:3: connections.crm.")
    assert says in found
    assert "canary" not in found


def test_a_store_with_a_written_password_is_refused(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, '[hub]\nstore = "postgresql://hub:canary@db/hub"\n')
    assert "password must not stand" in found
    assert "canary" not in found


def test_a_store_takes_its_password_from_the_environment(tmp_path: Path) -> None:
    file = project(tmp_path, '[hub]\nstore = "postgres://hub:${CRM_TOKEN}@db/hub"\n')
    found = load(file, env=ENV)
    assert found.store.reveal() == "postgresql+psycopg://hub:canary-token@db/hub"
    assert "canary" not in repr(found.store)


def test_an_unset_store_is_never_replaced_by_another(tmp_path: Path) -> None:
    text = '[hub]\nstore = "${NOWHERE}"\n'
    assert "NOWHERE is not set" in mistakes(tmp_path, text)[0]
    assert "NOWHERE is not set" in mistakes(tmp_path, text, strict=())[0]
    assert load(project(tmp_path, text), strict=False, env=ENV).store == Secret("")


def test_an_unset_variable_matters_only_to_connections_in_use(tmp_path: Path) -> None:
    text = '[connections.a]\nconnector = "x"\ntoken = "${UNSET_A}"\n[connections.b]\nconnector = "x"\n'
    assert "UNSET_A" in mistakes(tmp_path, text)[0]
    assert "UNSET_A" in mistakes(tmp_path, text, strict=["a"])[0]
    found = load(project(tmp_path, text), strict=["b"], env=ENV)
    assert dict(found.connections["a"].settings) == {}
    assert found.connections["a"].unset == ("UNSET_A",)
    assert load(project(tmp_path, text), strict=False, env=ENV).connections["b"].unset == ()


def test_no_repr_and_no_traceback_shows_a_secret(tmp_path: Path) -> None:
    found = load(project(tmp_path), env=ENV)
    shown = repr(found) + repr(found.connections) + repr(dict(found.connections["crm"].settings))
    with pytest.raises(ZeroDivisionError) as caught:
        fails(dict(found.connections["crm"].settings), found.connections["erp"].settings["password"])
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown += "".join(told.format())
    assert "fails" in shown
    assert "canary" not in shown
    assert "canary" not in f"{found.connections['crm'].settings['token']} {found.store}"
    assert found.connections["crm"].settings["token"].reveal() == "canary-token"


def fails(settings: dict[str, object], password: Secret) -> float:
    return len(settings) / (len(password.reveal()) * 0)


def test_dotenv_stands_in_for_variables_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path)
    (tmp_path / ".env").write_text('# comment\nexport CRM_HOST="from-file"\nCRM_TOKEN=from-file\n')
    monkeypatch.setenv("CRM_TOKEN", "from-process")
    settings = load(file).connections["crm"].settings
    assert settings["base_url"] == "https://from-file/api"
    assert settings["token"] == Secret("from-process")


def judge(settings: Mapping[str, object]) -> dict[str, str]:
    """What a connector with `base_url` and `token` says of its settings."""
    faults = {name: "no such setting" for name in settings if name not in ("base_url", "token")}
    return faults | {name: "missing" for name in ("base_url", "token") if name not in settings}


KINDS = {
    "x": Kind("x", {"companies": "customer"}, judge),
    "files": Kind("files", {}, open_streams=True),
}


def test_settings_are_judged_by_the_connector(tmp_path: Path) -> None:
    text = """[connections.a]
connector = "x"
base_ur = "https://a"
token = "${NOWHERE}"
[connections.a.streams.company]
[connections.b]
connector = "y"
"""
    found = mistakes(tmp_path, text, kinds=lambda plugins, named: KINDS)
    assert [row.split(": ", 2)[:2] for row in found] == [
        ["hub.toml:1", "connections.a.base_url"],
        ["hub.toml:3", "connections.a.base_ur"],
        ["hub.toml:4", "connections.a.token"],
        ["hub.toml:5", "connections.a.streams.company"],
        ["hub.toml:7", "connections.b.connector"],
    ]
    assert "NOWHERE is not set" in found[2]
    assert 'did you mean "companies"' in found[3]
    assert len(mistakes(tmp_path, text, kinds=lambda plugins, named: KINDS, strict=False)) == 4


def test_a_connector_that_takes_its_streams_gets_their_options(tmp_path: Path) -> None:
    text = '[connections.in]\nconnector = "files"\n[connections.in.streams.people]\npath = "p.csv"\nkey = "id"\npush = true\n'
    found = load(project(tmp_path, text), env=ENV, kinds=lambda plugins, named: KINDS).connections["in"]
    assert found.settings == {"streams": {"people": {"path": "p.csv", "key": "id"}}}
    assert found.streams["people"].push
    assert found.streams["people"].mapping == "files.people"


def test_a_connection_without_streams_reads_every_stream_with_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    for name in ("acme.sites", "acme.people", "other.things"):
        (tmp_path / f"mappings/{name}.toml").write_text("")
    found = load(project(tmp_path, '[connections.a]\nconnector = "acme"\n'), env=ENV)
    streams = found.connections["a"].streams
    assert list(streams) == ["people", "sites"]
    assert all(stream.pull and not stream.push for stream in streams.values())
    assert mapping_path(found, "acme.people") == tmp_path / "mappings/acme.people.toml"
    with pytest.raises(MappingError, match=r'did you mean "acme\.people"'):
        mapping_path(found, "acme.peple")


def test_the_file_is_found_from_below_and_its_absence_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path)
    (tmp_path / "deep/deeper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep/deeper")
    assert load(env=ENV).root == tmp_path
    with pytest.raises(ConfigError, match="hub init"):
        load(tmp_path / "deep")


def test_broken_toml_names_file_and_line(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, "[hub]\nstore = \n")
    assert "hub.toml" in found
    assert "line 2" in found


@pytest.mark.parametrize("text", ["0 2 * * *", "*/15 0-6,20 1 jan-mar 0,7", "5 4 * * SUN"])
def test_good_cron_expressions_pass(text: str) -> None:
    assert cron_fault(text) is None


@pytest.mark.parametrize(
    "text", ["0 2 * *", "60 * * * *", "* * 0 * *", "* * * 13 *", "*/0 * * * *", "5-1 * * * *", "a * * * *"]
)
def test_bad_cron_expressions_are_told(text: str) -> None:
    assert cron_fault(text)


def test_durations_are_read() -> None:
    assert [seconds(text) for text in ("90s", "15m", "2h", "1.5d", "0s", "15", "m")] == [
        90,
        900,
        7200,
        129600,
        None,
        None,
        None,
    ]
