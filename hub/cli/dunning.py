"""`hub dunning` and `hub statement-of-account`: what goes to customers who owe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.actor import As, PasswordFile
from hub.cli.books import Day, day
from hub.cli.output import Json, rows, say
from hub.cli.payments import clerk, known_customer, ledger
from hub.cli.session import session
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.finance.dunning import Case

app = typer.Typer(
    help="Reminders to customers who owe; they are drafts until a person releases them.", no_args_is_help=True
)

Customers = Annotated[list[str] | None, typer.Argument(help="Customers by id, name or e-mail address; none: all due.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")]
SHOWN = ("customer_name", "stage", "template", "days", "total", "documents", "last", "paused")


@app.command("list")
def list_(context: typer.Context, as_of: Day = None, json: Json = False) -> None:
    """List customers who are late, the stage each has reached, and who is left alone and why."""
    from hub.finance import dunning

    with session(context).engine() as engine:
        on = day(as_of, "--as-of") or ledger(engine).today()
        found = dunning.cases(engine.store, engine.project.finance, on)
    rows([_row(case) for case in found], "dunning list", json=json, columns=SHOWN, empty="nobody is late")


@app.command("draft")
def draft(
    context: typer.Context,
    customers: Customers = None,
    as_of: Day = None,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Write the reminders that are due as drafts, each with the statement of account attached."""
    from hub.finance import dunning

    with session(context).engine() as engine:
        by = clerk(engine, as_, password_file)
        on = day(as_of, "--as-of") or ledger(engine).today()
        chosen = [known_customer(engine, text) for text in customers or ()]
        made = dunning.draft(engine, engine.project.finance, chosen, by, on)
    shown = [{
        "customer": case.customer, "customer_name": case.customer_name, "stage": case.stage, "message": id, "state": "draft",
    } for case, id in made]  # fmt: skip
    rows(shown, "dunning draft", json=json, empty="nothing is due; see hub dunning list")
    if shown and not json:
        typer.echo("read them with: hub show message ID; to send them: hub dunning send")


@app.command("send")
def send(
    context: typer.Context,
    customers: Customers = None,
    yes: Yes = False,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Release drafts; they go out with the next hub sync."""
    from hub.finance import dunning

    with session(context).engine() as engine:
        by = clerk(engine, as_, password_file)
        chosen = [known_customer(engine, text) for text in customers or ()]
        if not yes:
            say("drafts would be released, and sent by the next hub sync; to do it, add --yes")
            raise typer.Exit(1)
        gone = dunning.release(engine, chosen, by)
    shown = [{"customer": None, "customer_name": None, "stage": None, "message": id, "state": "queued"} for id in gone]
    rows(shown, "dunning draft", json=json, columns=("message", "state"))


def statement_of_account(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(help="The customer: id, name or e-mail address.")],
    out: Annotated[Path, typer.Option(help="FILE.pdf, FILE.csv (open items) or FILE.xlsx.")],
    as_of: Day = None,
    json: Json = False,
) -> None:
    """Write a customer's statement of account: what is open, and what was posted."""
    from hub.finance.account import account, document, tables

    if out.suffix not in (".pdf", ".csv", ".xlsx"):
        raise ConfigError(f"--out: {out} must end in .pdf, .csv or .xlsx")
    with session(context).engine() as engine:
        on = day(as_of, "--as-of") or ledger(engine).today()
        found = account(engine.store, known_customer(engine, customer), on)
        sender = engine.project.finance.sender
    if out.suffix == ".pdf":
        from hub.paper.pdf import pdf

        data = pdf(document(found, sender))
    else:
        from hub.paper.sheets import csv, xlsx

        data = csv(tables(found)[0]) if out.suffix == ".csv" else xlsx(tables(found))
    try:
        out.write_bytes(data)
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written: {error.strerror}") from None
    owed = [[money.minor, money.currency] for money in found.owed()]
    due = [[money.minor, money.currency] for money in found.due()]
    row = {
        "file": str(out),
        "customer": found.customer,
        "customer_name": found.name,
        "as_of": on,
        "open": owed,
        "due": due,
    }
    rows([row], "statement-of-account", json=json, columns=("file", "customer_name", "as_of", "open", "due"))


def _row(case: Case) -> dict[str, object]:
    return {
        "customer": case.customer, "customer_name": case.customer_name, "stage": case.stage, "template": case.template,
        "days": case.days, "total": [[m.minor, m.currency] for m in case.total],
        "documents": [one.number for one in case.documents], "last": case.last, "paused": case.paused or None,
    }  # fmt: skip
