"""`hub reconcile`: payments matched to invoices; with `--scenario`, those of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import Json, rows, table
from hub.cli.session import session
from hub.errors import ConfigError


def reconcile(
    context: typer.Context,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="A YAML file of cases to try; nothing is stored.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only payments on this account of ours.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come of it; nothing is stored.")] = False,
    mail: Annotated[
        bool, typer.Option("--report", help="Mail what needs a person to [finance] report_to, by the next hub sync.")
    ] = False,
    json: Json = False,
) -> None:
    """Match payments to invoices, say of each why, and post what may be posted by itself.

    Stages post by themselves up to the limits of [finance.post] in hub.toml; everything else waits for a person. The
    books are checked after each run. Exit 1 where they do not add up. With --scenario FILE the cases of the file are
    matched by the policies they give.
    """
    if scenario is None:
        work(context, account, dry_run=dry_run, mail=mail, json=json)
    elif account is not None or dry_run or mail:
        raise ConfigError("hub reconcile: --scenario stores nothing; leave out the other options")
    else:
        try_cases(scenario, json=json)


def work(context: typer.Context, account: str | None, *, dry_run: bool, mail: bool, json: bool) -> None:
    """Reconcile what the store holds, and tell what was done and what needs a person."""
    from hub.finance import dunning, report
    from hub.finance.ledger import Ledger, summary

    with session(context).engine() as engine:
        ledger = Ledger(engine)
        if mail and not engine.project.finance.report_to:
            raise ConfigError('hub.toml: finance: report_to is missing; write report_to = ["finance@example.com"]')
        done = ledger.reconcile(account, dry_run=dry_run)
        if not dry_run:
            dunning.follow_up(engine)
            if mail:
                report.report(ledger, done, ledger.today())
        found = summary.of(done)
    rows(found, "reconcile", json=json, columns=("kind", "name", "count", "text"))
    if dry_run and not json:
        typer.echo("nothing of it was stored")
    if not all(check.fine for check in done.checks):
        raise typer.Exit(1)


def try_cases(path: Path, *, json: bool) -> None:
    """Answer every case of a file that can be read; exit 2 where one cannot."""
    import msgspec

    from hub.cli.output import say
    from hub.finance.scenario import ScenarioError, answer, read

    wrong = 0
    for case in read(path):
        try:
            if isinstance(case, ScenarioError):
                raise case
            row = answer(case)
        except ScenarioError as error:
            say(str(error))
            wrong += 1
            continue
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
