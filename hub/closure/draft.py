"""Drafting a plan: a template filled with the line's figures, dates and open questions, written as TOML for people."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hub.closure.business import rows as figures
from hub.closure.facts import Facts, register, shown
from hub.closure.written import toml
from hub.errors import ConfigError
from hub.suggest import like

TEMPLATES = Path(__file__).parent / "templates"
NOTES = {
    "line": "Plan of a closing. Every change voids the approvals given so far.",
    "reason": "Why the line is closed, in a sentence the final report repeats.",
    "entity": "Who writes, with the postal address (a line each) and whom to ask: on letters, statements and certificate.",
    "data": "Where data goes: a folder or s3://bucket/prefix, and a connection of hub.toml or nothing.",
    "gates": "Who approves, another person than the plan's author; an approval holds for so many days.",
    "tasks": "A task with a phase keeps that phase's gate shut until it is done: hub close task LINE ID --done PROOF",
    "retention": "How long what is kept. Examples: check with counsel.",
    "facts": "The figures when the plan was drafted; hub close assess shows those of today.",
}


def templates() -> list[str]:
    """The names of the templates that came with the hub."""
    return sorted(file.stem for file in TEMPLATES.glob("*.toml"))


def draft(
    name: str,
    facts: Facts,
    *,
    reason: str,
    owner: str,
    target_on: date,
    time_zone: str,
    entity: str = "",
    address: Sequence[str] = (),
    contact: str = "",
    archive: str = "",
    migrate_to: str = "",
    mail: str = "",
    own: Path | None = None,
) -> str:
    """The text of a plan. `own` is a folder with templates of the company's own, which go before those shipped."""
    template = _template(name, own)
    days = {key: _dated(template.get(key, []), target_on) for key in ("milestones", "tasks")}
    for task in days["tasks"]:
        task.setdefault("owner", owner)
    known = [*template.get("risks", []), *register(facts, target_on)]
    risks = [{**risk, "owner": risk.get("owner") or owner} for risk in known]
    data: dict[str, Any] = {
        "line": facts.line,
        "template": name,
        "reason": reason,
        "owner": owner,
        "entity": entity,
        "address": list(address),
        "contact": contact,
        "time_zone": time_zone,
        "target_on": target_on,
        "data": {"archive": archive or f"archive/{facts.line}", "migrate_to": migrate_to, "mail": mail},
        "sample": template.get("sample", {"random": 5, "risk": 5}),
        "gates": template.get("gates", {}),
        "questions": template.get("questions", {}),
        "facts": _facts(facts),
        "milestones": days["milestones"],
        "tasks": days["tasks"],
        "risks": risks,
        "notices": template.get("notices", []) if mail else [],
        "retention": template.get("retention", []),
    }
    return toml({key: value for key, value in data.items() if key == "address" or value not in ([], {})}, NOTES)


def _template(name: str, own: Path | None) -> dict[str, Any]:
    for folder in (own, TEMPLATES):
        file = folder / f"{name}.toml" if folder is not None else None
        if file is not None and file.is_file():
            try:
                return tomllib.loads(file.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ConfigError(f"{file}: is no TOML: {error}") from None
    raise ConfigError(f'no template "{name}"{like(name, templates())}; there are: {", ".join(templates())}')


def _dated(rows: list[dict[str, Any]], target_on: date) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        kept = {k: v for k, v in row.items() if k != "due_days"}
        if "due_days" in row:
            kept["due_on"] = target_on + timedelta(days=row["due_days"])
        found.append(kept)
    return found


def _facts(facts: Facts) -> Mapping[str, Any]:
    return {
        "counts": {model: facts.counts[model] for model in sorted(facts.counts)},
        "shared": len(facts.shared),
        "open": {model: facts.open[model] for model in sorted(facts.open)},
        "invoiced": shown(facts.invoiced),
        "receivable": shown(facts.receivable),
        "unapplied": shown(facts.unapplied),
        "contracts_running": shown(facts.contracts),
        "contracts_until": facts.running_until,
        **_business(facts),
    }


def _business(facts: Facts) -> dict[str, list[str]]:
    """Revenue, margin, customers and contracts as texts; what nothing is known of is said."""
    told: dict[str, list[str]] = {}
    for kind, name, number, amount, text in figures(facts.business, facts.today):
        parts = [
            name,
            amount,
            text if kind != "unknown" else None,
            str(number) if kind == "unknown" and number else None,
        ]
        told.setdefault({"contract": "contracts"}.get(kind, kind), []).append(": ".join(p for p in parts if p))
    return told
