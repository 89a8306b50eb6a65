"""The tables, a module a capability; importing this one knows them all."""

from hub.store.tables import archive, audit, closing, finance, quality
from hub.store.tables.base import Serial, metadata
from hub.store.tables.walk import (
    counter,
    dead_letter,
    derived,
    finding,
    golden,
    identifier,
    lease,
    lineage,
    merge,
    outbox,
    pending,
    quarantine,
    record,
    reference,
    run,
    stream,
)

__all__ = [
    "Serial",
    "archive",
    "audit",
    "closing",
    "counter",
    "dead_letter",
    "derived",
    "finance",
    "finding",
    "golden",
    "identifier",
    "lease",
    "lineage",
    "merge",
    "metadata",
    "outbox",
    "pending",
    "quality",
    "quarantine",
    "record",
    "reference",
    "run",
    "stream",
]
