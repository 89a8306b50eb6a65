"""What the cursor holds: the files as they were read, what their entries teach about keys, and what became of statements.

It is stored in one transaction with the records, so it never says more than what is there.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from hub.finance.bank.keys import Memory
from hub_bank.places import Found

KEPT = 300  # statements told in the cursor, beside those of the last pull
SETTLED = 3  # seconds: a file changed less than this ago may change again within one tick of its clock


class Seen(msgspec.Struct, array_like=True, frozen=True):
    """A file as it was read; `changed` is 0 where the time proves nothing yet."""

    size: int
    changed: int
    digest: str


class State(msgspec.Struct):
    """All of it."""

    files: dict[str, Seen] = {}
    memory: Memory = msgspec.field(default_factory=Memory)
    refused: dict[str, str] = {}  # keys in quarantine, with the file each is from
    statements: list[dict[str, Any]] = []

    def unchanged(self, file: Found) -> bool:
        """Whether the file stands as it was read, as far as size and time tell."""
        seen = self.files.get(file.name)
        return seen is not None and seen.changed > 0 and (seen.size, seen.changed) == (file.size, file.changed)

    def note(self, file: Found, digest: str, now: float) -> None:
        """Remember a file that was read."""
        self.files[file.name] = Seen(file.size, file.changed if now - file.changed > SETTLED else 0, digest)

    def tell(self, summary: dict[str, Any]) -> None:
        """Add what became of a statement; one that was taken before stays as it was told then.

        One that is taken stands for those that were refused in its place.
        """
        for known in self.statements:
            if summary["state"] != "refused" and known["state"] == "refused" and known["slot"] == summary["slot"]:
                known["state"] = "replaced"
        for at, known in enumerate(self.statements):
            if known["id"] == summary["id"]:
                if summary["state"] == "overridden" or (known["state"], summary["state"]) == ("replaced", "taken"):
                    self.statements[at] = summary
                return
        self.statements.append(summary)

    def text(self) -> str:
        """The cursor."""
        return msgspec.json.encode(self).decode()


def state(cursor: str | None) -> State:
    """Read a cursor; older statements that were told long ago are dropped."""
    found = msgspec.json.decode(cursor, type=State) if cursor else State()
    found.statements = found.statements[-KEPT:]
    return found


def digest(data: bytes) -> str:
    """The fingerprint of a file's content."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
