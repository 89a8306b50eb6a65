"""Who somebody is: passwords as argon2id hashes, and tokens that end on a day."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from hub.audit import append, now
from hub.errors import ConfigError, Unauthorized
from hub.people.people import Person, person
from hub.secret import Secret
from hub.store import Store

SHORTEST = 10  # letters of a password
TRIES = 5  # wrong passwords in a row
LOCKED = 300 * 1_000_000  # microseconds a name stays locked after them
DAY = 86_400 * 1_000_000
PREFIX = "hub_"
WRONG = (
    "people: name or password of {!r} is wrong; an administrator gives another one: hub people password NAME --as ADMIN"
)


def hashed(password: Secret) -> str:
    """The argon2id hash of a password. Raises ConfigError for one that is too short."""
    from argon2 import PasswordHasher

    if len(password.reveal()) < SHORTEST:
        raise ConfigError(f"people: the password is too short; use at least {SHORTEST} letters")
    return PasswordHasher().hash(password.reveal())


def authenticate(store: Store, name: str, password: Secret) -> Person:
    """The person whose password this is. Raises Unauthorized, in the same words whether name or password is wrong."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    with store.read() as tx:
        rows = tx.rows("SELECT password, locked_until FROM person WHERE name = ? AND removed_seq IS NULL", name)
        at = now(tx, store)
    if rows and rows[0][1] is not None and rows[0][1] > at:
        raise Unauthorized(f"people: {name} is locked after {TRIES} wrong passwords; wait five minutes")
    # an unknown name costs as much time as a wrong password, so that nobody learns names by the clock
    kept = rows[0][0] if rows else PasswordHasher().hash(secrets.token_hex(16))
    try:
        PasswordHasher().verify(kept, password.reveal())
    except (VerificationError, InvalidHashError):
        if rows:
            _wrong(store, name)
        raise Unauthorized(WRONG.format(name)) from None
    if not rows:
        raise Unauthorized(WRONG.format(name))
    with store.begin() as tx:
        tx.run("UPDATE person SET failures = 0, locked_until = NULL WHERE name = ? AND failures > 0", name)
        return person(tx, name)


def set_password(store: Store, name: str, password: Secret, *, by: str) -> None:
    """Give a person another password; all tokens end."""
    secret = hashed(password)
    with store.begin() as tx:
        person(tx, name)
        tx.run("UPDATE person SET password = ?, failures = 0, locked_until = NULL WHERE name = ?", secret, name)
        tx.run("UPDATE person_token SET revoked_seq = ? WHERE person = ? AND revoked_seq IS NULL", tx.seq, name)
        append(tx, by, "people password", {"person": name}, at=store.now())


def issue(store: Store, name: str, days: int, *, by: str) -> Secret:
    """A new token of a person, good for so many days; only its hash is kept."""
    if not 1 <= days <= 366:
        raise ConfigError(f"people: a token is good for 1 to 366 days, not {days}")
    text = PREFIX + secrets.token_urlsafe(32)
    with store.begin() as tx:
        person(tx, name)
        until = now(tx, store) + days * DAY
        tx.run(
            "INSERT INTO person_token (person, digest, seq, expires_at) VALUES (?, ?, ?, ?)",
            name, _digest(text), tx.seq, until,
        )  # fmt: skip
        append(tx, by, "people token", {"person": name, "expires_at": until}, at=store.now())
    return Secret(text)


def by_token(store: Store, token: Secret) -> Person:
    """The person whose token this is. Raises Unauthorized for one that is wrong, revoked or has ended."""
    digest = _digest(token.reveal())
    with store.read() as tx:
        rows = tx.rows("SELECT person, expires_at, revoked_seq, digest FROM person_token WHERE digest = ?", digest)
        if not rows or not hmac.compare_digest(rows[0][3], digest) or rows[0][2] is not None:
            raise Unauthorized("people: the token is wrong or was revoked; ask an administrator: hub people token NAME")
        if rows[0][1] > now(tx, store):
            return person(tx, rows[0][0])
    if rows[0][1]:
        with store.begin() as tx:  # seen as ended once, it stays so, whatever the clock says later
            tx.run("UPDATE person_token SET expires_at = 0 WHERE digest = ?", digest)
    raise Unauthorized(f"people: the token of {rows[0][0]} has ended; get another: hub people token {rows[0][0]}")


def revoke_tokens(store: Store, name: str, *, by: str) -> int:
    """End all tokens of a person; return how many."""
    with store.begin() as tx:
        count = tx.run("UPDATE person_token SET revoked_seq = ? WHERE person = ? AND revoked_seq IS NULL", tx.seq, name)
        append(tx, by, "people tokens revoked", {"person": name, "tokens": count}, at=store.now())
    return count


def _wrong(store: Store, name: str) -> None:
    with store.begin() as tx:
        at = now(tx, store)
        tx.run("UPDATE person SET failures = failures + 1 WHERE name = ?", name)
        ((failures,),) = tx.rows("SELECT failures FROM person WHERE name = ?", name)
        if failures >= TRIES:
            tx.run("UPDATE person SET failures = 0, locked_until = ? WHERE name = ?", at + LOCKED, name)
            append(tx, name, "people locked", {"person": name, "until": at + LOCKED}, at=store.now())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
