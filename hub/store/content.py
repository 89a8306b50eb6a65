"""Files the hub made itself, kept by digest: a message names them, and who sends it fetches them here."""

from __future__ import annotations

import hashlib

from hub.store.store import Store
from hub.store.tables.finance import content as table
from hub.store.tx import Tx


def keep(tx: Tx, data: bytes) -> str:
    """Keep a file; return its digest. The same content is kept once."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    tx.insert(table, ("digest", "data", "seq"), [(digest, data, tx.seq)], ignore=True)
    return digest


def content(store: Store, digest: str) -> bytes | None:
    """The file with that digest, None where the hub keeps none. What was kept and is not what its digest says is none."""
    with store.read() as tx:
        rows = tx.rows("SELECT data FROM content WHERE digest = ?", digest)
    if not rows:
        return None
    data = bytes(rows[0][0])
    return data if f"sha256:{hashlib.sha256(data).hexdigest()}" == digest else None
