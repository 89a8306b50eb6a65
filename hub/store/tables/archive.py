"""Archives of a business line that were written, and the keys of their content; made by the migration `closing`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from hub.store.tables.base import metadata

archive = Table(
    "archive",
    metadata,
    Column("id", String, primary_key=True),  # the bag's name
    Column("line", String, nullable=False, index=True),
    Column("place", String, nullable=False),  # a folder or an s3:// address, with the bag's name
    Column("seal", String, nullable=False),  # SHA-256 of what was signed: the hashes of both tag manifests
    Column("public_key", String, nullable=False),
    Column("scope", String, nullable=False),  # SHA-256 of the ids that were asked for
    Column("counts", Text, nullable=False),  # {model: records}
    Column("bytes", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("written_by", String, nullable=False),
    Column("verified_at", BigInteger),
    Column("restored_at", BigInteger),
)

archive_key = Table(
    "archive_key",
    metadata,
    Column("id", String, primary_key=True),  # 32 hexadecimal digits drawn by chance
    Column("line", String, nullable=False),
    Column("customer", String, nullable=False),
    Column("class", String, nullable=False),  # of retention
    Column("wrapped", LargeBinary),  # by the line's key; null: destroyed
    Column("made_at", BigInteger, nullable=False),
    Column("destroyed_at", BigInteger),
    Index("ix_archive_key_line_customer", "line", "customer"),
)
