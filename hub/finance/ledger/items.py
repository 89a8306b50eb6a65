"""Open items: what is open on each document, taken over from the systems that issued it and kept by postings.

A document enters the ledger with an `opening` posting. What its own system changes later without us (somebody booked
a payment there) is an `elsewhere` posting, so that the sum of a document's postings is always what is open on it.
Our own postings reach that system by the outbox: what it shows less because of them is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from hub.finance.ledger.periods import first_open
from hub.finance.ledger.rows import POSTING, fresh_id, given_up_key
from hub.store import Store, Tx
from hub.store.tables.finance import item, posting
from hub.sync import Hub
from hub.sync.feed import HUB
from hub.sync.follow import survivors
from hub.sync.state import written_by_us

CHUNK = 2_000
COLUMNS = ("document_id", "customer_id", "currency", "open", "shown", "booked", "seq")
MARK = "items"  # the counter that says up to which change of golden records the ledger has looked
NOT_OWED = ("draft", "void")


class Item(NamedTuple):
    """A row of the table of that name."""

    document_id: str
    customer_id: str
    currency: str
    open: int
    shown: int
    booked: int
    seq: int


class Shown(NamedTuple):
    """What a document's own system says is open on it."""

    open: int
    currency: str
    connection: str
    ours: bool = False  # the hub wrote the figure there, so that it tells of nothing the ledger does not know


def take_in(hub: Hub, today: date) -> int:
    """Bring the open items up to date with what the systems show; return how many documents changed.

    Documents that one of our payments was booked on since are read again first. Raises Unavailable where a system
    does not answer: matching against stale figures would settle things twice.
    """
    store = hub.store
    stale = _stale(store)
    if stale:
        hub.refresh(stale)
    with store.read() as tx:
        rows = tx.rows("SELECT value FROM counter WHERE name = ?", MARK)
    since, upto = (rows[0][0] if rows else 0), store.sequence()
    moved, after = 0, ""
    while True:
        with store.read() as tx:
            found = tx.rows(
                "SELECT id, data FROM golden WHERE model = 'invoice' AND into_id IS NULL AND id > ? AND seq > ? "
                "ORDER BY id LIMIT " + str(CHUNK),
                after,
                since,
            )
        if not found:
            break
        after = found[-1][0]
        moved += _take(store, [(id, msgspec.json.decode(data)) for id, data in found], today)
    with store.begin(count=False) as tx:
        tx.run(
            "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            MARK,
            upto,
        )
    return moved


def _take(store: Store, documents: Sequence[tuple[str, Mapping[str, Any]]], today: date) -> int:
    ids = [id for id, _ in documents]
    with store.begin() as tx:
        shown = _shown(tx, ids)
        kept = {r[0]: Item(*r) for r in tx.rows(f"SELECT {', '.join(COLUMNS)} FROM item WHERE document_id IN ?", ids)}
        booked = _booked(tx, list(kept))
        into = survivors(tx, [str(v["customer"]) for _, v in documents if v.get("customer")])
        on = max(today, first_open(tx)).isoformat()
        items: list[Item] = []
        posts: list[tuple[Any, ...]] = []
        for id, values in documents:
            # what no system shows is known by its total alone: `open` and `state` may be what we said ourselves
            figure = shown.get(id) or _figure({"total": values.get("total")}, HUB)
            customer = into.get(str(values.get("customer")), values.get("customer"))
            if figure is None or not customer:
                continue
            owed = 0 if values.get("state") in NOT_OWED else _signed(values, figure.open)
            old = kept.get(id)
            if old is None and values.get("state") in NOT_OWED:
                continue
            if old is not None and old.currency != figure.currency:
                continue  # a document never changes its currency; the check of the books shows the difference
            change, new = _change(old, owed, booked.get((id, figure.connection), 0), figure.ours)
            base = old or Item(id, customer, figure.currency, 0, 0, 0, 0)
            made = base._replace(customer_id=customer, open=base.open + change, shown=owed, booked=new, seq=tx.seq)
            if made._replace(seq=base.seq) != base or old is None:
                items.append(made)
            if old is None or change:
                posts.append(_posting(tx, store, id, customer, figure, change, on, new=old is None))
        tx.upsert(item, COLUMNS, items)
        tx.insert(posting, POSTING, posts)
    return len(items)


def _change(old: Item | None, owed: int, booked: int, ours: bool) -> tuple[int, int]:
    """What changed without us, and how much of our postings is in the figure now.

    A figure that did not move has nothing of ours in it yet, whatever the system says of the payment; one that we wrote
    is what our postings made of it, whether or not the system shows the payment too.
    """
    if old is None:
        return owed, 0
    if ours:
        return 0, booked
    if owed == old.shown:
        return 0, old.booked
    return owed - old.shown + booked - old.booked, booked


def _posting(
    tx: Tx, store: Store, id: str, customer: str, figure: Shown, change: int, on: str, *, new: bool
) -> tuple[Any, ...]:
    kind = "opening" if new else "elsewhere"
    note = f"as {figure.connection} shows it"
    return (
        fresh_id(kind, id, tx.seq), kind, None, None, id, customer, change, figure.currency, change, 0, on, None, note,
        "hub", None, store.now(), tx.seq,
    )  # fmt: skip


def _shown(tx: Tx, ids: Sequence[str]) -> dict[str, Shown]:
    """What the systems that issued these documents show; records the hub made itself say nothing of their own."""
    found: dict[str, Shown] = {}
    rows = tx.rows(
        "SELECT r.golden_id, r.seen, r.marks, s.connection FROM record r JOIN stream s ON s.id = r.stream_id "
        "WHERE r.golden_id IN ? AND r.deleted_at IS NULL AND s.connection <> ? AND r.ours = ? "
        "ORDER BY r.stream_id, r.key",
        list(ids), HUB, False,
    )  # fmt: skip
    for id, seen, marks, connection in rows:
        figure = _figure(msgspec.json.decode(seen), connection, marks)
        if figure is not None and id not in found:
            found[id] = figure
    return found


def _figure(values: Mapping[str, Any], connection: str, marks: str | None = None) -> Shown | None:
    money, told_by = values.get("open"), "open"
    if money is None and values.get("total") is not None:
        money = [0 if values.get("state") == "paid" else values["total"][0], values["total"][1]]
        told_by = "state"
    return Shown(money[0], money[1], connection, written_by_us(marks, told_by)) if money else None


def _signed(values: Mapping[str, Any], open: int) -> int:
    return -abs(open) if values.get("kind") == "credit_note" else open


def _booked(tx: Tx, documents: Sequence[str]) -> dict[tuple[str, str], int]:
    """How much of our payments systems show as booked on documents: (document, connection) to minor units."""
    found: dict[tuple[str, str], int] = {}
    wanted = set(documents)
    rows = tx.rows(
        "SELECT r.seen, s.connection FROM record r JOIN stream s ON s.id = r.stream_id WHERE r.golden_id IN "
        "(SELECT payment_id FROM posting WHERE kind = 'allocation' AND document_id IN ? UNION "
        "SELECT h.golden_id FROM record h JOIN stream t ON t.id = h.stream_id WHERE t.connection = ? AND t.model = 'payment' "
        "AND h.key IN ?) AND r.deleted_at IS NULL AND s.connection <> ? AND s.model = 'payment'",
        list(documents), HUB, [given_up_key(id) for id in documents], HUB,
    )  # fmt: skip
    for seen, connection in rows:
        values = msgspec.json.decode(seen)
        for part in (*(values.get("allocations") or ()), *(values.get("adjustments") or ())):
            if part.get("invoice") in wanted and part.get("amount"):
                at = (part["invoice"], connection)
                found[at] = found.get(at, 0) + int(part["amount"][0])
    return found


def _stale(store: Store) -> list[str]:
    """Documents that a system booked a payment of ours on since it last showed them."""
    fresh = (
        "SELECT r.golden_id FROM record r JOIN stream s ON s.id = r.stream_id AND s.model = 'payment' AND s.connection <> ? "
        "WHERE r.receipt_seq > (SELECT coalesce(max(value), 0) FROM counter WHERE name = ?)"
    )
    with store.read() as tx:
        rows = tx.rows(
            f"SELECT DISTINCT p.document_id FROM posting p WHERE p.kind = 'allocation' AND p.payment_id IN ({fresh})",
            HUB,
            MARK,
        )
        rows += tx.rows(
            "SELECT h.key FROM record h JOIN stream t ON t.id = h.stream_id AND t.connection = ? AND t.model = 'payment' "
            f"WHERE h.key LIKE ? AND h.golden_id IN ({fresh})",
            HUB, given_up_key("%"), HUB, MARK,
        )  # fmt: skip
    return sorted({row[0].removesuffix(given_up_key("")) for row in rows})


def move(tx: Tx, effects: Mapping[str, int]) -> None:
    """Change what is open on documents by the effect of postings written in the same transaction."""
    rows = of(tx, effects)
    changed = [one._replace(open=one.open + effects[id], seq=tx.seq) for id, one in rows.items() if effects[id]]
    tx.upsert(item, COLUMNS, changed)


def of(tx: Tx, ids: Iterable[str]) -> dict[str, Item]:
    """The items of documents."""
    rows = tx.rows(f"SELECT {', '.join(COLUMNS)} FROM item WHERE document_id IN ?", sorted(set(ids)))
    return {row[0]: Item(*row) for row in rows}
