"""Persons: who is known to the hub, and who no longer is."""

from __future__ import annotations

import re
from typing import NamedTuple

from hub.audit import append
from hub.errors import ConfigError, Missing
from hub.people.roles import put
from hub.secret import Secret
from hub.store import Store, Tx

NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")
FIRST = "admin"  # the role of the first person, who grants the others theirs


class Person(NamedTuple):
    """Somebody who signs with a name of their own."""

    name: str
    full_name: str | None
    email: str | None
    removed: bool


def add(
    store: Store, name: str, password: Secret, *, by: str, full_name: str | None = None, email: str | None = None
) -> Person:
    """Add a person. The first one becomes administrator; names are never given to somebody else later.

    Raises ConfigError for a name that is taken or no name, and for a password that is too short.
    """
    from hub.people.credentials import hashed

    if not NAME.fullmatch(name):
        raise ConfigError(f"people: {name!r} is no name; write small letters, digits, dots and dashes, such as jo.berg")
    secret = hashed(password)
    with store.begin() as tx:
        first = not tx.rows("SELECT 1 FROM person WHERE removed_seq IS NULL LIMIT 1")
        if tx.rows("SELECT 1 FROM person WHERE name = ?", name):
            raise ConfigError(f"people: {name} is taken, also where that person was removed; choose another name")
        tx.run(
            "INSERT INTO person (name, full_name, email, password, failures, added_seq) VALUES (?, ?, ?, ?, 0, ?)",
            name, full_name, email, secret, tx.seq,
        )  # fmt: skip
        append(tx, by, "people add", {"person": name, "full_name": full_name}, at=store.now())
        if first:
            put(tx, name, FIRST, "*", by=by, expires_at=None)
            append(tx, by, "people grant", {"person": name, "role": FIRST, "line": "*"}, at=store.now())
    return Person(name, full_name, email, False)


def remove(store: Store, name: str, *, by: str) -> None:
    """Take a person out: roles and tokens end now, the name stays for what it has signed."""
    with store.begin() as tx:
        person(tx, name)
        others = tx.rows(
            "SELECT 1 FROM role_grant g JOIN person p ON p.name = g.person WHERE g.role = ? AND g.line = '*' "
            "AND g.revoked_seq IS NULL AND g.expires_at IS NULL AND p.removed_seq IS NULL AND p.name <> ?",
            FIRST,
            name,
        )
        if not others and tx.rows("SELECT 1 FROM person WHERE removed_seq IS NULL AND name <> ?", name):
            raise ConfigError(f"people: {name} is the last administrator; grant that role to somebody else first")
        tx.run("UPDATE person SET removed_seq = ? WHERE name = ?", tx.seq, name)
        tx.run("UPDATE role_grant SET revoked_seq = ? WHERE person = ? AND revoked_seq IS NULL", tx.seq, name)
        tx.run("UPDATE person_token SET revoked_seq = ? WHERE person = ? AND revoked_seq IS NULL", tx.seq, name)
        append(tx, by, "people remove", {"person": name}, at=store.now())


def person(tx: Tx, name: str) -> Person:
    """The person of that name. Raises Missing for one that is not there, or was removed."""
    rows = tx.rows("SELECT name, full_name, email FROM person WHERE name = ? AND removed_seq IS NULL", name)
    if not rows:
        raise Missing(f"people: nobody is called {name!r}; see who is with: hub people list")
    return Person(rows[0][0], rows[0][1], rows[0][2], removed=False)


def people(store: Store, *, removed: bool = False) -> list[Person]:
    """Everybody, in order of name."""
    with store.read() as tx:
        rows = tx.rows("SELECT name, full_name, email, removed_seq FROM person ORDER BY name")
    return [Person(r[0], r[1], r[2], r[3] is not None) for r in rows if removed or r[3] is None]
