"""Roles: what a person may do for a business line, since when, until when, and by whose word."""

from __future__ import annotations

from typing import NamedTuple

from hub.audit import append, now
from hub.errors import ConfigError
from hub.store import Store, Tx
from hub.suggest import like

ROLES = {
    "admin": "adds people and grants roles",
    "lead": "writes the plan of a closing and runs its phases",
    "approver": "approves gates",
    "legal": "approves destruction, sets and releases legal holds",
    "finance": "decides about open items, approves postings above the limit",
    "auditor": "reads the log and signs samples",
}


class Role(NamedTuple):
    """A role a person holds; `line` is a business line or *, `expires_at` microseconds since 1970."""

    person: str
    role: str
    line: str
    by: str
    expires_at: int | None


def grant(store: Store, person: str, role: str, line: str, *, by: str, expires_at: int | None = None) -> None:
    """Give a person a role for a line (`*`: all). Raises ConfigError where there is no such role, Missing for nobody."""
    from hub.people.people import person as known

    _check(role)
    with store.begin() as tx:
        known(tx, person)
        if expires_at is not None and expires_at <= now(tx, store):
            raise ConfigError(
                f"people: the role of {person} would have ended already; give a day that is still to come"
            )
        put(tx, person, role, line, by=by, expires_at=expires_at)
        data = {"person": person, "role": role, "line": line, "expires_at": expires_at}
        append(tx, by, "people grant", data, at=store.now())


def revoke(store: Store, person: str, role: str, line: str, *, by: str) -> int:
    """Take a role away, with it every approval given in that role; return how many grants ended."""
    _check(role)
    with store.begin() as tx:
        count = tx.run(
            "UPDATE role_grant SET revoked_seq = ? WHERE person = ? AND role = ? AND line = ? AND revoked_seq IS NULL",
            tx.seq, person, role, line,
        )  # fmt: skip
        if count:
            append(tx, by, "people revoke", {"person": person, "role": role, "line": line}, at=store.now())
    return count


def holds(
    tx: Tx, store: Store, person: str, role: str, line: str, since: int | None = None, at: int | None = None
) -> bool:
    """Whether a person holds a role for a line now; with `since`, without a break since that sequence number.

    `at` is the time to judge by, in microseconds since 1970, where the caller knows that it is later than the clock says.
    """
    rows = tx.rows(
        "SELECT g.expires_at, g.seq FROM role_grant g JOIN person p ON p.name = g.person "
        "WHERE g.person = ? AND g.role = ? AND g.line IN ? AND g.revoked_seq IS NULL AND p.removed_seq IS NULL",
        person,
        role,
        [line, "*"],
    )
    judged = max(now(tx, store), at or 0)
    return any((until is None or until > judged) and (since is None or seq <= since) for until, seq in rows)


def roles(store: Store, person: str | None = None) -> list[Role]:
    """The roles that are in force."""
    with store.read() as tx:
        rows = tx.rows(
            "SELECT g.person, g.role, g.line, g.granted_by, g.expires_at FROM role_grant g "
            "JOIN person p ON p.name = g.person WHERE g.revoked_seq IS NULL AND p.removed_seq IS NULL ORDER BY g.id"
        )
        at = now(tx, store)
    found = [Role(*row) for row in rows]
    return [r for r in found if (r.expires_at is None or r.expires_at > at) and person in (None, r.person)]


def put(tx: Tx, person: str, role: str, line: str, *, by: str, expires_at: int | None) -> None:
    """Write a grant."""
    tx.run(
        "INSERT INTO role_grant (person, role, line, granted_by, seq, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        person, role, line, by, tx.seq, expires_at,
    )  # fmt: skip


def _check(role: str) -> None:
    if role not in ROLES:
        raise ConfigError(f'people: no role "{role}"{like(role, ROLES)}; known: {", ".join(ROLES)}')
