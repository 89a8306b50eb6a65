"""What the walk keeps. Times are microseconds since 1970 in UTC, sequences come from the hub's own counter.

`record` is both the landed state of a record and its link to a golden record, so that a first sync writes one row
for both. While a record waits, `payload` and `landed` are ahead of what was merged (`seen`, `version`, `changed_at`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from hub.store.tables.base import Serial, metadata

counter = Table(
    "counter",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

stream = Table(
    "stream",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("connection", String, nullable=False),
    Column("name", String, nullable=False),
    Column("model", String, nullable=False),
    Column("cursor", Text),
    Column("read_to_end", Boolean, nullable=False, default=False),
    Column("mapping_digest", String),
    Column("push_digest", String),  # of the settings that decide what is written; a change compares everything again
    Column("compared_seq", BigInteger, nullable=False, default=0),
    Column("created_seq", BigInteger, nullable=False, default=0),
    Column("synced_at", BigInteger),
    Index("ix_stream_connection_name", "connection", "name", unique=True),
)

record = Table(
    "record",
    metadata,
    Column("key", String, primary_key=True),
    Column("stream_id", Integer, primary_key=True, autoincrement=False),
    Column("golden_id", String, index=True),
    Column("origin_id", String),  # golden record it belonged to before a merge; null: the same
    Column("digest", LargeBinary),
    Column("payload", LargeBinary),
    Column("landed", Text),  # [version, changed_at, deleted, our_id] while it differs from what was merged
    Column("waiting", SmallInteger, nullable=False, default=0),  # 0 merged, 1 to be merged, 2 in quarantine
    Column("seen", Text, nullable=False, default="{}"),
    Column("marks", Text),
    Column("ours", Boolean, nullable=False, default=False),
    Column("version", String),
    Column("changed_at", BigInteger),
    Column("deleted_at", BigInteger),
    Column("receipt_seq", BigInteger, nullable=False, default=0),
    Index(
        "ix_record_waiting",
        "stream_id",
        postgresql_where=text("waiting > 0"),
        sqlite_where=text("waiting > 0"),
    ),
)

golden = Table(
    "golden",
    metadata,
    Column("id", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("data", Text, nullable=False),
    Column("first", Text),  # stamp of every field that has none of its own
    Column("stamps", Text),
    Column("into_id", String),
    Column("archived_at", BigInteger),
    Column("seq", BigInteger, nullable=False),
    Index("ix_golden_model_seq", "model", "seq"),
)

identifier = Table(
    "identifier",
    metadata,
    Column("name", String, primary_key=True),  # model:scheme:value
    Column("golden_id", String, nullable=False),
    sqlite_with_rowid=False,
)

shared = Table(  # golden records that are known by one identifier together, such as the address of an office
    "shared",
    metadata,
    Column("name", String, primary_key=True),
    Column("golden_id", String, primary_key=True),
    Index("ix_shared_golden_id", "golden_id"),
    sqlite_with_rowid=False,
)

asked = Table(  # what `derive` looked up for a golden record: it is asked again when the answer may be another
    "asked",
    metadata,
    Column("model", String, primary_key=True),  # empty: a day, in `value`
    Column("field", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("cause_id", String, primary_key=True),
    Index("ix_asked_cause_id", "cause_id"),
    sqlite_with_rowid=False,
)

reference = Table(
    "reference",
    metadata,
    Column("target_id", String, primary_key=True),
    Column("golden_id", String, primary_key=True),
    Column("field", String, primary_key=True),
    Index("ix_reference_golden_id", "golden_id"),
    sqlite_with_rowid=False,
)

pending = Table(
    "pending",
    metadata,
    Column("target_stream_id", Integer, primary_key=True, autoincrement=False),
    Column("target_key", String, primary_key=True),
    Column("stream_id", Integer, primary_key=True, autoincrement=False),
    Column("key", String, primary_key=True),
    sqlite_with_rowid=False,
)

derived = Table(
    "derived",
    metadata,
    Column("cause_id", String, primary_key=True),
    Column("stream_id", Integer, primary_key=True, autoincrement=False),
    Column("key", String, primary_key=True),
    sqlite_with_rowid=False,
)

lineage = Table(
    "lineage",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("golden_id", String, nullable=False),
    Column("field", String, nullable=False),
    Column("value", Text),
    Column("stamp", Text, nullable=False),
    Column("stream_id", Integer),
    Column("key", String),
    Column("seq", BigInteger, nullable=False),
    Column("class", SmallInteger, nullable=False),
    Column("won", Boolean, nullable=False),
    Column("over", Text),
    Index("ix_lineage_golden_id_field", "golden_id", "field"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("stream_id", Integer, primary_key=True, autoincrement=False),
    Column("golden_id", String, primary_key=True),
    Column("key", String, primary_key=True, default=""),  # empty: a create
    Column("state", String, nullable=False, default="queued"),  # queued | sent
    Column("seq", BigInteger, nullable=False),
    Column("want", Text),  # {field: [value, stamp]}, frozen while sent
    Column("once", String),
    Column("expect", String),
    Column("sent_at", BigInteger),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False, default=0),
    Column("note", Text),  # why it still waits
    Index("ix_outbox_stream_id_seq", "stream_id", "seq"),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("stream_id", Integer, nullable=False),
    Column("golden_id", String, nullable=False),
    Column("key", String, nullable=False, default=""),
    Column("want", Text, nullable=False),  # {field: value}
    Column("message", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_dead_letter_golden_id", "golden_id"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("stream_id", Integer, nullable=False),
    Column("key", String, nullable=False),
    Column("mapping", String, nullable=False),
    Column("field", String),
    Column("value", Text),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_quarantine_stream_id_key", "stream_id", "key"),
)

token = Table(  # tokens that change with their use, sealed by the key that hub.toml names
    "token",
    metadata,
    Column("name", String, primary_key=True),
    Column("sealed", Text, nullable=False),
)

merge = Table(
    "merge",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("survivor_id", String, nullable=False, index=True),
    Column("loser_id", String, nullable=False, index=True),
    Column("seq", BigInteger, nullable=False),
    Column("survivor", Text, nullable=False),  # snapshot {data, first, stamps, archived_at}
    Column("loser", Text, nullable=False),
    Column("done_by", String, nullable=False),
    Column("done_at", BigInteger, nullable=False),
    Column("undone_seq", BigInteger),
    Column("undone_by", String),
    Column("undone_at", BigInteger),
)

finding = Table(
    "finding",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("run_id", BigInteger, index=True),
    Column("kind", String, nullable=False),
    Column("stream_id", Integer),
    Column("key", String),
    Column("golden_id", String),
    Column("field", String),
    Column("text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", String),  # fine | findings | failed
    Column("counts", Text),
    Column("error", Text),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
