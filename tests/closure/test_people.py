"""People through the command line: who may add whom, passwords, tokens, roles that end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from people import WORD, signed, staff

from hub.audit import verify
from hub.cli.app import run
from hub.errors import ConfigError, Unauthorized
from hub.people import add, authenticate, by_token, grant, holds, issue, remove, revoke
from hub.secret import Secret
from hub.store import Store

DAY = 86_400


@pytest.fixture
def project(tmp_path: Path, url: str) -> Path:
    (tmp_path / "hub.toml").write_text(f'[hub]\nstore = "{url}"\n')
    return tmp_path


def test_people_are_added_by_an_administrator(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def hub(*arguments: str) -> int:
        return run(["--project", str(project), *arguments])

    for name in ("ana", "ben"):
        (project / f"{name}.pw").write_text(f"{WORD} {name}")
    assert hub("people", "add", "ana", "--new-password-file", str(project / "ana.pw")) == 0
    assert hub("people", "add", "ben", "--new-password-file", str(project / "ben.pw")) == 2  # nobody says who asks
    assert hub("people", "add", "ben", "--new-password-file", str(project / "ben.pw"), *signed(project, "ana")) == 0
    assert hub("people", "grant", "ben", "admin", *signed(project, "ben")) == 1  # nobody makes himself administrator
    assert "is no admin" in capsys.readouterr().err
    assert hub("people", "grant", "ben", "legal", "--line", "retail", *signed(project, "ana")) == 0
    assert hub("people", "grant", "ben", "king", *signed(project, "ana")) == 2
    capsys.readouterr()
    assert hub("people", "list", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {r["name"]: [(x["role"], x["line"]) for x in r["roles"]] for r in rows} == {
        "ana": [("admin", "*")],
        "ben": [("legal", "retail")],
    }
    assert hub("people", "remove", "ben", *signed(project, "ana")) == 1
    assert hub("people", "remove", "ben", "--yes", *signed(project, "ana")) == 0
    assert hub("people", "add", "ben", "--new-password-file", str(project / "ben.pw"), *signed(project, "ana")) == 2
    assert hub("audit", "verify", "--json") == 0
    capsys.readouterr()
    hub("audit", "list", "--json")
    acts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [a["what"] for a in acts] == ["people add", "people grant", "people add", "people grant", "people remove"]
    assert WORD not in json.dumps(acts)


def test_a_wrong_password_is_refused_and_locks(url: str) -> None:
    time = [2e9]
    store = Store.open(url, clock=lambda: time[0])
    add(store, "ana", Secret(WORD), by="ana")
    assert authenticate(store, "ana", Secret(WORD)).name == "ana"
    for _ in range(5):
        with pytest.raises(Unauthorized, match="is wrong"):
            authenticate(store, "ana", Secret("wrong wrong wrong"))
    with pytest.raises(Unauthorized, match="locked"):
        authenticate(store, "ana", Secret(WORD))
    time[0] -= DAY  # a clock set back opens nothing
    with pytest.raises(Unauthorized, match="locked"):
        authenticate(store, "ana", Secret(WORD))
    time[0] += DAY + 301
    assert authenticate(store, "ana", Secret(WORD)).name == "ana"
    with pytest.raises(Unauthorized, match="is wrong"):
        authenticate(store, "nobody", Secret(WORD))
    store.close()


def test_a_password_is_kept_as_an_argon2_hash_and_never_shown(store: Store) -> None:
    with pytest.raises(ConfigError, match="too short"):
        add(store, "ana", Secret("short"), by="ana")
    add(store, "ana", Secret(WORD), by="ana")
    with store.read() as tx:
        ((kept,),) = tx.rows("SELECT password FROM person")
    assert kept.startswith("$argon2id$")
    assert WORD not in kept


def test_a_token_ends_and_a_clock_set_back_does_not_revive_it(url: str) -> None:
    time = [2e9]
    store = Store.open(url, clock=lambda: time[0])
    add(store, "ana", Secret(WORD), by="ana")
    token = issue(store, "ana", 1, by="ana")
    assert by_token(store, token).name == "ana"
    time[0] += DAY + 1
    with pytest.raises(Unauthorized, match="has ended"):
        by_token(store, token)
    time[0] -= DAY  # nothing was logged meanwhile
    with pytest.raises(Unauthorized, match="has ended"):
        by_token(store, token)
    with pytest.raises(Unauthorized, match="wrong or was revoked"):
        by_token(store, Secret("hub_x"))
    store.close()


def test_a_role_ends_by_day_by_revocation_and_with_the_person(url: str) -> None:
    time = [2e9]
    store = Store.open(url, clock=lambda: time[0])

    def held(role: str, line: str = "retail", since: int | None = None) -> bool:
        with store.read() as tx:
            return holds(tx, store, "ben", role, line, since)

    add(store, "ana", Secret(WORD), by="ana")
    add(store, "ben", Secret(WORD), by="ana")
    assert not held("legal")
    grant(store, "ben", "legal", "retail", by="ana", expires_at=int((2e9 + DAY) * 1e6))
    assert held("legal")
    assert not held("legal", "other")
    time[0] += DAY
    assert not held("legal")
    grant(store, "ben", "legal", "*", by="ana")
    then = store.sequence()
    assert held("legal", since=then)
    assert revoke(store, "ben", "legal", "*", by="ana") == 1
    assert not held("legal")
    grant(store, "ben", "legal", "*", by="ana")
    assert held("legal")
    assert not held("legal", since=then)  # it was away meanwhile
    remove(store, "ben", by="ana")
    assert not held("legal")
    assert verify(store)[1] is None
    store.close()


def test_the_last_administrator_stays(store: Store, tmp_path: Path) -> None:
    staff(store, tmp_path, ben="lead")
    with pytest.raises(ConfigError, match="last administrator"):
        remove(store, "root", by="root")
