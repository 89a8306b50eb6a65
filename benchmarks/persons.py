"""Golden records of persons by the hundred thousand, with duplicates and the truth, put straight into a hub's store.

A person's duplicate is the same person with a typo, a nickname, a move, a missing field or another phone, as two
systems would hold it. The same seed gives the same records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

LETTERS = "abcdefghijklmnopqrstuvwxyz"
STARTS = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "fr",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "sch",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
]
MIDDLES = ["a", "e", "i", "o", "u", "ai", "au", "ei", "ie", "ou"]
ENDS = [
    "n",
    "r",
    "l",
    "s",
    "m",
    "ck",
    "rt",
    "nd",
    "ng",
    "tz",
    "ss",
    "ll",
    "ler",
    "ner",
    "man",
    "son",
    "berg",
    "stein",
    "feld",
]
SHARE = 0.2  # of all records that are another record's duplicate


def _words(rng: Random, count: int, parts: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choice(STARTS) + rng.choice(MIDDLES) for _ in range(parts)) + rng.choice(ENDS)] = None
    return list(found)


def persons(count: int, seed: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield id and values; the ids of two records of one person begin alike: p17-0, p17-1."""
    rng = Random(seed)
    given, family = _words(rng, 3_000, 1), _words(rng, 40_000, 2)
    streets, cities = _words(rng, 20_000, 2), _words(rng, 3_000, 2)

    def skewed(items: list[str]) -> str:
        at = min(int(rng.paretovariate(0.6)) - 1, len(items) - 1) if rng.random() < 0.3 else rng.randrange(len(items))
        return items[at]

    made = number = 0
    while made < count:
        at = rng.randrange(len(cities))
        person = {
            "first_name": skewed(given),
            "last_name": skewed(family),
            "emails.main": f"{rng.choice(given)}.{number}@mail{rng.randrange(500)}.example",
            "phones.main": f"+49{rng.randrange(10**9, 10**10)}",
            "born_on": f"{rng.randrange(1940, 2005)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
            "addresses.main.street": f"{rng.choice(streets)}strasse {rng.randrange(1, 200)}",
            "addresses.main.postal_code": f"{10_000 + at * 29}",
            "addresses.main.city": cities[at],
        }
        for copy in range(2 if rng.random() < SHARE / (1 - SHARE) else 1):
            if made < count:
                yield f"p{number}-{copy}", _messy(rng, person, streets) if copy else _thin(rng, person)
                made += 1
        number += 1


def _thin(rng: Random, person: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in person.items() if k.endswith("_name") or rng.random() > 0.1}


def _messy(rng: Random, person: dict[str, str], streets: list[str]) -> dict[str, str]:
    found = dict(person)
    if rng.random() < 0.25:
        found["emails.main"] = f"{found['last_name']}{rng.randrange(10**6)}@mail.example"
    if rng.random() < 0.25:
        found["phones.main"] = f"+49{rng.randrange(10**9, 10**10)}"
    if rng.random() < 0.1:
        found["addresses.main.street"] = f"{rng.choice(streets)}strasse {rng.randrange(1, 200)}"
    if rng.random() < 0.05:
        found["first_name"], found["last_name"] = found["last_name"], found["first_name"]
    for name in ("first_name", "last_name", "addresses.main.street", "addresses.main.city"):
        if rng.random() < 0.12:
            found[name] = typo(rng, found[name])
    return _thin(rng, found)


def typo(rng: Random, text: str) -> str:
    """Put in, leave out, replace or swap one letter."""
    at = rng.randrange(len(text) - 1)
    return rng.choice([
        text[:at] + rng.choice(LETTERS) + text[at:],
        text[:at] + text[at + 1 :],
        text[:at] + rng.choice(LETTERS) + text[at + 1 :],
        text[:at] + text[at + 1] + text[at] + text[at + 2 :],
    ])  # fmt: skip


def fill(store: object, count: int, seed: int) -> None:
    """Put the persons into a store as golden records, ten thousand a transaction."""
    from hub.store.tables import golden

    rows: list[tuple[str, str, str]] = []
    for id, values in persons(count, seed):
        rows.append((id, "contact", json.dumps(values)))
        if len(rows) == 10_000:
            _put(store, golden, rows)
            rows = []
    _put(store, golden, rows)


def _put(store: object, golden: object, rows: list[tuple[str, str, str]]) -> None:
    if rows:
        with store.begin() as tx:  # type: ignore[attr-defined]
            tx.insert(golden, ("id", "model", "data", "seq"), [(*row, tx.seq) for row in rows])
