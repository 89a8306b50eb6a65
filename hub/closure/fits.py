"""Whether what a person names is there: the line, and in a plan its connections, its texts and its archive's place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from hub.closure.archive.places import place_of
from hub.closure.letters import text_of
from hub.closure.phases.notify import STREAM
from hub.closure.plan import Plan
from hub.closure.retention import jurisdictions
from hub.closure.scope import DOCUMENTS, PARTIES
from hub.errors import ConfigError
from hub.suggest import like
from hub.sync import Hub


def line_of(hub: Hub, name: str) -> str:
    """The line, where a connection, a record or a closing is of it; a typing error would close, or hold, nothing.

    Raises ConfigError that says which lines the connections have.
    """
    project = hub.project
    known = sorted({project.line, *(c.line for c in project.connections.values() if c.line)})
    if name in known:
        return name
    with hub.store.read() as tx:
        at = "SELECT 1 FROM golden WHERE model IN ? AND into_id IS NULL AND"
        found = (
            tx.rows("SELECT 1 FROM closing WHERE line = ? LIMIT 1", name)
            or tx.rows(f"{at} {tx.value_at('line')} = ? LIMIT 1", list(DOCUMENTS), name)
            or tx.rows(f"{at} {tx.value_at(f'lines.{name}')} IS NOT NULL LIMIT 1", list(PARTIES))
        )
    if not found:
        raise ConfigError(
            f'no connection and no record is of a line "{name}"{like(name, known)}; known: {", ".join(known)}; '
            "lines are set in hub.toml, line = ..., or by mappings"
        )
    return name


def held_to(hub: Hub, plan: Plan, where: Path, line: str) -> None:
    """Hold a plan to the project it is for. Raises ConfigError with all that does not fit."""
    wrong = list(_misfits(hub, plan, where.parent / line / "notices", line))
    if wrong:
        raise ConfigError("\n".join(f"{where}: {text}" for text in wrong))


def _misfits(hub: Hub, plan: Plan, texts: Path, line: str) -> Iterator[str]:
    project = hub.project
    if plan.line != line:
        yield f'line: is "{plan.line}", not "{line}"'
    for key, name in (("migrate_to", plan.migrate_to), ("mail", plan.mail)):
        if name and name not in project.connections:
            yield f'data.{key}: no connection "{name}" in hub.toml{like(name, project.connections)}'
    target = project.connections.get(plan.migrate_to)
    if target is not None and (target.line or project.line) == line:
        yield f"data.migrate_to: {target.name} is of the line {line} itself; give it another line"
    sender = project.connections.get(plan.mail)
    if sender is not None and not _sends(hub, sender.connector):
        yield f"data.mail: {plan.mail} is a connection to {sender.connector}, which sends no mail; name one that does"
    for notice in plan.notices:
        try:
            text_of(notice.template, "en", texts)
        except ConfigError as error:
            yield f"notices: {notice.id}: {error}"
    try:
        place_of(plan.archive, project.root)
    except ConfigError as error:
        yield f"data.archive: {error}"


def remarks(plan: Plan, today: date) -> Iterator[str]:
    """What is allowed in a plan, but seldom meant."""
    if plan.target_on < today:
        yield f"target_on: {plan.target_on} has passed, so that every task before it is late"
    if not plan.notices:
        yield "nobody is written to: the plan has no [[notices]]; with --mail CONNECTION a template brings its own"
    if "migrate" in plan.gates and not plan.migrate_to:
        yield "nothing is migrated: data.migrate_to is empty, and the gate of migrate asks for an approval all the same"
    if plan.jurisdiction != "*" and plan.jurisdiction not in jurisdictions() and not plan.retention:
        yield (
            f'no retention rule is known for jurisdiction "{plan.jurisdiction}" (the examples have: '
            f"{', '.join(jurisdictions())}); without [[retention]] no key of the archive is ever destroyed"
        )


def _sends(hub: Hub, connector: str) -> bool:
    """Whether a connector declares messages that can be written."""
    return any(s.name == STREAM and s.push for s in getattr(hub.registry.connectors[connector], "streams", ()))
