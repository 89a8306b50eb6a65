"""The run of a closing: phase after phase as far as the gates are open; stopped anywhere, it goes on there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from hub.closure.batches import end, step
from hub.closure.closing import current
from hub.closure.desk import FOLDER, Desk, Outcome, Say
from hub.closure.gates import Shut, why_shut
from hub.closure.journal import note
from hub.closure.late import late
from hub.closure.phases.archived import archive
from hub.closure.phases.closeout import close_out, finish
from hub.closure.phases.destroy import destroy, left, resume
from hub.closure.phases.final import final, watch
from hub.closure.phases.freeze import freeze
from hub.closure.phases.migrate import migrate
from hub.closure.phases.notify import notify, remind
from hub.closure.phases.retain import expire
from hub.closure.phases.settle import settle
from hub.closure.phases.verify import verify
from hub.closure.plan import FINAL, PHASES, Phase, Plan, digest, load
from hub.errors import Unauthorized, Unavailable
from hub.store.lease import Lease
from hub.sync import Hub

ACTS: dict[Phase, Callable[[Desk], Outcome]] = {
    "notify": notify,
    "freeze": freeze,
    "sync": final,
    "settle": settle,
    "archive": archive,
    "migrate": migrate,
    "verify": verify,
    "destroy": destroy,
    "closeout": close_out,
}


class Went(NamedTuple):
    """How far one phase came: done, or shut with the reasons why."""

    phase: str
    state: str
    done: int
    total: int | None
    text: str
    reasons: list[str]


def run(hub: Hub, line: str, who: str, *, until: Phase | None = None, say: Say = lambda text: None) -> Iterator[Went]:
    """Carry out what the gates let through, and yield each phase; it ends at a shut gate, or after `until`.

    Raises Busy while another process runs the same closing.
    """
    with Lease(hub.store, [f"close:{line}"]).held():
        remind(open_desk(hub, line, who, say))
        while True:
            desk = open_desk(hub, line, who, say)
            late(desk)
            phase = next_phase(desk)
            if phase is None:
                if desk.closing.state == "closed" and left(desk)[1]:
                    resume(desk)
                    continue
                if desk.closing.state == "closed" and (over := expire(desk)):
                    yield Went(
                        "destroy", "done", over, None, f"{over} keys of the archive destroyed: their time is over", []
                    )
                if desk.closing.state == "open":
                    finish(desk)
                    yield Went("closeout", "closed", 0, None, f"{line} is closed", [])
                return
            went = _one(desk, phase)
            yield went
            if went.state != "done" or phase == until:
                return


def open_desk(hub: Hub, line: str, who: str, say: Say = lambda text: None) -> Desk:
    """The closing of a line, ready to work on."""
    with hub.store.read() as tx:
        closing = current(tx, line)
    return Desk(hub, closing, closing.plan, who, say)


def plan_file(hub: Hub, line: str) -> Plan | None:
    """The plan as its file stands, None where nobody keeps one."""
    file = hub.project.root / FOLDER / f"{line}.toml"
    return load(file) if file.is_file() else None


def changed(hub: Hub, line: str) -> bool:
    """Whether the plan's file is another one than the plan in force."""
    file = hub.project.root / FOLDER / f"{line}.toml"
    with hub.store.read() as tx:
        return file.is_file() and digest(file.read_text(encoding="utf-8")) != current(tx, line).plan_hash


def next_phase(desk: Desk) -> Phase | None:
    """The first phase that is not done."""
    with desk.store.read() as tx:
        for phase in PHASES:
            found = step(tx, desk.id, phase)
            if found is None or found.state != "done":
                return phase
    return None


def _one(desk: Desk, phase: Phase) -> Went:
    with desk.store.read() as tx:
        reasons = why_shut(tx, desk.store, desk.closing, phase, plan_file(desk.hub, desk.line))
    if phase == FINAL and not desk.closing.final and desk.closing.state == "open":
        reasons = [*watch(desk), *reasons]  # who is asked to approve should know
    waits = bool(reasons)  # at its gate, where status sees for itself whether it still does
    if not reasons:
        desk.say(phase)
        try:
            outcome = ACTS[phase](desk)
            if outcome.done:
                end(desk.store, desk.id, phase, desk.who, outcome.result, outcome.text)
                return _went(desk, phase, "done", outcome.text, [])
            reasons = list(outcome.blocks)
        except (Shut, Unauthorized, Unavailable) as error:
            reasons, waits = [str(error)], isinstance(error, Shut)
    with desk.store.begin() as tx:
        found = tx.rows("SELECT data FROM closing_journal WHERE closing_id = ? ORDER BY id DESC LIMIT 1", desk.id)
        told = {"reasons": reasons[:50], "count": len(reasons), "gate": waits}
        import msgspec

        if not found or not found[0][0] or msgspec.json.decode(found[0][0]) != told:  # once, not at every try
            note(tx, desk.store, desk.id, phase, "shut", reasons[0], desk.who, told)
    return _went(desk, phase, "shut", reasons[0], reasons)


def _went(desk: Desk, phase: Phase, state: str, text: str, reasons: list[str]) -> Went:
    with desk.store.read() as tx:
        found = step(tx, desk.id, phase)
    return Went(phase, state, found.done if found else 0, found.total if found else None, text, reasons)
