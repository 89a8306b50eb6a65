"""Identifiers that several share, what derive looked up, and tokens kept in the store."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "shared",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "golden_id", name=op.f("pk_shared")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shared_golden_id", "shared", ["golden_id"], unique=False)
    op.create_table(
        "asked",
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("cause_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("model", "field", "value", "cause_id", name=op.f("pk_asked")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_asked_cause_id", "asked", ["cause_id"], unique=False)
    op.create_table(
        "token",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_token")),
    )
