"""Dunning: who is to be reminded, at which stage, and who is not while something is unclear; the letters are drafts.

A stage is reached by the oldest open document, a step at a time: nobody gets the last letter first. A person releases
each draft; then it goes out as any other mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from hub.audit import append
from hub.config.finance import Finance
from hub.errors import ConfigError
from hub.finance.account import account, document
from hub.finance.ledger.ageing import Open, items
from hub.finance.ledger.views import names
from hub.finance.letters import letter
from hub.model import Money
from hub.paper.pdf import pdf
from hub.store import Store, Tx
from hub.store.content import keep
from hub.store.tables.finance import reminder
from hub.sync import Hub
from hub.sync.feed import HUB
from hub.sync.say import Said

COLUMNS = ("customer_id", "made_on", "stage", "message_id", "data", "by", "seq")
PDF = "application/pdf"


class Case(NamedTuple):
    """A customer with overdue documents: the stage reached, and why no reminder goes out, empty where one does."""

    customer: str
    customer_name: str
    stage: int
    template: str
    days: int
    total: list[Money]
    documents: list[Open]
    last: str | None
    paused: str


def cases(store: Store, finance: Finance, today: date) -> list[Case]:
    """Everybody with documents past the first stage, the longest overdue first."""
    owing: dict[str, list[Open]] = {}
    for one in items(store, today):
        owing.setdefault(one.customer, []).append(one)
    late = {id: [o for o in some if o.days >= finance.dunning[0].days and o.open > 0] for id, some in owing.items()}
    late = {id: some for id, some in late.items() if some}
    with store.read() as tx:
        sent = _sent(tx, list(late))
        why = _paused(tx, late)
    found = []
    for id, some in late.items():
        days = max(one.days for one in some)
        begun = min(one.due_on or one.issued_on or "" for one in some)
        before = [(on, stage) for on, stage in sent.get(id, ()) if on > begun]
        stage = _stage(finance, days, before, today)
        credit = sum(o.open for o in owing[id] if o.open < 0 and o.currency == some[0].currency)
        total = _sums(some)
        paused = why.get(id, "")
        if not paused and credit and len(total) == 1 and total[0].minor + credit <= 0:
            paused = "credit notes cover it"
        if not paused and before and before[-1][1] == stage:
            paused = f"reminded on {before[-1][0]}"
        found.append(Case(
            id, some[0].customer_name, stage + 1, finance.dunning[stage].template, days, total, some,
            before[-1][0] if before else None, paused,
        ))  # fmt: skip
    return sorted(found, key=lambda one: (-one.days, one.customer_name, one.customer))


def _stage(finance: Finance, days: int, before: Sequence[tuple[str, int]], today: date) -> int:
    """The stage that so many days reach: one further than the last letter at most, and no sooner than stages lie apart."""
    reached = max(n for n, stage in enumerate(finance.dunning) if n == 0 or days >= stage.days)
    if not before:
        return 0
    on, last = before[-1]
    last = min(last, len(finance.dunning) - 1)
    apart = finance.dunning[min(last + 1, len(finance.dunning) - 1)].days - finance.dunning[last].days
    waited = (today - date.fromisoformat(on)).days
    return max(last, min(reached, last + 1 if waited >= apart else last))


def _sums(some: Iterable[Open]) -> list[Money]:
    sums: dict[str, int] = {}
    for one in some:
        sums[one.currency] = sums.get(one.currency, 0) + one.open
    return [Money(minor, code) for code, minor in sorted(sums.items())]


def _sent(tx: Tx, customers: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    rows = tx.rows(
        "SELECT customer_id, made_on, stage FROM reminder WHERE customer_id IN ? ORDER BY customer_id, made_on",
        list(customers),
    )
    for customer, on, stage in rows:
        found.setdefault(customer, []).append((on, stage))
    return found


def _paused(tx: Tx, late: Mapping[str, Sequence[Open]]) -> dict[str, str]:
    """Why customers are left alone: a payment of theirs is being looked at, or something is in dispute."""
    found: dict[str, str] = {}
    whose = {one.document: id for id, some in late.items() for one in some}
    for customer, payer, status, data in tx.rows(
        "SELECT s.customer_id, g.data, s.status, d.data FROM settlement s JOIN golden g ON g.id = s.payment_id "
        "JOIN decision d ON d.id = s.decision_id WHERE g.model = 'payment' "
        "AND (s.step IN ('open', 'proposed', 'approval', 'held') OR s.unapplied > 0)"
    ):
        told = msgspec.json.decode(data)
        named = (
            {customer} | set(told.get("customers", ())) | {whose.get(d) for g in told.get("candidates", ()) for d in g}
        )
        named |= {whose.get(line[1]) for line in told.get("lines", ())}
        by = msgspec.json.decode(payer).get("payer")
        for id in named & late.keys():
            found[str(id)] = f"a payment of theirs is looked at ({status}{', from ' + by if by else ''})"
    for id, some in late.items():
        numbers = {one.number.casefold() for one in some}
        for model, data in tx.rows(
            "SELECT g.model, g.data FROM reference r JOIN golden g ON g.id = r.golden_id "
            "WHERE r.target_id = ? AND g.model IN ('ticket', 'payment') AND g.into_id IS NULL",
            id,
        ):
            values = msgspec.json.decode(data)
            if model == "payment" and values.get("state") == "disputed":
                found[id] = "a payment is disputed"
            text = f"{values.get('subject') or ''} {values.get('body') or ''}".casefold()
            if (
                model == "ticket"
                and values.get("state") in ("new", "open", "waiting")
                and any(n in text for n in numbers)
            ):
                found[id] = f"ticket {values.get('number') or ''} about it is open".replace("  ", " ")
    return found


def draft(hub: Hub, finance: Finance, chosen: Sequence[str], by: str, today: date) -> list[tuple[Case, str]]:
    """Write the reminders that are due as drafts, each with the statement of account; return them with their mails' ids.

    Raises ConfigError for a customer nobody is to remind, and for one without an e-mail address.
    """
    store = hub.store
    known = {case.customer: case for case in cases(store, finance, today)}
    for id in chosen:
        if id not in known:
            raise ConfigError(f"dunning: {id} owes nothing that is late enough; see hub dunning list")
        if known[id].paused:
            raise ConfigError(f"dunning: {known[id].customer_name}: {known[id].paused}; nothing goes out meanwhile")
    due = [known[id] for id in chosen] if chosen else [case for case in known.values() if not case.paused]
    due = _still(store, due)
    missing = set(chosen) - {case.customer for case in due}
    if missing:
        raise ConfigError(f"dunning: {known[min(missing)].customer_name}: what was late on {today} is settled by now")
    made = []
    for case in due:
        address, language = _address(store, case.customer)
        if address is None:
            if chosen:
                raise ConfigError(f"dunning: {case.customer_name} has no e-mail address; add one in the CRM")
            continue
        made.append((case, _write(hub, finance, case, address, language, by, today)))
    return made


def _still(store: Store, due: Sequence[Case]) -> list[Case]:
    """The cases with those of their documents that are open now too: nobody is reminded of what was paid since."""
    with store.read() as tx:
        rows = tx.rows(
            "SELECT document_id FROM item WHERE open > 0 AND document_id IN ?",
            sorted({one.document for case in due for one in case.documents}),
        )
    open_now = {row[0] for row in rows}
    found = []
    for case in due:
        some = [one for one in case.documents if one.document in open_now]
        if some:
            found.append(case._replace(documents=some, total=_sums(some)))
    return found


def _write(hub: Hub, finance: Finance, case: Case, address: str, language: str | None, by: str, today: date) -> str:
    store = hub.store
    paper = pdf(document(account(store, case.customer, today), finance.sender))
    lines = "\n".join(
        f"  {one.number}   due {one.due_on or '-'}   {Money(one.open, one.currency)}" for one in case.documents
    )
    words = letter(hub.project.root / finance.templates, case.template, language, {
        "customer": case.customer_name, "total": ", ".join(map(str, case.total)), "items": lines,
        "days": str(case.days), "day": today.isoformat(), "sender": finance.sender or "",
    })  # fmt: skip
    key = f"dunning/{case.customer}/{today}"
    with store.begin() as tx:
        digest = keep(tx, paper)
    values = {
        "direction": "out", "channel": "email", "state": "draft", "recipients": [address], "subject": words.subject,
        "body": words.body, "customer": case.customer,
        "attachments": [{
            "name": f"statement-{today}.pdf", "media_type": PDF, "size": len(paper), "digest": digest,
        }],
    }  # fmt: skip
    hub.say([Said(key, "message", values)])
    with store.begin() as tx:
        id = _golden(tx, key)
        data = {"total": [list(msgspec.to_builtins(money)) for money in case.total], "state": "draft", "to": address,
                "documents": [one.document for one in case.documents]}  # fmt: skip
        row = (case.customer, today.isoformat(), case.stage - 1, id, msgspec.json.encode(data).decode(), by, tx.seq)
        tx.upsert(reminder, COLUMNS, [row])
        append(
            tx, by, "finance reminder", {"customer": case.customer, "stage": case.stage, "message": id}, at=store.now()
        )
    return id or key


def release(hub: Hub, chosen: Sequence[str], by: str) -> list[str]:
    """Let drafts go: they are sent by the next sync. Returns the ids of the mails; raises ConfigError where none waits."""
    store = hub.store
    with store.read() as tx:
        rows = tx.rows("SELECT customer_id, made_on, message_id FROM reminder ORDER BY customer_id, made_on")
        drafts = {r[0]: r for r in tx.rows("SELECT id, data FROM golden WHERE id IN ?", [r[2] for r in rows if r[2]])}
    waiting = {
        customer: (f"dunning/{customer}/{on}", id)
        for customer, on, id in rows
        if id in drafts and msgspec.json.decode(drafts[id][1]).get("state") == "draft"
    }
    missing = next((id for id in chosen if id not in waiting), None)
    if missing is not None or not waiting:
        raise ConfigError(
            f"dunning: no draft waits{f' for {missing}' if missing else ''}; make one with: hub dunning draft"
        )
    gone = {id: place for id, place in waiting.items() if not chosen or id in chosen}
    hub.say([Said(key, "message", _said(hub, key) | {"state": "queued"}) for key, _ in gone.values()])
    with store.begin() as tx:
        for customer, (_, id) in sorted(gone.items()):
            append(tx, by, "finance reminder released", {"customer": customer, "message": id}, at=store.now())
    return [id for _, id in gone.values()]


def follow_up(hub: Hub) -> int:
    """Take note of reminders that have gone out: their mail stands among the sent ones of a mailbox."""
    with hub.store.read() as tx:
        rows = tx.rows(
            "SELECT DISTINCT m.customer_id, m.made_on, g.data FROM reminder m JOIN golden g ON g.id = m.message_id "
            "JOIN record r ON r.golden_id = g.id AND r.deleted_at IS NULL JOIN stream s ON s.id = r.stream_id "
            "WHERE s.connection <> ?",
            HUB,
        )
    keys = [f"dunning/{c}/{on}" for c, on, data in rows if msgspec.json.decode(data).get("state") == "queued"]
    return hub.say([Said(key, "message", _said(hub, key) | {"state": "sent"}) for key in keys]) if keys else 0


def _said(hub: Hub, key: str) -> dict[str, Any]:
    with hub.store.read() as tx:
        rows = tx.rows(
            "SELECT r.seen FROM record r JOIN stream s ON s.id = r.stream_id WHERE s.connection = ? AND s.name = 'message' "
            "AND r.key = ?",
            HUB,
            key,
        )
    found: dict[str, Any] = msgspec.json.decode(rows[0][0])
    return found


def _golden(tx: Tx, key: str) -> str | None:
    rows = tx.rows(
        "SELECT r.golden_id FROM record r JOIN stream s ON s.id = r.stream_id WHERE s.connection = ? "
        "AND s.name = 'message' AND r.key = ?",
        HUB, key,
    )  # fmt: skip
    return rows[0][0] if rows else None


def _address(store: Store, customer: str) -> tuple[str | None, str | None]:
    """Where bills of a customer go to, and its language."""
    with store.read() as tx:
        rows = tx.rows("SELECT data FROM golden WHERE id = ?", customer)
    values = msgspec.json.decode(rows[0][0]) if rows else {}
    emails = {
        path.removeprefix("emails."): text for path, text in values.items() if path.startswith("emails.") and text
    }
    for kind in ("billing", "invoices", "accounting", "main", *sorted(emails)):
        if kind in emails:
            return str(emails[kind]), values.get("language")
    return None, values.get("language")


def person(store: Store, customer: str) -> str:
    """The name of a customer."""
    with store.read() as tx:
        return names(tx, {customer}).get(customer) or customer
