"""The plan of a closing: a TOML file that people read and sign, checked whole, with every mistake at its line.

Its hash is what approvals are bound to: one letter changed, and all of them are void.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from hub.config.table import Table
from hub.errors import ConfigError
from hub.mistakes import Mistakes
from hub.model import MODELS
from hub.model import field as field_of
from hub.people import ROLES

Phase = Literal["notify", "freeze", "sync", "settle", "archive", "migrate", "verify", "destroy", "closeout"]
PHASES: tuple[Phase, ...] = get_args(Phase)
FINAL: Phase = "destroy"  # the point of no return: what is done from here on cannot be undone
FOUR_EYES: tuple[Phase, ...] = ("freeze", "destroy")  # gates no plan can do without


@dataclass(frozen=True, slots=True)
class Gate:
    """Who approves that a phase begins; `days` is how long an approval holds."""

    role: str
    days: int = 14


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person does; `phase` names the gate that stays shut until it is done."""

    id: str
    title: str
    phase: str = ""
    owner: str = ""
    due_on: str = ""
    after: tuple[str, ...] = ()
    proof: bool = False  # a file, a number, a link: something to show must be given with it


@dataclass(frozen=True, slots=True)
class Notice:
    """One letter to a group of people; its texts stand in templates, a file a language."""

    id: str
    to: Literal["customers", "contacts", "people"]
    template: str
    channel: Literal["mail", "letter"] = "mail"
    only: str = ""  # a segment: customers of this tier
    days: int = 30  # notice period where a contract does not say
    reminders: tuple[int, ...] = ()  # days after the first
    addresses: tuple[str, ...] = ()  # of `people`: staff, suppliers, partners


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be closed, by whom, until when, and what becomes of everything."""

    line: str
    reason: str
    owner: str
    time_zone: str
    target_on: date
    hash: str
    text: str
    entity: str = ""  # the legal entity that writes
    address: tuple[str, ...] = ()  # its postal address, a line each
    contact: str = ""  # whom to ask about it: a name, a mail address, a number
    jurisdiction: str = "*"
    archive: str = ""
    migrate_to: str = ""
    mail: str = ""  # the connection that sends notices
    full_read: bool = False
    sample_random: int = 5
    sample_risk: int = 5
    gates: dict[str, Gate] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    notices: tuple[Notice, ...] = ()
    retention: tuple[dict[str, Any], ...] = ()
    risks: tuple[dict[str, Any], ...] = ()
    questions: dict[str, Any] = field(default_factory=dict)
    milestones: tuple[dict[str, Any], ...] = ()


def load(file: Path) -> Plan:
    """Read a plan file. Raises ConfigError with every mistake in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}; write one with: hub close plan LINE") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is no UTF-8 text") from None
    return read(text, str(file))


def digest(text: str) -> str:
    """The hash of a plan's text, to which approvals are bound."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(text: str, where: str) -> Plan:
    """Read a plan's text; `where` names it in messages."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: is no TOML: {error}") from None
    mistakes = Mistakes(where, text)
    plan = _plan(Table(data, (), mistakes), text)
    mistakes.raise_any()
    return plan


def _plan(top: Table, text: str) -> Plan:
    needed = {}
    for key in ("line", "reason", "owner"):
        needed[key] = top.text(key) or ""
        if not needed[key].strip():
            top.wrong(key, "must be filled in")
    zone = top.text("time_zone", "UTC") or "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        top.wrong("time_zone", f'no time zone "{zone}"; write one such as "Europe/Berlin"')
    data, sample = top.table("data"), top.table("sample")
    plan = Plan(
        line=needed["line"], reason=needed["reason"], owner=needed["owner"], time_zone=zone,
        target_on=_day(top, "target_on"), hash=digest(text), text=text,
        entity=top.text("entity", "") or "", address=top.texts("address"), contact=top.text("contact", "") or "",
        jurisdiction=top.text("jurisdiction", "*") or "*",
        archive=data.text("archive", "") or f"archive/{needed['line']}", migrate_to=data.text("migrate_to", "") or "",
        mail=data.text("mail", "") or "", full_read=data.flag("full_read", False),
        sample_random=_count(sample, "random", 5), sample_risk=_count(sample, "risk", 5),
        gates=_gates(top.table("gates")), tasks=_tasks(top), notices=_notices(top),
        retention=_retention(top), risks=_tables(top, "risks"), milestones=_tables(top, "milestones"),
        questions=dict(top.get("questions", dict, {})),
    )  # fmt: skip
    for wrong in {str(row["phase"]) for row in plan.milestones if "phase" in row} - set(PHASES):
        top.wrong("milestones", f'no phase "{wrong}"; known: {", ".join(PHASES)}')
    if not plan.mail and any(notice.channel == "mail" for notice in plan.notices):
        data.wrong("mail", 'must name the connection that sends the notices; without one give them channel = "letter"')
    top.get("facts", dict, {})
    top.text("template")
    for table in (data, sample, top):
        table.done()
    return plan


def _day(table: Table, key: str) -> date:
    table.known.append(key)
    value = table.data.get(key)
    if not isinstance(value, date):
        table.wrong(key, "must be a day, written without quotes: 2027-03-31")
        return date.max
    return value


def _count(table: Table, key: str, default: int) -> int:
    value = int(table.get(key, int, default))
    if value < 1:
        table.wrong(key, "must be 1 or more: with no sample nobody looks")
    return value


def _gates(table: Table) -> dict[str, Gate]:
    gates = {}
    for name, inner in table.tables():
        if name not in PHASES:
            inner.wrong(None, f"no phase of that name; known: {', '.join(PHASES)}")
        role, days = inner.choice("role", tuple(ROLES), "approver"), int(inner.get("days", int, 14))
        if not 1 <= days <= 90:
            inner.wrong("days", "an approval holds for 1 to 90 days")
        inner.done()
        gates[name] = Gate(role, days)
    for name in FOUR_EYES:
        if name not in gates:
            table.wrong(None, f'needs a [gates.{name}] with a role: nobody may pass "{name}" alone')
    return gates


def _tasks(top: Table) -> tuple[Task, ...]:
    found: list[Task] = []
    for table in _each(top, "tasks"):
        phase = table.text("phase", "") or ""
        if phase and phase not in PHASES:
            table.wrong("phase", f"no phase of that name; known: {', '.join(PHASES)}")
        due = _due(table)
        found.append(Task(
            table.text("id") or "", table.text("title") or "", phase, table.text("owner", "") or "", due,
            table.texts("after"), table.flag("proof", False),
        ))  # fmt: skip
        if not found[-1].id or not found[-1].title:
            table.wrong(None, "needs an id and a title")
        table.done()
    ids = [t.id for t in found]
    for task in found:
        if ids.count(task.id) > 1:
            top.wrong("tasks", f"the id {task.id} is there twice")
        for other in set(task.after) - set(ids):
            top.wrong("tasks", f"{task.id} comes after {other}, which is no task")
    if _circle({t.id: t.after for t in found}):
        top.wrong("tasks", "some tasks wait for each other in a circle, so none of them can ever begin")
    return tuple(found)


def _due(table: Table) -> str:
    """The day a task is due, as 2027-03-31, or nothing."""
    table.known.append("due_on")
    given = table.data.get("due_on", "")
    try:
        return date.fromisoformat(str(given)).isoformat() if given else ""
    except ValueError:
        table.wrong("due_on", "must be a day, written without quotes: 2027-03-31")
        return ""


def _circle(after: dict[str, tuple[str, ...]]) -> bool:
    left = dict(after)
    while left:
        free = [id for id, others in left.items() if not any(o in left for o in others)]
        if not free:
            return True
        for id in free:
            del left[id]
    return False


def _notices(top: Table) -> tuple[Notice, ...]:
    found = []
    for table in _each(top, "notices"):
        reminders = tuple(table.get("reminders", list, []))
        if not all(type(n) is int and n > 0 for n in reminders):
            table.wrong("reminders", "must be days after the first, whole numbers from 1: [14, 28]")
        found.append(Notice(
            table.text("id") or "", table.choice("to", ("customers", "contacts", "people"), "customers"),
            table.text("template") or "", table.choice("channel", ("mail", "letter"), "mail"),
            table.text("only", "") or "", int(table.get("days", int, 30)), reminders, table.texts("addresses"),
        ))  # fmt: skip
        if not found[-1].id or not found[-1].template:
            table.wrong(None, "needs an id and a template")
        table.done()
    return tuple(found)


def _retention(top: Table) -> tuple[dict[str, Any], ...]:
    """The rules as they stand, each looked at; a shipped table of examples is not."""
    for table in _each(top, "retention"):
        model, start = table.choice("model", tuple(MODELS), ""), table.text("from", "") or ""
        if not 0 <= int(table.get("years", int, -1)) <= 100:
            table.wrong("years", "must be a whole number from 0 to 100")
        if model and start and field_of(MODELS[model], start) is None:
            table.wrong("from", f'{model} has no field "{start}" from which the time could run')
        if not table.text("source", ""):
            table.wrong("source", "name the law, or who has decided it")
        table.text("jurisdiction", "*")
        table.flag("end_of_year", False)
        table.done()
    return _tables(top, "retention")


def _tables(top: Table, key: str) -> tuple[dict[str, Any], ...]:
    return tuple(dict(table.data) for table in _each(top, key))


def _each(top: Table, key: str) -> list[Table]:
    rows = top.get(key, list, [])
    if not all(isinstance(row, dict) for row in rows):
        top.wrong(key, f"must be tables, each under a head of its own: [[{key}]]")
    return [Table(row, (key, n), top.mistakes) for n, row in enumerate(rows) if isinstance(row, dict)]
