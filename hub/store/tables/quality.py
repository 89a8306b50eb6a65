"""Duplicates, what was decided about them, and the scorecards of data quality."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, LargeBinary, String, Table, Text

from hub.store.tables.base import metadata

pair = Table(
    "pair",
    metadata,
    Column("id", String, primary_key=True),  # short hash of the model and both ids
    Column("model", String, nullable=False),
    Column("left_id", String, nullable=False),  # left_id < right_id
    Column("right_id", String, nullable=False),
    Column("probability", Float, nullable=False),
    Column("weight", Float, nullable=False),  # log2 of how much likelier than not
    Column("zone", String, nullable=False),  # merge | ask
    Column("levels", Text, nullable=False),  # [{comparison, level, label, weight, left, right}]
    Column("state", String, nullable=False, default="open"),  # open | accepted | rejected | gone
    Column("found_seq", BigInteger, nullable=False),
    Column("decided_seq", BigInteger),
    Column("decided_by", String),
    Column("decided_at", BigInteger),
    Column("merge_id", BigInteger),
    Column("trained", String, nullable=False),  # digest of the trained model it was scored with
    Index("ix_pair_model_state", "model", "state"),
    Index("ix_pair_left_id", "left_id"),
    Index("ix_pair_right_id", "right_id"),
)

match_model = Table(
    "match_model",
    metadata,
    Column("model", String, primary_key=True),
    Column("shape", String, nullable=False),  # digest of what is compared and how; another one: train again
    Column("digest", String, nullable=False),  # of everything that decides a score
    Column("frozen", LargeBinary, nullable=False),  # the trained numbers, packed by hub.quality.match.frozen
    Column("data_digest", String, nullable=False),  # of the records it was trained on
    Column("records", BigInteger, nullable=False),  # how many those were
    Column("trained_at", BigInteger, nullable=False),
    Column("rules", String),  # digest of the settings under which everything was last compared
    Column("matched_seq", BigInteger, nullable=False, default=0),  # golden records up to here were compared
    Column("matched_at", BigInteger),
)

score = Table(
    "score",
    metadata,
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("model", String, primary_key=True),
    Column("connection", String, primary_key=True, default=""),  # empty: the golden records
    Column("line", String, primary_key=True, default=""),  # empty: all business lines
    Column("measure", String, primary_key=True),  # completeness, validity, uniqueness, timeliness, or check:NAME
    Column("good", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
)
