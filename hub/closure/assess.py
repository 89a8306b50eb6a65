"""Assess: a dry run of everything, in figures; nothing is written."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any

from hub import audit
from hub.closure.business import NOTICE
from hub.closure.business import rows as figures
from hub.closure.carried import carried
from hub.closure.closing import current
from hub.closure.facts import facts, register, shown
from hub.closure.run import plan_file
from hub.closure.times import day_of, now, zone_of
from hub.errors import Missing
from hub.sync import Hub

Row = dict[str, Any]
PER_SECOND = {
    "archive and verify": 500,
    "destroy": 3_000,
}  # records, as measured: one core, SQLite; verify reads all twice


def assess(hub: Hub, line: str) -> list[Row]:
    """Rows of kind count, open, sum, revenue, margin, customers, contract, unknown, risk, shared, target, time, blocks."""
    today = _today(hub, line)
    found = facts(hub.store, line, today)
    rows = [_row("count", model, count=found.counts[model]) for model in sorted(found.counts)]
    rows += [_row("open", model, count=found.open[model]) for model in sorted(found.open)]
    for name, sums in (
        ("invoiced", found.invoiced), ("receivable", found.receivable), ("paid", found.paid),
        ("unapplied cash", found.unapplied), ("contracts that run", found.contracts),
    ):  # fmt: skip
        rows.append(_row("sum", name, amount=shown(sums)))
    if found.running_until:
        rows.append(_row("contracts", "the last one runs until", text=found.running_until))
    rows += [
        _row(kind, name, count=number, amount=amount, text=text)
        for kind, name, number, amount, text in figures(found.business, today)
    ]
    rows += [
        _row("risk", one["text"], text=f"{one['likelihood']}, {one['impact']}: {one['measure']}")
        for one in register(found, today + timedelta(days=NOTICE))
    ]
    rows.append(
        _row("shared", "customers and contacts that stay", count=len(found.shared), text=", ".join(found.shared[:20]))
    )
    plan = plan_file(hub, line)
    if plan is not None and plan.migrate_to:
        hub.project.connection(plan.migrate_to)
        rows += [
            _row("target", one.name, count=one.number, text=one.text) for one in carried(hub, line, plan.migrate_to)
        ]
    total = sum(found.counts.values())
    for name, speed in PER_SECOND.items():
        rows.append(_row("time", name, text=str(timedelta(seconds=1 + total // speed))))
    if not total:
        rows.append(
            _row("blocks", "scope", text=f"nothing belongs to {line}; lines are set by mappings or in hub.toml")
        )
    return rows + [_row("blocks", "before it begins", text=text) for text in found.blocks]


def _today(hub: Hub, line: str) -> date:
    """Today where the line's plan judges days; in UTC before there is a plan."""
    with hub.store.read() as tx:
        try:
            closing = current(tx, line)
        except Missing:
            return day_of(audit.now(tx, hub.store), UTC)
        return day_of(now(tx, hub.store, closing.id), zone_of(closing.plan))


def _row(kind: str, name: str, *, count: int | None = None, amount: str | None = None, text: str | None = None) -> Row:
    return {"kind": kind, "name": name, "count": count, "amount": amount, "text": text}
