"""Faults: what goes wrong with the database itself, told as what a person can do about it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator

# what SQLite says, and what to do; anything else it says is a fault of ours
SQLITE = {
    "is locked": "another program holds it for long: a back-up, a viewer? Close it, or try again",
    "is busy": "another program holds it for long: a back-up, a viewer? Close it, or try again",
    "readonly database": "give the hub's user the right to write the file and its folder",
    "is full": "make room on the disk; what was stored so far is kept",
    "disk I/O error": "look after the disk, and at who may read the file; then try again",
    "unable to open": "is the folder there, and may the hub's user write in it?",
    "not a database": "is the path right? Take another file, or put a back-up back",
    "malformed": "put a back-up back, see docs/ops.md",
}


def told(error: BaseException) -> str | None:
    """What the database said and what to do; None for what is no fault of the database."""
    for cause in _causes(error):
        if isinstance(cause, sqlite3.Error):
            for words, then in SQLITE.items():
                if words in str(cause):
                    return f"{cause}; {then}"
        psycopg = sys.modules.get("psycopg")
        if psycopg is not None and isinstance(cause, psycopg.OperationalError | psycopg.errors.InsufficientPrivilege):
            said = " ".join(str(cause).split()) or type(cause).__name__
            return f"{said}; is the database up, and is its user allowed to? Then try again"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
