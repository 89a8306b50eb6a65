"""`hub reconcile`: payments matched to invoices; with `--scenario`, those of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import Json, table
from hub.errors import ConfigError


def reconcile(
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="A YAML file of cases to try; nothing is stored.")
    ] = None,
    json: Json = False,
) -> None:
    """Match payments to invoices, and say of each why.

    With --scenario FILE the cases of the file are matched by the policies they give, and nothing is stored. One JSON
    line a case.
    """
    if scenario is None:
        raise ConfigError("hub reconcile: say what to match: --scenario FILE")
    try_cases(scenario, json=json)


def try_cases(path: Path, *, json: bool) -> None:
    """Answer every case of a file that can be read; exit 2 where one cannot."""
    import msgspec

    from hub.cli.output import say
    from hub.finance.scenario import ScenarioError, answer, read

    wrong = 0
    for case in read(path):
        if isinstance(case, ScenarioError):
            say(str(case))
            wrong += 1
            continue
        row = answer(case)
        if json:
            typer.echo(msgspec.json.encode(row).decode())
        else:
            _show(row, case.title)
    if wrong:
        raise typer.Exit(2)


def _show(row: dict[str, Any], title: str) -> None:
    typer.secho(f"\n{row['id']} {title}", bold=True)
    payments = [
        {
            **one,
            "payment": one["id"],
            "allocations": ", ".join(f"{part['document']} {part['amount']}" for part in one["allocations"]),
            "candidates": "; ".join(
                " + ".join(group) if isinstance(group, list) else group for group in one.get("candidates", ())
            ),
        }
        for one in row["payments"]
    ]
    table(payments, ("payment", "status", "stage", "allocations", "unapplied", "reason", "candidates"))
    table([{**one, "document": one["id"]} for one in row["documents"]], ("document", "status", "open"))
    for name in ("adjustments", "fx"):
        if row[name]:
            table(row[name], ("document", "kind", "amount", "currency"))
