"""A closing in the store: the plan in force, its author, its scope's hash, and how far it has come."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from hub.audit import append
from hub.closure import scope
from hub.closure.journal import note
from hub.closure.plan import Plan, read
from hub.errors import ConfigError, Missing
from hub.store import Store, Tx

COLUMNS = "id, line, state, author, plan, plan_hash, scope_hash, begun_seq, planned_seq, final_seq, ended_seq"


class Closing(NamedTuple):
    """One closing of one line."""

    id: int
    line: str
    state: str
    author: str
    plan_text: str
    plan_hash: str
    scope_hash: str
    begun_seq: int
    planned_seq: int
    final_seq: int | None
    ended_seq: int | None

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return _read(self.plan_text, self.line)

    @property
    def final(self) -> bool:
        """Whether the point of no return was passed."""
        return self.final_seq is not None


@lru_cache(maxsize=8)
def _read(text: str, line: str) -> Plan:
    """The plan of a text; every act asks for it, and reading one anew takes longer than most acts."""
    return read(text, f"plan of {line}")


def current(tx: Tx, line: str) -> Closing:
    """The line's newest closing that was not undone. Raises Missing where there is none."""
    rows = tx.rows(f"SELECT {COLUMNS} FROM closing WHERE line = ? AND state <> 'back' ORDER BY id DESC LIMIT 1", line)
    if not rows:
        raise Missing(f"{line}: nobody plans to close it; begin with: hub close plan {line} --as NAME")
    return Closing(*rows[0])


def by_id(tx: Tx, id: int) -> Closing:
    """A closing by its number."""
    return Closing(*tx.rows(f"SELECT {COLUMNS} FROM closing WHERE id = ?", id)[0])


def adopt(store: Store, plan: Plan, author: str) -> Closing:
    """Put a plan in force: a new closing, or a new plan for the one under way, which voids every approval."""
    with store.begin() as tx:
        rows = tx.rows(f"SELECT {COLUMNS} FROM closing WHERE line = ? AND state <> 'back' ORDER BY id DESC", plan.line)
        old = Closing(*rows[0]) if rows else None
        if old is not None and old.state == "closed":
            raise ConfigError(f"{plan.line}: was closed; its report is written by: hub close report {plan.line}")
        if old is None:
            id = int(tx.rows(
                "INSERT INTO closing (line, state, author, plan, plan_hash, scope_hash, begun_seq, planned_seq) "
                "VALUES (?, 'open', ?, ?, ?, '', ?, ?) RETURNING id",
                plan.line, author, plan.text, plan.hash, tx.seq, tx.seq,
            )[0][0])  # fmt: skip
        else:
            id = old.id
            tx.run(
                "UPDATE closing SET author = ?, plan = ?, plan_hash = ?, planned_seq = ? WHERE id = ?",
                author, plan.text, plan.hash, tx.seq, id,
            )  # fmt: skip
        digest = scope.keep(tx, id, scope.found(tx, plan.line))
        _tasks(tx, id, plan)
        data = {"line": plan.line, "plan": plan.hash, "scope": digest}
        append(tx, author, "close plan", data, at=store.now())
        note(tx, store, id, "plan", "planned" if old is None else "changed", "the plan is in force", author, data)
        return by_id(tx, id)


def rescope(store: Store, closing_id: int, who: str = "hub") -> tuple[str, bool]:
    """Take the scope anew from the data; return its hash and whether it changed, which voids every approval."""
    with store.begin() as tx:
        before = by_id(tx, closing_id)
        digest = scope.keep(tx, closing_id, scope.found(tx, before.line))
        if digest != before.scope_hash:
            note(tx, store, closing_id, "plan", "scope", "the scope changed with the data; approvals are void", who)
    return digest, digest != before.scope_hash


def pause(store: Store, line: str, who: str, *, paused: bool) -> None:
    """Stop the runner between two batches, or let it go on."""
    with store.begin() as tx:
        closing = current(tx, line)
        wanted = "paused" if paused else "open"
        if closing.state not in ("open", "paused"):
            raise ConfigError(f"{line}: is {closing.state}; there is nothing to pause")
        tx.run("UPDATE closing SET state = ? WHERE id = ?", wanted, closing.id)
        append(tx, who, "close pause" if paused else "close resume", {"line": line}, at=store.now())
        note(tx, store, closing.id, "plan", wanted, "paused" if paused else "goes on", who)


def _tasks(tx: Tx, id: int, plan: Plan) -> None:
    """The plan's tasks beside those that came up; what is done stays done while its title is the same."""
    import msgspec

    known: dict[str, Any] = {r[0]: r for r in tx.rows(
        "SELECT id, title, source FROM closing_task WHERE closing_id = ?", id
    )}  # fmt: skip
    wanted = {t.id for t in plan.tasks}
    for task_id, (_, _, source) in known.items():
        if source == "plan" and task_id not in wanted:
            tx.run("DELETE FROM closing_task WHERE closing_id = ? AND id = ?", id, task_id)
    for task in plan.tasks:
        if task.id in known and known[task.id][1] != task.title:
            tx.run("DELETE FROM closing_task WHERE closing_id = ? AND id = ?", id, task.id)
        tx.run(
            "INSERT INTO closing_task (closing_id, id, title, phase, owner, due_on, after, source) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, 'plan') ON CONFLICT (closing_id, id) DO UPDATE SET phase = excluded.phase, "
            "owner = excluded.owner, due_on = excluded.due_on, after = excluded.after",
            id, task.id, task.title, task.phase, task.owner, task.due_on,
            msgspec.json.encode(task.after).decode(),
        )  # fmt: skip
