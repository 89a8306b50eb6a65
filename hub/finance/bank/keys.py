"""The key of a bank entry: the same however often and in whatever file it comes, another one for an equal second entry.

Entries that nothing tells apart, two coffees for 4.50 on one day, are numbered: the first, the second. What must be
right is how many there are, not which is which. A file that covers the day again shows the same ones again, so over
several files the greatest number counts and not the sum. Only where the proven balances say that two statements follow
one another, the closing balance of one being the opening balance of the next, do both show different entries, and
their numbers add up.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from hub.finance.bank.statement import Entry, Statement

NEAR = 64  # statements of an account that are remembered, the newest
MANY = 5_000  # kinds of entries of an account that are remembered
PASSED = 500  # balances of a day that are remembered
PATHS = 10_000  # steps looked at when statements are strung together


class Node(msgspec.Struct, array_like=True, frozen=True):
    """What is remembered of a proven statement: where it lies, and how often it holds what on its first and last day."""

    opening: int
    closing: int
    first: str
    last: str
    early: list[int]  # the balance before each entry of its first day
    late: list[int]  # and of its last
    counts: dict[str, int]

    def follows(self, path: Sequence[Node], day: str) -> bool:
        """Whether it goes on, within this day, where the last of the path ends, and shows other entries than the path.

        If it showed entries of the path again, one of the two would begin inside of the other: at a balance that the
        other one passes. Where that is so they may be the same, and it does not follow.
        """
        last = path[-1]
        if not self.first == day == last.last or self.opening != last.closing:
            return False
        return all(other.late[0] not in self.early and self.opening not in other.late for other in path)


class Memory(msgspec.Struct):
    """What is known of earlier files, so that the keys of later ones come out right."""

    nodes: dict[str, list[Node]] = {}  # by account
    split: dict[str, list[str]] = {}  # kinds of entries that came in parts, by account
    lumps: dict[str, list[str]] = {}  # kinds that came whole although they may be batches


class Keyed(NamedTuple):
    """An entry, or a part of one, under its key; `batch` is the key of the whole."""

    key: str
    entry: Entry
    batch: str | None = None


def kind(account: str, entry: Entry) -> str:
    """What tells an entry from others: the bank's reference where there is one, else all that it says."""
    told: tuple[str | None, ...] = ("reference", entry.reference)
    if entry.reference is None:
        value = entry.value_on.isoformat() if entry.value_on else None
        told = ("row", value, _plain(entry.text), _plain(entry.party), entry.party_account, entry.structured,
                entry.end_to_end)  # fmt: skip
    head = (account, entry.booked_on.isoformat(), str(entry.amount.minor), entry.amount.currency)
    text = "\x1f".join(part or "" for part in (*head, *told))
    return f"{entry.booked_on:%y%m%d}-{hashlib.blake2b(text.encode(), digest_size=9).hexdigest()}"


def keyed(statements: Sequence[Statement], memory: Memory) -> Iterator[tuple[Statement, list[Keyed], list[str]]]:
    """Yield each statement with its entries under their keys, and remarks; the memory learns of them.

    Of an entry that came whole in one place and in parts in another, the way it came first stays. Hand in together
    what came together: then the parts come first.
    """
    for statement in statements:
        account = statement.account or ""
        split = memory.split.setdefault(account, [])
        lumps = set(memory.lumps.get(account, ()))
        for entry in statement.entries:
            if entry.parts and (name := kind(account, entry)) not in split and name not in lumps:
                split.append(name)
        memory.split[account] = split[-MANY:]
    for statement in statements:
        yield _of(statement, memory)


def _of(statement: Statement, memory: Memory) -> tuple[Statement, list[Keyed], list[str]]:
    account = statement.account or ""
    split, lumps = set(memory.split.get(account, ())), memory.lumps.setdefault(account, [])
    kinds = [kind(account, entry) for entry in statement.entries]
    loose = Counter(name for name, entry in zip(kinds, statement.entries, strict=True) if entry.reference is None)
    totals = Counter(kinds) | _totals(statement, loose, memory)
    found: list[Keyed] = []
    remarks: list[str] = []
    told: Counter[str] = Counter()
    parts: Counter[tuple[str, str]] = Counter()
    for name, entry in zip(kinds, statement.entries, strict=True):
        if not entry.amount.minor:
            continue  # banks put remarks in the form of entries over nothing
        told[name] += 1
        whole = _numbered(f"{account}/{name}", told[name])
        if entry.parts and name in split:
            for part in entry.parts:
                inner = kind(account, part)
                parts[name, inner] += 1
                found.append(Keyed(_numbered(f"{account}/{name}/{inner[7:]}", parts[name, inner]), part, whole))
        elif name in split:
            continue  # its parts came elsewhere
        else:
            if entry.parts:
                remarks.append(f"the parts of a batch of {entry.amount} came after the batch itself: it stays whole")
            if entry.lump and name not in lumps:
                lumps.append(name)
            if told[name] == 1:  # of equal ones the first brings all there are
                found += [Keyed(_numbered(f"{account}/{name}", n), entry) for n in range(1, totals[name] + 1)]
    memory.lumps[account] = lumps[-MANY:]
    unique = {one.key: one for one in found}
    return statement, list(unique.values()), remarks


def _totals(statement: Statement, counts: Counter[str], memory: Memory) -> Counter[str]:
    """How many there are of each kind without a reference, as far as this statement and those linked to it tell."""
    if not statement.balanced or not statement.entries:
        return counts
    account = statement.account or ""
    nodes = memory.nodes.setdefault(account, [])
    node = _node(statement, counts)
    if node not in nodes:
        nodes.append(node)
    totals = Counter({name: _longest(name, count, nodes) for name, count in counts.items()})
    nodes.sort(key=lambda one: one.last)
    while len(nodes) > NEAR or (len(nodes) > 1 and sum(len(one.counts) for one in nodes) > MANY):
        nodes.pop(0)
    return totals


def _node(statement: Statement, counts: Counter[str]) -> Node:
    opening = statement.opening.minor if statement.opening else 0
    closing = statement.closing.minor if statement.closing else 0
    days = [entry.booked_on for entry in statement.entries]
    first, last = min(days), max(days)
    edges = {f"{first:%y%m%d}", f"{last:%y%m%d}"}
    early, late, at = [], [], opening
    for entry in sorted(statement.entries, key=lambda one: one.booked_on):
        early += [at] if entry.booked_on == first else []
        late += [at] if entry.booked_on == last else []
        at += entry.amount.minor
    open_ended = [closing]  # too many to remember: as if it passed its own end, so nothing follows
    return Node(
        opening, closing, f"{first:%y%m%d}", f"{last:%y%m%d}",
        early if len(early) <= PASSED else open_ended, late if len(late) <= PASSED else open_ended,
        {name: count for name, count in counts.items() if name[:6] in edges},
    )  # fmt: skip


def _longest(name: str, own: int, nodes: Sequence[Node]) -> int:
    """The most that one string of statements, each going on where another ends, holds of a kind."""
    holding = [node for node in nodes if name in node.counts]
    if len(holding) < 2:
        return own
    day, best, steps = name[:6], own, 0
    todo: list[tuple[tuple[Node, ...], int]] = [((node,), node.counts[name]) for node in holding]
    while todo and steps < PATHS:
        path, total = todo.pop()
        steps += 1
        best = max(best, total)
        todo += [((*path, node), total + node.counts.get(name, 0)) for node in nodes if node.follows(path, day)]
    return best


def _numbered(key: str, number: int) -> str:
    return key if number == 1 else f"{key}#{number}"


def _plain(text: str | None) -> str:
    """Letters and digits alone: one format cuts lines, another does not."""
    return re.sub(r"[\W_]+", "", (text or "").casefold())
