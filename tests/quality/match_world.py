"""A store with golden records of made-up persons and companies, and the finder on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from hub.config.duplicates import Duplicates
from hub.quality.match.find import Found, find
from hub.quality.match.profile import Profile
from hub.quality.match.profiles import PROFILES
from hub.store import Store
from hub.store.tables import golden, reference

FIRST = ["anna", "berta", "carl", "dora", "emil", "frieda", "georg", "hanna", "ivan", "jana", "karl", "lena"]
LAST = ["abend", "bauer", "conrad", "dietz", "ebert", "fink", "gruber", "huber", "imhof", "jung", "krauss", "lindner"]
STREETS = ["hauptstrasse", "ringweg", "parkallee", "seestrasse", "bergweg"]


class World:
    """Golden records that are put, changed, merged and archived, and the open pairs among them."""

    def __init__(self, folder: Path, url: str, rules: Duplicates | None = None) -> None:
        self.store = Store.open(url)
        self.folder = folder
        self.rules = rules or Duplicates(ask_at=0.5, merge_at=0.999)

    def put(self, model: str, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Write golden records, new ones and changed ones."""
        with self.store.begin() as tx:
            tx.upsert(
                golden,
                ("id", "model", "data", "into_id", "archived_at", "seq"),
                [
                    (id, model, msgspec.json.encode(values).decode(), None, None, tx.seq)
                    for id, values in records.items()
                ],
            )
            tx.run("DELETE FROM reference WHERE golden_id IN ?", list(records))
            tx.insert(
                reference,
                ("target_id", "golden_id", "field"),
                [(v["parent"], id, "parent") for id, v in records.items() if v.get("parent")],
            )

    def leave(self, id: str, *, into: str | None = None) -> None:
        """Archive a record, or merge it into another one."""
        with self.store.begin() as tx:
            tx.run(
                "UPDATE golden SET into_id = ?, archived_at = ?, seq = ? WHERE id = ?",
                into, None if into else 1, tx.seq, id,
            )  # fmt: skip

    def find(self, model: str = "contact", *, profile: Profile | None = None, **how: bool) -> Found:
        """Look for duplicates."""
        return find(self.store, self.folder / "cache", profile or PROFILES[model], self.rules, **how)

    def open(self) -> dict[tuple[str, str], tuple[float, str, str]]:
        """The open pairs: their sides to probability, zone and levels."""
        return {(r[0], r[1]): (r[2], r[3], r[4]) for r in self.pairs("open")}

    def pairs(self, state: str) -> list[tuple[Any, ...]]:
        """The pairs in a state."""
        with self.store.read() as tx:
            return tx.rows(
                "SELECT left_id, right_id, probability, zone, levels, id FROM pair WHERE state = ? ORDER BY left_id, right_id",
                state,
            )

    def reject(self, left: str, right: str) -> None:
        """Let a person say that these are two."""
        with self.store.begin() as tx:
            tx.run("UPDATE pair SET state = 'rejected' WHERE left_id = ? AND right_id = ?", left, right)


def person(rng: Random) -> dict[str, str]:
    """A person drawn by chance."""
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return {
        "first_name": first.title(),
        "last_name": last.title(),
        "emails.main": f"{first}.{last}{rng.randrange(99)}@example.com",
        "phones.main": f"+4930{rng.randrange(10**6, 10**7)}",
        "born_on": f"{rng.randrange(1950, 2000)}-0{rng.randrange(1, 10)}-{rng.randrange(10, 29)}",
        "addresses.main.street": f"{rng.choice(STREETS)} {rng.randrange(1, 99)}",
        "addresses.main.postal_code": f"1{rng.randrange(1000, 9999)}",
        "addresses.main.city": rng.choice(["Berlin", "Bonn", "Jena"]),
    }


def messy(rng: Random, values: Mapping[str, str]) -> dict[str, str]:
    """The same person as another system has it."""
    found = {k: v for k, v in values.items() if k.endswith("_name") or rng.random() > 0.2}
    name = rng.choice(["first_name", "last_name"])
    at = rng.randrange(1, len(found[name]))
    found[name] = found[name][:at] + rng.choice("aeiou") + found[name][at:]
    return found


def crowd(count: int, seed: int = 1, share: float = 0.3) -> dict[str, dict[str, str]]:
    """So many persons, and some of them once more: p7 and p7x are one."""
    rng = Random(seed)
    found: dict[str, dict[str, str]] = {}
    for number in range(count):
        found[f"p{number}"] = person(rng)
        if rng.random() < share:
            found[f"p{number}x"] = messy(rng, found[f"p{number}"])
    return found
