"""The closing of a business line: plan, gates, journal, notices, archives, holds, certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _archives()
    op.create_table(
        "closing",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.String(), nullable=False),
        sa.Column("scope_hash", sa.String(), nullable=False),
        sa.Column("begun_seq", sa.BigInteger(), nullable=False),
        sa.Column("planned_seq", sa.BigInteger(), nullable=False),
        sa.Column("final_seq", sa.BigInteger(), nullable=True),
        sa.Column("ended_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing")),
    )
    op.create_index("ix_closing_line", "closing", ["line"], unique=False)
    op.create_table(
        "closing_scope",
        sa.Column("closing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("gone_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("closing_id", "golden_id", name=op.f("pk_closing_scope")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_closing_scope_golden_id", "closing_scope", ["golden_id"], unique=False)
    op.create_table(
        "frozen_line",
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_frozen_line")),
    )
    op.create_table(
        "closing_approval",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("plan_hash", sa.String(), nullable=False),
        sa.Column("scope_hash", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("void_seq", sa.BigInteger(), nullable=True),
        sa.Column("void_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_approval")),
    )
    op.create_index("ix_closing_approval_closing_id", "closing_approval", ["closing_id"], unique=False)
    op.create_table(
        "closing_step",
        sa.Column("closing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("closing_id", "phase", name=op.f("pk_closing_step")),
    )
    op.create_table(
        "closing_deed",
        sa.Column("closing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("once", sa.String(), nullable=True),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("closing_id", "phase", "key", name=op.f("pk_closing_deed")),
    )
    op.create_table(
        "closing_journal",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_journal")),
    )
    op.create_index("ix_closing_journal_closing_id", "closing_journal", ["closing_id"], unique=False)
    op.create_table(
        "closing_task",
        sa.Column("closing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("due_on", sa.String(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("done_seq", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("closing_id", "id", name=op.f("pk_closing_task")),
    )
    op.create_table(
        "closing_notice",
        sa.Column("closing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_on", sa.String(), nullable=True),
        sa.Column("takes_effect_on", sa.String(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("closing_id", "id", name=op.f("pk_closing_notice")),
    )
    op.create_index("ix_closing_notice_message_id", "closing_notice", ["message_id"], unique=False)
    op.create_table(
        "closing_settlement",
        sa.Column("closing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("closing_id", "golden_id", name=op.f("pk_closing_settlement")),
    )
    op.create_table(
        "closing_statement",
        sa.Column("closing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("balances", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("closing_id", "golden_id", "version", name=op.f("pk_closing_statement")),
    )
    op.create_table(
        "closing_sample",
        sa.Column("closing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("signed_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("closing_id", "golden_id", name=op.f("pk_closing_sample")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("line", sa.String(), nullable=True),
        sa.Column("golden_id", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("released_seq", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index("ix_legal_hold_golden_id", "legal_hold", ["golden_id"], unique=False)
    op.create_table(
        "grave",
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("golden_id", name=op.f("pk_grave")),
    )
    op.create_table(
        "grave_key",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_grave_key")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
    )
    op.create_table(
        "retired_connection",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_retired_connection")),
    )


def _archives() -> None:
    op.create_table(
        "archive",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("restored_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
    )
    op.create_index(op.f("ix_archive_line"), "archive", ["line"], unique=False)
    op.create_table(
        "archive_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("class", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_key")),
    )
    op.create_index("ix_archive_key_line_customer", "archive_key", ["line", "customer"], unique=False)
