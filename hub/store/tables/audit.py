"""The audit log, and the people and roles that sign."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, event

from hub.store.tables.base import Serial, metadata

audit = Table(
    "audit",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),  # counted without gaps
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("data", Text, nullable=False),  # JSON with sorted keys, as it was hashed
    Column("previous", String, nullable=False),  # the hash of the row before
    Column("hash", String, nullable=False),
    Index("ix_audit_what", "what"),
)

person = Table(
    "person",
    metadata,
    Column("name", String, primary_key=True),
    Column("full_name", String),
    Column("email", String),
    Column("password", String, nullable=False),  # an argon2id hash
    Column("failures", Integer, nullable=False, default=0),  # wrong passwords in a row
    Column("locked_until", BigInteger),
    Column("added_seq", BigInteger, nullable=False),
    Column("removed_seq", BigInteger),
)

grant = Table(
    "role_grant",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("person", String, nullable=False),
    Column("role", String, nullable=False),
    Column("line", String, nullable=False),  # a business line, or * for all
    Column("granted_by", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_seq", BigInteger),
    Index("ix_role_grant_person", "person"),
)

token = Table(
    "person_token",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("person", String, nullable=False),
    Column("digest", String, nullable=False),  # SHA-256 of a random text, which is shown once
    Column("seq", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_seq", BigInteger),
    Index("ix_person_token_digest", "digest", unique=True),
)


@event.listens_for(audit, "after_create")
def _append_only(_: Any, connection: Any, **__: Any) -> None:
    """The database itself refuses to change or remove a row of the audit log."""
    refusal = "the audit log is append-only"
    if connection.dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
        return
    connection.exec_driver_sql(
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
    )
    connection.exec_driver_sql(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )
