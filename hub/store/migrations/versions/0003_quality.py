"""Duplicates, what was decided about them, and the scorecards of data quality."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "pair",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("left_id", sa.String(), nullable=False),
        sa.Column("right_id", sa.String(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("levels", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("found_seq", sa.BigInteger(), nullable=False),
        sa.Column("decided_seq", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("merge_id", sa.BigInteger(), nullable=True),
        sa.Column("trained", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
    )
    op.create_index("ix_pair_model_state", "pair", ["model", "state"], unique=False)
    op.create_index("ix_pair_left_id", "pair", ["left_id"], unique=False)
    op.create_index("ix_pair_right_id", "pair", ["right_id"], unique=False)
    op.create_table(
        "match_model",
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("frozen", sa.LargeBinary(), nullable=False),
        sa.Column("data_digest", sa.String(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("trained_at", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.String(), nullable=True),
        sa.Column("matched_seq", sa.BigInteger(), nullable=False),
        sa.Column("matched_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_match_model")),
    )
    op.create_table(
        "score",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("good", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", "model", "connection", "line", "measure", name=op.f("pk_score")),
    )
