"""The final report, HTML and PDF, from the journal: reason, plan against reality, deviations, figures, lessons."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from hub.closure.batches import step
from hub.closure.desk import Desk
from hub.closure.facts import shown as shown_sums
from hub.closure.gates import approvals
from hub.closure.holds import holds
from hub.closure.journal import Line, lines
from hub.closure.papers import asked, stated
from hub.closure.papers import lines as address
from hub.closure.plan import PHASES
from hub.closure.tasks import Item, tasks
from hub.closure.times import written
from hub.paper import Column, Document, Facts, Heading, Paragraph, Table
from hub.paper.document import shown
from hub.paper.pdf import pdf

DEVIATIONS = (
    "reopened",
    "side door",
    "late money",
    "addendum",
    "scope",
    "changed",
    "revoked",
    "resumed",
    "paused",
    "blocked",
    "unknown",
)


def write_report(desk: Desk) -> list[Path]:
    """Write report.html and report.pdf into the closing's folder; written again, they tell what came since."""
    made = report(desk.again())
    desk.folder.mkdir(parents=True, exist_ok=True)
    out = []
    for name, content in (("report.html", html(made).encode()), ("report.pdf", pdf(made))):
        part = desk.folder / f"{name}.part"
        part.write_bytes(content)
        out.append(part.replace(desk.folder / name))
    return out


def report(desk: Desk) -> Document:
    """The report as a document."""
    journal = lines(desk.store, desk.id)
    todo = tasks(desk.store, desk.line)
    with desk.store.read() as tx:
        steps = {phase: step(tx, desk.id, phase) for phase in PHASES}
        times = {r[0]: (r[1], r[2]) for r in tx.rows(
            "SELECT phase, begun_at, ended_at FROM closing_step WHERE closing_id = ?", desk.id
        )}  # fmt: skip
        given = approvals(tx, desk.store, desk.closing)
        notices = tx.rows(
            "SELECT notice, state, count(*) FROM closing_notice WHERE closing_id = ? GROUP BY notice, state ORDER BY 1, 2",
            desk.id,
        )
    plan = desk.plan
    verified = steps["verify"].result if steps["verify"] else {}
    settled = steps["settle"].result if steps["settle"] else {}
    return Document(
        f"Closing of the business line {desk.line}",
        (
            stated((
                ("Reason", plan.reason), ("Legal entity", plan.entity), *address("Address", plan.address),
                ("Owner", plan.owner), ("Questions to", asked(plan)),
                ("Plan by", desk.closing.author), ("Planned for", plan.target_on),
                ("State", desk.closing.state), ("Time zone of all times", plan.time_zone), ("Plan, SHA-256", plan.hash),
            )),
            Heading("Plan against reality"),
            Table(
                (Column("phase", "Phase"), Column("state", "State"), Column("begun", "Begun", width=2.4),
                 Column("ended", "Ended", width=2.4), Column("did", "Acts", "number", 0.7)),
                [[p, s.state if s else "not begun", _at(desk, times.get(p, (None, None))[0]),
                  _at(desk, times.get(p, (None, None))[1]), s.done if s else None] for p, s in steps.items()],
            ),
            Table(
                (Column("name", "Milestone", width=2), Column("on", "Planned", "day"), Column("at", "Reached", width=1.6)),
                [[m.get("name"), m.get("due_on"), _at(desk, times.get(str(m.get("phase")), (None, None))[1])]
                 for m in plan.milestones],
                name="Milestones", empty="none planned",
            ),
            Heading("Deviations"),
            _told([line for line in journal if line.kind in DEVIATIONS], desk, "none: everything went as planned"),
            Heading("Figures"),
            stated((
                ("Records verified", verified.get("records")), ("Sample signed by", ", ".join(verified.get("signed_by", []))),
                ("Decisions about open items", ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in settled.get("decided", {}).items()) or "none"),
                ("Statements of account", settled.get("statements")),
                ("Balance of all statements", shown_sums(settled.get("balances", {}))),
                ("Destroyed", (steps["destroy"].result if steps["destroy"] else {}).get("destroyed")),
                ("Legal holds in force", len(holds(desk.store))),
            )),
            Table((Column("notice", "Notice"), Column("state", "State"), Column("count", "People", "number")),
                  [[n, _state(desk, s), int(c)] for n, s, c in notices], name="Notices", empty="nobody was written to"),
            Heading("Approvals"),
            Table(
                (Column("gate", "Gate"), Column("person", "Person"), Column("role", "Role"), Column("at", "At", width=2.4),
                 Column("void", "Void, and why", width=1.6)),
                [[a.gate, a.person, a.role, _at(desk, a.at), a.void or ""] for a in given], empty="none",
            ),
            Heading("What customers answered"),
            _told([line for line in journal if line.kind == "answer"], desk, "no answer was noted"),
            Heading("Lessons learned"),
            _told([line for line in journal if line.kind == "lesson"], desk,
                  "none noted yet: hub close lesson LINE TEXT --owner NAME"),
            Heading("Open questions of the plan, and risks"),
            Table((Column("q", "Question", width=3), Column("a", "Key")), [[q, k] for k, q in plan.questions.items()], empty="none"),
            Table((Column("risk", "Risk", width=2), Column("measure", "Measure", width=2), Column("owner", "Owner")),
                  [[r.get("text"), r.get("measure"), r.get("owner")] for r in plan.risks], name="Risk register", empty="none"),
            Heading("Tasks"),
            _tasks(todo, desk),
            Heading("Journal"),
            _told(journal, desk, "nothing has happened yet"),
        ),
        head=plan.entity, foot=f"Report: {desk.line}",
    )  # fmt: skip


def html(document: Document) -> str:
    """The document as one HTML page without anything from elsewhere."""
    body = []
    for block in document.blocks:
        if isinstance(block, Heading):
            body.append(f"<h2>{escape(block.text)}</h2>")
        elif isinstance(block, Paragraph):
            body.append(f"<p>{escape(block.text)}</p>")
        elif isinstance(block, Facts):
            rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape(shown(v))}</td></tr>" for k, v in block.pairs)
            body.append(f"<table class=facts>{rows}</table>")
        elif isinstance(block, Table):
            body.append(_html_table(block))
    style = (
        "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
        "table{border-collapse:collapse;margin:.5em 0 1.5em}td,th{text-align:left;padding:.2em .8em .2em 0;vertical-align:top}"
        "th{font-weight:600}tr+tr td{border-top:1px solid #eee}h2{margin-top:2em}caption{text-align:left;font-weight:600}"
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(document.title)}</title><style>{style}</style>"
        f"<h1>{escape(document.title)}</h1>{''.join(body)}</html>\n"
    )


def _html_table(table: Table) -> str:
    caption = f"<caption>{escape(table.name)}</caption>" if table.name else ""
    if not table.rows:
        return f"<p>{escape(table.name + ': ' if table.name else '')}{escape(table.empty)}</p>"
    head = "".join(f"<th>{escape(c.title)}</th>" for c in table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{escape(shown(v))}</td>" for v in row) + "</tr>" for row in table.rows)
    return f"<table>{caption}<tr>{head}</tr>{rows}</table>"


def _told(journal: list[Line], desk: Desk, empty: str) -> Table:
    rows: list[list[Any]] = [[_at(desk, one.at), one.phase, one.who, one.text] for one in journal]
    columns = (
        Column("at", "At", width=2.6),
        Column("phase", "Phase", width=0.9),
        Column("who", "Who", width=0.8),
        Column("text", "What", width=4.3),
    )
    return Table(columns, rows, empty=empty)


def _tasks(todo: list[Item], desk: Desk) -> Table:
    rows: list[list[Any]] = [
        [
            t.title,
            t.owner or "",
            t.due_on or "",
            f"{t.done_by}, {_at(desk, t.done_at)}" if t.done_by else "open",
            t.proof or "",
        ]
        for t in todo
    ]
    columns = (Column("task", "Task", width=3), Column("owner", "Owner"), Column("due", "Due"), Column("done", "Done", width=1.6),
               Column("proof", "Proof", width=1.6))  # fmt: skip
    return Table(columns, rows, empty="none")


def _state(desk: Desk, state: str) -> str:
    """The state of a notice; a reminder that was due after the end goes out no more."""
    return "not sent: the line was closed before its day" if (state, desk.closing.state) == ("due", "closed") else state


def _at(desk: Desk, at: int | None) -> str:
    return written(at, desk.zone)
