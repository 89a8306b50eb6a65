"""The verbs of the books: write-offs, ageing, closed periods, and the checks that everything adds up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from hub.cli.actor import As, PasswordFile
from hub.cli.output import Json, rows, say
from hub.cli.payments import clerk, known_customer, ledger, tell
from hub.cli.session import session
from hub.errors import ConfigError

Day = Annotated[str | None, typer.Option("--as-of", help="The day to look at, YYYY-MM-DD; without it, today.")]


def write_off(
    context: typer.Context,
    document: Annotated[str, typer.Argument(help="The document, by number or id.")],
    reason: Annotated[str, typer.Option(help="Why; it stays with the posting.")],
    amount: Annotated[str | None, typer.Option(help="How much; without it, all that is open.")] = None,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Give up what is open on a document; above the limit another person approves it."""
    from hub.finance.ledger import views

    with session(context).engine() as engine:
        by = clerk(engine, as_, password_file)
        found = views.find_documents(engine.store, [document])
        if document not in found:
            raise ConfigError(f"write-off: no document {document} in the ledger; see hub ageing --items")
        decided = ledger(engine).write_off(found[document], decimal(amount, "--amount"), reason, by)
        tell(engine, found[document], decided, json=json)


def ageing(
    context: typer.Context,
    as_of: Day = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer: id, name or e-mail address.")] = None,
    line: Annotated[str | None, typer.Option(help="Only of this business line.")] = None,
    items: Annotated[bool, typer.Option("--items", help="Document by document.")] = False,
    json: Json = False,
) -> None:
    """Show what is open by how long it has been due, in the figures of any day."""
    from hub.finance.ledger import ageing as aged

    with session(context).engine() as engine:
        books = ledger(engine)
        on = day(as_of, "--as-of") or books.today()
        whose = known_customer(engine, customer) if customer else None
        found = aged.items(engine.store, on, whose, line)
    if items:
        shown = [{**one._asdict(), "open": [one.open, one.currency]} for one in found]
        for row in shown:
            row.pop("currency")
        columns = ("number", "kind", "customer_name", "issued_on", "due_on", "days", "open")
        rows(shown, "ageing --items", json=json, columns=columns, empty="nothing is open")
        return
    summed = [
        {name: [value, row["currency"]] if isinstance(value, int) else value for name, value in row.items()}
        for row in aged.ageing(found)
    ]
    columns = ("customer_name", "not_due", "thirty", "sixty", "ninety", "older", "total")
    rows(summed, "ageing", json=json, columns=columns, empty="nothing is open")


def close_period(
    context: typer.Context,
    through: Annotated[str, typer.Argument(help="The last day of the period, YYYY-MM-DD.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; a closed period is never opened again.")] = False,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Close the books through a day, for ever: nothing is posted there any more; reversals go to the first open day."""
    with session(context).engine() as engine:
        on = day(through, "THROUGH") or date.min
        by = clerk(engine, as_, password_file)
        books = ledger(engine)
        faults = [check for check in books.prove() if not check.fine]
        if faults:
            raise ConfigError(f"close-period: the books do not add up: {faults[0].name}; see hub books")
        if not yes:
            say(f"this would close the books through {on} for good; to do it, add --yes")
            raise typer.Exit(1)
        before = books.close_period(on, by)
    rows([{"through": on, "before": before}], "close-period", json=json)


def books(context: typer.Context, json: Json = False) -> None:
    """Check the books: payments, open items, control account, reversals, statements. Exit 1 where something is wrong."""
    with session(context).engine() as engine:
        checks = ledger(engine).prove()
    shown = [{"check": c.name, "checked": c.checked, "fine": c.fine, "faults": c.faults} for c in checks]
    rows(shown, "books", json=json)
    if not all(c.fine for c in checks):
        raise typer.Exit(1)


def day(text: str | None, where: str) -> date | None:
    """A day people wrote. Raises ConfigError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"{where}: {text!r} is no day; write YYYY-MM-DD") from None


def decimal(text: str | None, where: str) -> Decimal | None:
    """An amount people wrote. Raises ConfigError."""
    try:
        return Decimal(text) if text is not None else None
    except InvalidOperation:
        raise ConfigError(f"{where}: {text!r} is no amount; write 12.50") from None
