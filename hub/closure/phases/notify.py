"""Notify: each person gets each notice once, whatever dies on the way; what may have gone out is for a person to say.

A row is taken, and that it is being sent is committed, before the server hears of it. Whoever finds such a row later
looks for the mail among those sent: where it is, it counts as sent; where it is not, its state is unknown, since the
server may have taken it all the same, and nobody sends it again without a person's word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from hub.closure.batches import begin, step
from hub.closure.bounces import statuses
from hub.closure.closing import Closing, rescope
from hub.closure.closing import by_id as closing_of
from hub.closure.desk import Desk, Outcome
from hub.closure.gates import allowed
from hub.closure.journal import note
from hub.closure.letters import Recipient, letter, paper
from hub.closure.phases.recipients import recipients
from hub.closure.plan import Notice
from hub.closure.times import day_of, now
from hub.connect import Receipt, Rejected, Write
from hub.connect.retry import NotSent
from hub.errors import ConfigError, HubError, RateLimited, Unauthorized
from hub.store import Tx

STREAM = "messages"
SENT = ("sent", "delivered", "letter")
PERSON = ("bounced", "missing", "refused")  # a task for somebody


def notify(desk: Desk) -> Outcome:
    """Write to everybody the plan names, and look what came back."""
    rescope(desk.store, desk.id)
    begin(desk.store, desk.id, "notify", desk.who)
    if not desk.plan.notices:
        return Outcome("the plan has no notices", {"notices": {}})
    _look_after(desk)
    for one in desk.plan.notices:
        _prepare(desk, one)
    _send_due(desk)
    _bounced(desk)
    counts = states(desk)
    open_rows = [r for r in _rows(desk, "due", "sending", "unknown") if r[0].endswith("/0")]
    blocks = [
        f"{id}: {state}; decide: hub close notices {desk.line} --decide {id} sent|again" if state == "unknown"
        else f"{id}: {state}; see: hub close notices {desk.line}"
        for id, state, *_ in open_rows  # the journal outlives the people, so it names none
    ]  # fmt: skip
    return Outcome(", ".join(f"{n} {s}" for s, n in sorted(counts.items())), {"notices": counts}, blocks)


def remind(desk: Desk) -> None:
    """Send the reminders that are due, and look what came back; asked for at every run once the notice went out."""
    with desk.store.read() as tx:
        found = step(tx, desk.id, "notify")
    if desk.plan.notices and found is not None and found.state == "done" and _running(desk.closing):
        _look_after(desk)
        _bounced(desk)  # whose mail came back gets no reminder
        _send_due(desk, signed=True)


def _running(closing: Closing) -> bool:
    """Whether there is still something to remind of: not once the line is destroyed."""
    return closing.state == "open" and not closing.final


def decide(desk: Desk, id: str, what: str) -> None:
    """Say of a mail whose fate is unknown that it went out, or that it is to be sent again."""
    if what not in ("sent", "again"):
        raise ConfigError(f'"{what}": say sent or again')
    with desk.store.begin() as tx:
        changed = tx.run(
            "UPDATE closing_notice SET state = ?, proof = ?, sent_at = COALESCE(sent_at, ?), seq = ? "
            "WHERE closing_id = ? AND id = ? AND state = 'unknown'",
            "sent" if what == "sent" else "due", f"{desk.who} decided: {what}", now(tx, desk.store, desk.id), tx.seq, desk.id, id,
        )  # fmt: skip
        if not changed:
            raise ConfigError(f"{id}: is not unknown; see: hub close notices {desk.line}")
        from hub.audit import append

        append(tx, desk.who, "close notice decided", {"notice": id, "what": what}, at=desk.store.now())
        note(tx, desk.store, desk.id, "notify", "unknown", f"{desk.who} decided about {id}: {what}", desk.who)


def states(desk: Desk) -> dict[str, int]:
    """How many notices are in which state; reminders that are not due yet are left out."""
    day = desk.today.isoformat()
    with desk.store.read() as tx:
        rows = tx.rows(
            "SELECT state, count(*) FROM closing_notice WHERE closing_id = ? AND NOT (state = 'due' AND due_on > ?) "
            "GROUP BY state ORDER BY state",
            desk.id,
            day,
        )
    return {row[0]: int(row[1]) for row in rows}


def _prepare(desk: Desk, notice: Notice) -> None:
    """A row for each person; those who cannot be reached become tasks."""
    told_on = desk.today
    for part in _parts(recipients(desk, notice)):
        with desk.store.begin() as tx:
            allowed(tx, desk.store, desk.id, "notify")
            for to in part:
                _row(tx, desk, notice, to, told_on)


def _row(tx: Tx, desk: Desk, notice: Notice, to: Recipient, told_on: date) -> None:
    mark = hashlib.sha256((to.address or to.golden_id).strip().casefold().encode()).hexdigest()[:24]
    channel = "letter" if notice.channel == "letter" or (not to.address and to.postal) else "mail"
    state = "due" if to.address or to.postal else "missing"
    _, _, ends = letter(desk.plan, notice, to, told_on, desk.folder / "notices")
    for number, days in enumerate((0, *notice.reminders)):
        id = f"{notice.id}/{mark}/{number}"
        new = tx.run(
            "INSERT INTO closing_notice (closing_id, id, notice, golden_id, name, address, language, channel, state, "
            "due_on, takes_effect_on, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            desk.id, id, notice.id, to.golden_id, to.name, to.address or None, to.language, channel, state,
            (told_on + timedelta(days=days)).isoformat(), ends.isoformat() if ends else None, tx.seq,
        )  # fmt: skip
        if new and state == "missing":
            if number == 0:
                _task(tx, desk, f"address-{mark}", f"find an address of {to.golden_id} and tell them")
            break
        if channel == "letter":
            break


def _send_due(desk: Desk, *, signed: bool = False) -> None:
    """Send what is due, one after the other; a server that does not answer ends it for now.

    A reminder belongs to a notice that was `signed` when it went out: the scope may have moved since.
    """
    by_id = {notice.id: notice for notice in desk.plan.notices}
    people: dict[str, dict[str, Recipient]] = {}
    while True:
        with desk.store.begin() as tx:
            if not signed:
                allowed(tx, desk.store, desk.id, "notify")
            elif closing_of(tx, desk.id).state != "open":
                return
            rows = tx.rows(
                "SELECT id, notice, channel, address, golden_id FROM closing_notice WHERE closing_id = ? AND state = 'due' "
                "AND due_on <= ? ORDER BY id LIMIT 1",
                desk.id, day_of(now(tx, desk.store, desk.id), desk.zone).isoformat(),
            )  # fmt: skip
            if not rows:
                return
            id, name, channel, address, golden_id = rows[0]
            if name not in by_id:
                tx.run("UPDATE closing_notice SET state = 'refused' WHERE closing_id = ? AND id = ?", desk.id, id)
                continue
            tx.run(
                "UPDATE closing_notice SET state = 'sending', message_id = ?, seq = ? WHERE closing_id = ? AND id = ?",
                our_id(desk, id), tx.seq, desk.id, id,
            )  # fmt: skip
        notice = by_id[name]
        if name not in people:
            people[name] = {(r.address or r.golden_id).strip().casefold(): r for r in recipients(desk, notice)}
        to = people[name].get((address or golden_id).strip().casefold())
        if to is None:
            _answered(desk, id, "refused", "not in the scope any more")
            continue
        subject, text, _ = letter(desk.plan, notice, to, desk.today, desk.folder / "notices")
        if channel == "letter":
            _print(desk, id, to, subject, text)
        elif not _mail(desk, id, to, subject, text):
            return


def _mail(desk: Desk, id: str, to: Recipient, subject: str, text: str) -> bool:
    """Send one mail through the connector's own path; False where nothing more can be sent now."""
    connector = desk.hub.connector(desk.plan.mail)
    data = {"direction": "out", "to": [to.address], "subject": subject, "text": text}
    write = Write(data, None, None, our_id(desk, id), our_id(desk, id))
    try:
        said: Any = next(iter(connector.push(STREAM, [write])))
    except (NotSent, RateLimited, Unauthorized) as error:  # certainly not sent, and neither would the next one be
        _answered(desk, id, "due", str(error))
        desk.say(str(error))
        return False
    except HubError as error:
        said = error
    if isinstance(said, Receipt):
        _answered(desk, id, "sent", f"taken by the server, copy kept as {said.key}")
    elif isinstance(said, RateLimited | NotSent):
        _answered(desk, id, "due", str(said))
        return False
    elif isinstance(said, Rejected):
        _answered(desk, id, "refused", str(said))
    else:
        _answered(desk, id, "unknown", str(said))
    return True


def our_id(desk: Desk, id: str) -> str:
    """The id of a notice's mail: always the same, so that the mail can be found among those sent.

    The moment the closing began is part of it: a mailbox may hold what another closing of the line has sent.
    """
    with desk.store.read() as tx:
        ((begun,),) = tx.rows("SELECT min(at) FROM closing_journal WHERE closing_id = ?", desk.id)
    return f"close{desk.id}-" + hashlib.sha256(f"{desk.line}/{begun}/{id}".encode()).hexdigest()[:32]


def _answered(desk: Desk, id: str, state: str, proof: str) -> None:
    with desk.store.begin() as tx:
        at = now(tx, desk.store, desk.id) if state in SENT else None
        tx.run(
            "UPDATE closing_notice SET state = ?, proof = ?, sent_at = ?, seq = ? WHERE closing_id = ? AND id = ?",
            state, proof, at, tx.seq, desk.id, id,
        )  # fmt: skip
        if state in PERSON:
            _person(tx, desk, id, state)
        if state in SENT:
            tx.run("UPDATE closing_step SET done = done + 1 WHERE closing_id = ? AND phase = 'notify'", desk.id)


def _person(tx: Tx, desk: Desk, id: str, what: str) -> None:
    ((golden_id,),) = tx.rows("SELECT golden_id FROM closing_notice WHERE closing_id = ? AND id = ?", desk.id, id)
    _task(
        tx,
        desk,
        f"address-{id.split('/')[1]}",
        f"reach {golden_id} another way, {what}; see: hub close notices {desk.line}",
    )


def _print(desk: Desk, id: str, to: Recipient, subject: str, text: str) -> None:
    file = desk.folder / "letters" / (id.replace("/", "-") + ".pdf")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(paper(desk.plan, to, subject, text, desk.today))
    _answered(desk, id, "letter", f"letters/{file.name}")
    with desk.store.begin() as tx:
        _task(tx, desk, "post-letters", "post the letters in the folder letters/ and keep the receipts")


def _look_after(desk: Desk) -> None:
    """Rows that a dead process left behind: found among those sent, or unknown."""
    rows = [r[0] for r in _rows(desk, "sending")]
    if not rows:
        return
    connector = desk.hub.connector(desk.plan.mail)
    for part in _parts(rows):
        ids = {our_id(desk, id): id for id in part}
        there = {ours: record.key for ours, record in connector.find(STREAM, list(ids))}
        for ours, id in ids.items():
            if ours in there:
                _answered(desk, id, "sent", f"found among those sent as {there[ours]}")
            else:
                _answered(desk, id, "unknown", "a process ended while it was being sent; the server may have taken it")
                with desk.store.begin() as tx:
                    note(tx, desk.store, desk.id, "notify", "unknown", f"nobody knows whether {id} went out", "hub")


def _bounced(desk: Desk) -> None:
    """Take in delivery status notices from the mailbox."""
    if not desk.plan.mail:
        return
    desk.hub.sync([desk.plan.mail], permit=desk.line)
    with desk.store.begin() as tx:
        begun = tx.rows("SELECT min(seq) FROM closing_notice WHERE closing_id = ?", desk.id)[0][0] or 0
        known = {r[0]: (r[1], r[2]) for r in tx.rows(
            "SELECT message_id, id, state FROM closing_notice WHERE closing_id = ? AND message_id IS NOT NULL", desk.id
        )}  # fmt: skip
        for found in statuses(tx, desk.plan.mail, begun):
            ours = found.message_id.removeprefix("hub.").split("@")[0]
            if ours not in known or known[ours][1] == found.state:
                continue
            id = known[ours][0]
            tx.run(
                "UPDATE closing_notice SET state = ?, proof = ? WHERE closing_id = ? AND id = ? AND state IN ?",
                found.state, found.words, desk.id, id, ["sent", "delivered", "unknown"],
            )  # fmt: skip
            if found.state == "bounced":
                _person(tx, desk, id, found.state)
                stem = id.rpartition("/")[0]
                tx.run(
                    "UPDATE closing_notice SET state = 'refused', proof = 'the first letter came back' "
                    "WHERE closing_id = ? AND id LIKE ? AND state = 'due'", desk.id, f"{stem}/%",
                )  # fmt: skip


def _task(tx: Tx, desk: Desk, id: str, title: str) -> None:
    tx.run(
        "INSERT INTO closing_task (closing_id, id, title, phase, owner, source) VALUES (?, ?, ?, 'freeze', ?, 'notice') "
        "ON CONFLICT DO NOTHING",
        desk.id, id, title, desk.plan.owner,
    )  # fmt: skip


def _rows(desk: Desk, *wanted: str) -> list[Any]:
    with desk.store.read() as tx:
        return tx.rows(
            "SELECT id, state, name, address, proof FROM closing_notice WHERE closing_id = ? AND state IN ? ORDER BY id",
            desk.id, list(wanted),
        )  # fmt: skip


def _parts(items: Iterable[Any], size: int = 200) -> Iterator[list[Any]]:
    part: list[Any] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def tell_back(desk: Desk) -> int:
    """Write to everybody who was told that the line would close, that it will not; return to how many."""
    with desk.store.begin() as tx:
        told = tx.rows(
            "SELECT DISTINCT golden_id, name, address, language FROM closing_notice WHERE closing_id = ? AND state IN ? "
            "AND notice <> 'back'",
            desk.id,
            [*SENT, "unknown"],
        )
        tx.run(
            "UPDATE closing_notice SET state = 'refused' WHERE closing_id = ? AND state = 'due' AND notice <> 'back'",
            desk.id,
        )
        for golden_id, name, address, language in told:
            mark = hashlib.sha256((address or golden_id).strip().casefold().encode()).hexdigest()[:24]
            tx.run(
                "INSERT INTO closing_notice (closing_id, id, notice, golden_id, name, address, language, channel, state, "
                "due_on, seq) VALUES (?, ?, 'back', ?, ?, ?, ?, ?, 'due', ?, ?) ON CONFLICT DO NOTHING",
                desk.id, f"back/{mark}/0", golden_id, name, address, language, "mail" if address else "letter",
                day_of(now(tx, desk.store, desk.id), desk.zone).isoformat(), tx.seq,
            )  # fmt: skip
    _look_after(desk)
    back = Notice("back", "customers", "back")
    while True:
        with desk.store.begin() as tx:
            rows = tx.rows(
                "SELECT id, golden_id, name, address, language FROM closing_notice WHERE closing_id = ? "
                "AND notice = 'back' AND state = 'due' ORDER BY id LIMIT 1",
                desk.id,
            )
            if not rows:
                break
            id, golden_id, name, address, language = rows[0]
            tx.run(
                "UPDATE closing_notice SET state = 'sending', message_id = ?, seq = ? WHERE closing_id = ? AND id = ?",
                our_id(desk, id), tx.seq, desk.id, id,
            )  # fmt: skip
        to = Recipient(golden_id, name or "", address or "", language or "en")
        subject, text, _ = letter(desk.plan, back, to, desk.today, desk.folder / "notices")
        if not address:
            _print(desk, id, to, subject, text)
        elif not _mail(desk, id, to, subject, text):
            raise ConfigError(f"{desk.plan.mail}: does not take mails now; call hub close back again when it does")
    return len(told)
