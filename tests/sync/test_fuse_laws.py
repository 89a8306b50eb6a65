"""Whatever is merged here, there, taken apart in whatever order and typed meanwhile: each ends with its own."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from test_fuse import run, world
from test_joins import golden_of, joined, parted
from test_parts import values_of
from test_properties import many
from world import IN_GROUPS, System

from hub.sync import fuse


class Town:
    """One, Two, Four, and Three, who belongs to one of them or to nobody; and what every one is to have in the end."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.w, _ = world({"versions": rng.random() < 0.7}, {}, new_key=rng.random() < 0.6, mapping=IN_GROUPS)
        for n, name in enumerate(("One", "Two", "Three", "Four"), 1):
            self.w.systems[0].add(n, name=name, phone=rng.choice([None, f"{n}{n}"]))
        self.w.sync()
        self.three, *self.heads = (golden_of(self.w, f"A{n}") for n in (3, 1, 2, 4))
        self.phones = {id: values_of(self.w, id).get("phones.main") for id in (self.three, *self.heads)}
        self.parent: str | None = None
        self.merges: list[int] = []
        for system in self.w.systems:
            system.customer_of = self.customer  # type: ignore[method-assign]

    def customer(self, our_id: str) -> int:
        """Whom a golden record stands for; nobody of its own where its records are gone."""
        found = [s.rows[k]["customer"] for s in self.w.systems for k in s.rows if self.home(k) == our_id]
        return int(found[0]) if found else 99

    def home(self, key: str) -> str | None:
        """Whose a record is, whatever was merged."""
        with self.w.store.read() as tx:
            rows = tx.rows("SELECT COALESCE(origin_id, golden_id) FROM record WHERE key = ?", key)
        return rows[0][0] if rows else None

    def there(self, system: System) -> list[str]:
        """The records that a system shows."""
        return [key for key, row in system.rows.items() if not row["gone"]]

    def own(self, system: System, id: str) -> list[str]:
        """The records there that are one's own."""
        return [key for key in self.there(system) if self.home(key) == id]

    def move(self) -> None:
        """A person puts Three under another one."""
        system = self.rng.choice(self.w.systems)
        (child,) = self.own(system, self.three)
        under = self.rng.choice([key for key in self.there(system) if key != child])
        if system.edit(child, "owner", under):
            self.parent = self.home(under)
        self.read()

    def phone(self) -> None:
        """A person types a number."""
        system = self.rng.choice(self.w.systems)
        key, number = self.rng.choice(self.there(system)), str(self.rng.randrange(1000, 10_000))
        if system.edit(key, "phone", number):
            self.phones[self.home(key) or ""] = number
        self.read()

    def read(self) -> None:
        """What was typed is read before a system's own merge could cover it."""
        self.w.sync(1)
        run(self.w, 2)

    def merge(self) -> None:
        """Two that are left become one."""
        with self.w.store.read() as tx:
            left = [r[0] for r in tx.rows("SELECT id FROM golden WHERE into_id IS NULL AND id IN ?", self.heads)]
        if len(left) > 1:
            self.merges.append(joined(self.w, *self.rng.sample(sorted(left), 2)))

    def part(self) -> None:
        """Any merge that stands is taken apart."""
        if self.merges:
            parted(self.w, self.merges.pop(self.rng.randrange(len(self.merges))))

    def fuse(self) -> None:
        """The system merges, and nothing is read yet."""
        fuse.fuse(self.w.walk, self.w.feeds["A"])

    def run(self) -> None:
        """The hub runs."""
        run(self.w, self.rng.randint(1, 3))

    def check(self) -> None:
        """Every one has one record in each system, which shows what is its own; and nothing is written any more."""
        writes = self.w.writes()
        run(self.w, 3)
        assert self.w.writes() == writes
        assert values_of(self.w, self.three).get("parent") == self.parent
        for system in self.w.systems:
            shown: dict[str, Any] = {
                id: [system.rows[key]["data"] for key in self.own(system, id)] for id in self.phones
            }
            assert {id: [data["phone"] for data in rows] for id, rows in shown.items()} == {
                id: [number] for id, number in self.phones.items()
            }
            owner = shown[self.three][0]["owner"]
            assert (self.home(owner) if owner else None) == self.parent


@many(0.15)
@given(st.integers(0, 2**32))
@example(1_616_465_824)  # an edit of a record that two merges over there have taken
@example(569)  # a value that a merge had lifted lost later: it is nobody else's word
def test_each_ends_with_its_own(seed: int) -> None:
    town = Town(random.Random(seed))
    acts = (town.move, town.move, town.phone, town.merge, town.merge, town.part, town.run, town.fuse)
    for _ in range(town.rng.randint(4, 12)):
        town.rng.choice(acts)()
    while town.merges:
        town.part()
        run(town.w, town.rng.randint(0, 2))
    run(town.w, 6)
    town.check()
