"""Close out: what no other line uses is shut down, tasks of aftercare are there, and the report is written."""

from __future__ import annotations

from hub.audit import append
from hub.closure.batches import begin
from hub.closure.desk import Desk, Outcome
from hub.closure.gates import allowed, open_tasks
from hub.closure.journal import note
from hub.closure.report import write_report
from hub.store import Tx

AFTERCARE = (
    ("aftercare-late-money", "watch the line's bank accounts; money that still comes is sent back or passed on"),
    ("aftercare-questions", "answer customers who ask for their data or their documents from the archive"),
)


def close_out(desk: Desk) -> Outcome:
    """Shut down the connections that served this line alone, and write the final report."""
    begin(desk.store, desk.id, "closeout", desk.who)
    alone = _alone(desk)
    with desk.store.begin() as tx:
        allowed(tx, desk.store, desk.id, "closeout")
        for name in alone:
            _shut_down(tx, desk, name)
        for id, title in AFTERCARE:
            _task(tx, desk, id, title)
        left = [id for id, _, _, _ in open_tasks(tx, desk.id)]
        rows = tx.rows("SELECT connection FROM retired_connection WHERE closing_id = ? ORDER BY connection", desk.id)
        shut = [row[0] for row in rows]  # also those that a run shut down before it died
    files = write_report(desk)
    text = f"report written; {len(shut)} connections shut down, {len(left)} tasks go on after the close"
    return Outcome(text, {"connections": shut, "report": [file.name for file in files], "open_tasks": left})


def finish(desk: Desk) -> None:
    """The line is closed; it stays frozen, so that what still arrives for it is held and told."""
    with desk.store.begin() as tx:
        tx.run("UPDATE closing SET state = 'closed', ended_seq = ? WHERE id = ? AND state = 'open'", tx.seq, desk.id)
        append(tx, desk.who, "close closed", {"line": desk.line}, at=desk.store.now())
        note(tx, desk.store, desk.id, "closeout", "closed", f"{desk.line} is closed", desk.who)
    write_report(desk)  # once more, so that the one that is handed on says that it is closed


def _alone(desk: Desk) -> list[str]:
    """The connections that served this line and hold no record of any other, nor one that a legal hold still keeps."""
    mine = [c.name for c in desk.hub.project.connections.values() if c.line == desk.line]
    with desk.store.read() as tx:
        busy = {r[0] for r in tx.rows(
            "SELECT DISTINCT t.connection FROM stream t JOIN record r ON r.stream_id = t.id "
            "WHERE r.golden_id IS NOT NULL AND r.deleted_at IS NULL AND t.connection IN ? AND r.golden_id NOT IN "
            "(SELECT golden_id FROM closing_scope WHERE closing_id = ? AND (kind = 'shared' OR gone_seq IS NOT NULL))",
            mine, desk.id,
        )}  # fmt: skip
        gone = {r[0] for r in tx.rows("SELECT connection FROM retired_connection")}
    return [name for name in mine if name not in busy | gone and name != desk.plan.migrate_to]


def _shut_down(tx: Tx, desk: Desk, name: str) -> None:
    """The hub runs it no more; what only the vendor's administrator can do becomes a task."""
    tx.run(
        "INSERT INTO retired_connection (connection, closing_id, seq) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        name, desk.id, tx.seq,
    )  # fmt: skip
    _task(
        tx, desk, f"credentials-{name}", f"revoke the credentials of {name} at its vendor and take it out of hub.toml"
    )
    for schedule in desk.hub.project.schedules.values():
        if set(schedule.connections) == {name}:
            _task(
                tx,
                desk,
                f"schedule-{schedule.name}",
                f"take the schedule {schedule.name} out of hub.toml and deploy again",
            )
    append(tx, desk.who, "close connection shut down", {"connection": name, "line": desk.line}, at=desk.store.now())
    note(tx, desk.store, desk.id, "closeout", "connection", f"{name} is shut down", desk.who)


def _task(tx: Tx, desk: Desk, id: str, title: str) -> None:
    tx.run(
        "INSERT INTO closing_task (closing_id, id, title, phase, owner, source) VALUES (?, ?, ?, '', ?, 'closeout') "
        "ON CONFLICT DO NOTHING",
        desk.id, id, title, desk.plan.owner,
    )  # fmt: skip
