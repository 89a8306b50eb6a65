"""Gates: a phase begins only when everything before it is done and another person than the author has approved it.

An approval is bound to the hashes of plan and scope and to a role, and ends so many days later at the same time of day
in the plan's zone. It is looked at again inside every transaction that acts, so that one withdrawn between gate and
act stops the very next batch.
"""

from __future__ import annotations

from typing import NamedTuple

from hub.audit import append
from hub.closure.closing import Closing, by_id, current
from hub.closure.journal import note
from hub.closure.plan import PHASES, Phase, Plan
from hub.closure.times import later, now, zone_of
from hub.errors import ConfigError, HubError, Unauthorized
from hub.people import holds
from hub.store import Store, Tx
from hub.store.tx import Row


class Shut(HubError):  # noqa: N818 - named for what it says, as in hub.errors
    """A gate is shut; the message says why and what opens it."""


class Approval(NamedTuple):
    """A signature under a gate; `void` says why it holds no more, None while it does."""

    id: int
    gate: str
    person: str
    role: str
    seq: int
    at: int
    expires_at: int
    void: str | None


def approve(store: Store, line: str, gate: Phase, person: str, scope_hash: str | None = None) -> Approval:
    """Sign a gate. Raises Unauthorized for the author, or without the role; ConfigError where no signature is asked.

    With `scope_hash` the approval is refused when the scope is another one than the person has seen.
    """
    with store.begin() as tx:
        closing = current(tx, line)
        if closing.state not in ("open", "paused"):
            raise ConfigError(f"{line}: is {closing.state}; there is no gate left to approve")
        needed = closing.plan.gates.get(gate)
        if needed is None:
            asked = ", ".join(closing.plan.gates)
            raise ConfigError(f"{line}: the plan asks for no approval of {gate}; it asks for: {asked}")
        if person == closing.author:
            raise Unauthorized(f"{line}: {person} wrote the plan in force; {gate} needs another person's approval")
        if not holds(tx, store, person, needed.role, line):
            raise Unauthorized(
                f"{line}: {gate} is approved in the role {needed.role}, which {person} does not hold for this line; "
                f"an administrator grants it: hub people grant {person} {needed.role} --line {line}"
            )
        if scope_hash is not None and scope_hash != closing.scope_hash:
            raise ConfigError(f"{line}: the scope is another one by now; look again: hub close status {line}")
        at = now(tx, store, closing.id)
        tx.run(
            "UPDATE closing_approval SET void_seq = ?, void_why = 'signed anew' "
            "WHERE closing_id = ? AND gate = ? AND person = ? AND void_seq IS NULL",
            tx.seq, closing.id, gate, person,
        )  # fmt: skip
        tx.run(
            "INSERT INTO closing_approval (closing_id, gate, person, role, plan_hash, scope_hash, seq, at, expires_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            closing.id, gate, person, needed.role, closing.plan_hash, closing.scope_hash, tx.seq, at,
            later(at, needed.days, zone_of(closing.plan)),
        )  # fmt: skip
        data = {"line": line, "gate": gate, "plan": closing.plan_hash, "scope": closing.scope_hash}
        append(tx, person, "close approve", data, at=store.now())
        note(tx, store, closing.id, gate, "approved", f"{person} approved {gate}", person, data)
        return approvals(tx, store, closing)[-1]


def revoke(store: Store, line: str, gate: Phase, person: str) -> int:
    """Withdraw the approvals of a gate: one's own, or anybody's for who holds the gate's role. Return how many."""
    with store.begin() as tx:
        closing = current(tx, line)
        needed = closing.plan.gates.get(gate)
        every = needed is not None and holds(tx, store, person, needed.role, line)
        count = tx.run(
            "UPDATE closing_approval SET void_seq = ?, void_why = ? WHERE closing_id = ? AND gate = ? "
            "AND void_seq IS NULL" + ("" if every else " AND person = ?"),
            tx.seq, f"revoked by {person}", closing.id, gate, *(() if every else (person,)),
        )  # fmt: skip
        if count:
            append(tx, person, "close revoke", {"line": line, "gate": gate}, at=store.now())
            note(tx, store, closing.id, gate, "revoked", f"{person} withdrew the approval of {gate}", person)
    return count


def approvals(tx: Tx, store: Store, closing: Closing) -> list[Approval]:
    """All approvals of a closing in their order, each with why it is void."""
    rows = tx.rows(
        "SELECT id, gate, person, role, seq, at, expires_at, plan_hash, scope_hash, void_why FROM closing_approval "
        "WHERE closing_id = ? ORDER BY id",
        closing.id,
    )
    at = now(tx, store, closing.id)
    return [Approval._make((*row[:7], _void(tx, store, closing, at, row))) for row in rows]


def _void(tx: Tx, store: Store, closing: Closing, at: int, row: Row) -> str | None:
    _, _, person, role, seq, _, expires_at, plan_hash, scope_hash, void_why = row
    if void_why:
        return str(void_why)
    if plan_hash != closing.plan_hash:
        return "the plan was changed since"
    if scope_hash != closing.scope_hash:
        return "the scope has changed since"
    if person == closing.author:
        return f"{person} is the plan's author by now"
    if expires_at <= at:
        return "it has expired"
    if not holds(tx, store, person, role, closing.line, since=seq, at=at):
        return f"{person} does not hold the role {role} any more"
    return None


def allowed(tx: Tx, store: Store, closing_id: int, phase: Phase) -> Closing:
    """The closing, for an act of a phase in this very transaction. Raises Shut where it must not be done now."""
    closing = by_id(tx, closing_id)
    if closing.state != "open":
        raise Shut(f"{closing.line}: is {closing.state}; go on with: hub close run {closing.line}")
    if phase in closing.plan.gates and (why := unsigned(tx, store, closing, phase)):
        raise Shut(why)
    return closing


def unsigned(tx: Tx, store: Store, closing: Closing, phase: Phase) -> str | None:
    """Why a phase's approval is missing, None where it is there."""
    gate = closing.plan.gates[phase]
    given = [a for a in approvals(tx, store, closing) if a.gate == phase]
    if any(a.void is None for a in given):
        return None
    why = f" (that of {given[-1].person} is void: {given[-1].void})" if given else ""
    return (
        f"{phase} waits for approval by another person than {closing.author}, in the role {gate.role}{why}: "
        f"hub close approve {closing.line} {phase} --as NAME"
    )


def open_tasks(tx: Tx, closing_id: int, phase: str | None = None) -> list[tuple[str, str, str, str]]:
    """Tasks that are not done: id, title, owner, due day; those before a phase's gate, or all."""
    rows = tx.rows(
        "SELECT id, title, owner, due_on, phase FROM closing_task WHERE closing_id = ? AND done_seq IS NULL ORDER BY due_on, id",
        closing_id,
    )
    return [(r[0], r[1], r[2] or "", r[3] or "") for r in rows if phase is None or r[4] == phase]


def why_shut(tx: Tx, store: Store, closing: Closing, phase: Phase, plan: Plan | None = None) -> list[str]:
    """Everything that keeps a phase from beginning; `plan` is the file as it stands, where it is at hand."""
    reasons = []
    if closing.state == "paused":
        reasons.append(f"paused; go on with: hub close pause {closing.line} --off")
    if plan is not None and plan.hash != closing.plan_hash:
        reasons.append(f"the plan file was changed; put it in force: hub close plan {closing.line} --adopt --as NAME")
    done = {r[0] for r in tx.rows("SELECT phase FROM closing_step WHERE closing_id = ? AND state = 'done'", closing.id)}
    reasons += [f"{other} is not done" for other in PHASES[: PHASES.index(phase)] if other not in done]
    for id, title, owner, due_on in open_tasks(tx, closing.id, phase):
        by = f" ({owner}{', due ' + due_on if due_on else ''})" if owner or due_on else ""
        reasons.append(f"task {id}: {title}{by}: hub close task {closing.line} {id} --done PROOF")
    if phase in closing.plan.gates and (why := unsigned(tx, store, closing, phase)):
        reasons.append(why)
    return reasons
