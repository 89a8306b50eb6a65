"""The closing of a business line: plan, scope, gates, journal, notices, holds, certificates, graves.

What is approved is bound to `closing.plan_hash` and `closing.scope_hash`; what is done stands in `closing_step`
(a row a phase), `closing_deed` (a row for each act on something outside, by its idempotency key) and `closing_journal`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from hub.store.tables.base import Serial, metadata

closing = Table(
    "closing",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("line", String, nullable=False),
    Column("state", String, nullable=False),  # open | paused | back | closed
    Column("author", String, nullable=False),  # who wrote the plan that is in force
    Column("plan", Text, nullable=False),
    Column("plan_hash", String, nullable=False),
    Column("scope_hash", String, nullable=False),
    Column("begun_seq", BigInteger, nullable=False),
    Column("planned_seq", BigInteger, nullable=False),  # since when this plan is in force
    Column("final_seq", BigInteger),  # the point of no return was passed here
    Column("ended_seq", BigInteger),
    Index("ix_closing_line", "line"),
)

scope = Table(
    "closing_scope",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=False),
    Column("golden_id", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("kind", String, nullable=False),  # own: it goes; shared: it stays and is only detached
    Column("gone_seq", BigInteger),
    Index("ix_closing_scope_golden_id", "golden_id"),
    sqlite_with_rowid=False,
)

frozen_line = Table(
    "frozen_line",
    metadata,
    Column("line", String, primary_key=True),
    Column("closing_id", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

approval = Table(
    "closing_approval",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("closing_id", Integer, nullable=False),
    Column("gate", String, nullable=False),
    Column("person", String, nullable=False),
    Column("role", String, nullable=False),
    Column("plan_hash", String, nullable=False),
    Column("scope_hash", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("void_seq", BigInteger),
    Column("void_why", Text),
    Index("ix_closing_approval_closing_id", "closing_id"),
)

step = Table(
    "closing_step",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=False),
    Column("phase", String, primary_key=True),
    Column("state", String, nullable=False),  # running | done | undone
    Column("place", Text),  # where the batch runner goes on
    Column("done", BigInteger, nullable=False, default=0),
    Column("total", BigInteger),
    Column("result", Text),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("seq", BigInteger, nullable=False),
)

deed = Table(
    "closing_deed",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=False),
    Column("phase", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("state", String, nullable=False),  # due | sent | done | refused | unknown
    Column("once", String),
    Column("data", Text),
    Column("seq", BigInteger, nullable=False),
)

journal = Table(
    "closing_journal",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("closing_id", Integer, nullable=False),
    Column("phase", String, nullable=False),
    Column("kind", String, nullable=False),  # begun, ended, note, deviation, addendum, ...
    Column("text", Text, nullable=False),
    Column("data", Text),
    Column("who", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("ix_closing_journal_closing_id", "closing_id"),
)

task = Table(
    "closing_task",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("phase", String, nullable=False),  # the gate before which it must be done; empty: no gate
    Column("owner", String),
    Column("due_on", String),
    Column("after", Text),  # ids of tasks that come first, JSON
    Column("source", String, nullable=False),  # plan | notice | closeout
    Column("done_seq", BigInteger),
    Column("done_by", String),
    Column("done_at", BigInteger),
    Column("proof", Text),
)

notice = Table(
    "closing_notice",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String, primary_key=True),  # notice/recipient/0 for the first letter, 1... for reminders
    Column("notice", String, nullable=False),
    Column("golden_id", String, nullable=False),
    Column("name", Text),
    Column("address", Text),
    Column("language", String),
    Column("channel", String, nullable=False),  # mail | letter
    Column("state", String, nullable=False),  # due | sending | sent | delivered | bounced | unknown | refused | missing
    Column("due_on", String),
    Column("takes_effect_on", String),
    Column("message_id", String),
    Column("sent_at", BigInteger),
    Column("proof", Text),
    Column("seq", BigInteger, nullable=False),
    Index("ix_closing_notice_message_id", "message_id"),
)

settlement = Table(
    "closing_settlement",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=False),
    Column("golden_id", String, primary_key=True),
    Column("how", String, nullable=False),
    Column("note", Text),
    Column("person", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("digest", String, nullable=False),  # of the values decided upon; a later change opens the item again
)

statement = Table(
    "closing_statement",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=False),
    Column("golden_id", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String, nullable=False),
    Column("balances", Text, nullable=False),  # {currency: minor units}
    Column("file", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

sample = Table(
    "closing_sample",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=False),
    Column("golden_id", String, primary_key=True),
    Column("why", String, nullable=False),  # random | risk
    Column("digest", String, nullable=False),
    Column("person", String),
    Column("verdict", String),  # right | wrong
    Column("note", Text),
    Column("signed_seq", BigInteger),
)

hold = Table(
    "legal_hold",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("line", String),  # all of a line, or
    Column("golden_id", String),  # one record; for a customer also all that refers to it
    Column("reason", Text, nullable=False),
    Column("person", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("released_seq", BigInteger),
    Column("released_by", String),
    Column("released_why", Text),
    Index("ix_legal_hold_golden_id", "golden_id"),
)

grave = Table(
    "grave",
    metadata,
    Column("golden_id", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("line", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

grave_key = Table(
    "grave_key",
    metadata,
    Column("digest", String, primary_key=True),  # of connection, stream and key, so that no key outlives its record
    Column("golden_id", String, nullable=False),
    Column("erased", Boolean, nullable=False),  # whether the source has deleted it too
)

certificate = Table(
    "certificate",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("closing_id", Integer, nullable=False),
    Column("content", Text, nullable=False),  # the signed JSON
    Column("digest", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

retired = Table(
    "retired_connection",
    metadata,
    Column("connection", String, primary_key=True),
    Column("closing_id", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
