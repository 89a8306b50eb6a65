"""`hub statements`: bank statements in, what became of them, and how a bank's CSV is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.output import Json, rows, say
from hub.cli.session import session
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.config import ConnectionConfig, Project
    from hub.config.statements import Dialect

app = typer.Typer(help="Bank statements: bring them in, list them, try how a file is read.", no_args_is_help=True)

Account = Annotated[str | None, typer.Option(help="Whose files these are: the account's number or an alias of it.")]
COLUMNS = (
    "account",
    "from",
    "to",
    "currency",
    "opening",
    "closing",
    "entries",
    "balanced",
    "state",
    "file",
    "problems",
)


@app.command("import")
def import_(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="CAMT, MT940, MT942, OFX, BAI2, CSV; also in ZIP or gzip.")],
    account: Account = None,
    override: Annotated[
        str | None, typer.Option(help="Take what cannot be proven, for this reason; it is recorded.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who answers for the override.")] = None,
    connection: Annotated[
        str | None, typer.Option(help="As of this connection, where there are several banks.")
    ] = None,
    json: Json = False,
) -> None:
    """Bring statements in: their booked entries become payments, each once, however often it comes.

    Opening and movements must make the closing balance, or the statement is refused with the difference.
    """
    if bool(override) != bool(by):
        raise typer.BadParameter("--override wants a reason, and --by the name of who answers for it")
    lacking = next((file for file in files if not file.is_file()), None)
    if lacking is not None:
        raise typer.BadParameter(f"{lacking}: no such file")
    from hub.cli.engine import opened
    from hub.finance import statements

    current = session(context)
    project = current.project(strict=True)
    settings: dict[str, Any] = {"files": [str(file.absolute()) for file in files]}
    settings |= {key: value for key, value in (("account", account), ("override", override), ("by", by)) if value}
    bank = _bank(project, connection, settings)
    project = replace(project, connections={**project.connections, bank.name: bank})
    with opened(project, current.registry(project.root / project.plugins)) as engine:
        run = engine.sync([bank.name])
        told: list[dict[str, Any]] = engine.connector(bank.name).told  # type: ignore[attr-defined]
        statements.register(engine.store, [bank.name])
    found = [statements.row(one) if "id" in one else _unread(one) for one in told]
    created = sum(count.created for count in run.counts if count.connection == bank.name)
    rows(_shown(found, json=json), "statements import", json=json, columns=COLUMNS, empty="no statement was found")
    if not json:
        typer.echo(f"{created} new payments")
    for text in run.findings:
        say(text)
    if run.findings or any(one.get("fault", True) for one in told if one.get("state") != "overridden"):
        raise typer.Exit(1)


@app.command("list")
def list_(
    context: typer.Context,
    account: Account = None,
    state: Annotated[str | None, typer.Option(help="taken, overridden, refused or replaced.")] = None,
    json: Json = False,
) -> None:
    """List the statements that came in, by account and day, and what is missing between them."""
    from hub.finance import statements
    from hub.finance.bank.read import known

    with session(context).engine() as engine:
        statements.register(engine.store, statements.banks(engine.project))
        own = known(engine.project.finance.statements, account)
        number = own.number if own else account
        found = [one.row for one in statements.registered(engine.store, number, state)]
        missing = statements.proof(engine.store)
    rows(_shown(found, json=json), "statements list", json=json, columns=COLUMNS, empty="no statements yet")
    for text in missing:
        say(text)
    if missing:
        raise typer.Exit(1)


@app.command("preview")
def preview(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file of a bank.")],
    account: Account = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many entries.")] = 10,
    json: Json = False,
) -> None:
    """Show how a file is read, and store nothing.

    For a CSV file without a saved dialect one is proposed, to be checked and saved in hub.toml.
    """
    from hub.config.statements import Account as Saved
    from hub.finance.bank.guess import guess, toml
    from hub.finance.bank.read import form_of, known, read
    from hub.finance.bank.values import account as plain

    if not file.is_file():
        raise typer.BadParameter(f"{file}: no such file")
    settings = session(context).project(strict=False).finance.statements
    if file.stat().st_size > settings.limit_mb * 1_000_000:
        raise ConfigError(f"{file}: is over {settings.limit_mb} MB; raise limit_mb in [finance] if it is meant")
    data = file.read_bytes()
    reading = read(data, settings, account)
    if form_of(data) == "csv" and not reading.statements:
        dialect, doubts = guess(data)
        for text in doubts:
            say(f"{file.name}: {text}")
        if dialect is None:
            raise typer.Exit(1)
        own = known(settings, account)
        number = own.number if own else plain(account) or "ACCOUNT"
        code = (own.currency if own else None) or (None if "currency" in dialect.columns else _code(dialect, settings))
        say(f"no dialect is saved that fits; check this one, and save it in hub.toml:\n\n{toml(dialect, number)}\n")
        if code is None and "currency" not in dialect.columns:
            say(f'the file names no currency: add currency = "EUR", or the right one, to [finance.accounts."{number}"]')
        trial = Saved(number, own.aliases if own else (), code or "EUR", None, dialect)
        reading = read(data, replace(settings, accounts={**settings.accounts, number: trial}), number)
    found = [
        {
            "line": entry.line,
            "account": statement.account,
            "booked_on": entry.booked_on,
            "value_on": entry.value_on,
            "amount": f"{entry.amount.amount}",
            "currency": entry.amount.currency,
            "party": entry.party,
            "party_account": entry.party_account,
            "text": entry.text,
            "reference": entry.reference,
            "parts": len(entry.parts),
        }
        for statement in reading.statements
        for entry in statement.entries
    ]
    rows(found[:limit], "statements preview", json=json, empty="no entries")
    problems = [*reading.problems, *(problem for one in reading.statements for problem in one.problems)]
    for problem in problems:
        say(f"{file.name}: {problem}")
    if any(problem.fault for problem in problems):
        raise typer.Exit(1)


def _code(dialect: Dialect, settings: Any) -> str | None:
    """The currency all accounts share, where they share one."""
    codes = {account.currency for account in settings.accounts.values() if account.currency}
    return codes.pop() if len(codes) == 1 else None


def _bank(project: Project, wanted: str | None, settings: dict[str, Any]) -> ConnectionConfig:
    """The bank's connection over the files named; an implicit one called `bank` where hub.toml has none."""
    from hub.config import ConnectionConfig, StreamConfig
    from hub.finance.statements import CONNECTOR, STREAM

    known = [one for one in project.connections.values() if one.connector == CONNECTOR]
    if wanted is not None:
        known = [project.connection(wanted)]
        if known[0].connector != CONNECTOR:
            raise ConfigError(f"{wanted} is no bank: its connector is {known[0].connector}")
    if len(known) > 1:
        raise ConfigError(f"say whose files these are with --connection: {', '.join(one.name for one in known)}")
    if known:
        return replace(known[0], settings=settings)
    if CONNECTOR in project.connections:
        raise ConfigError(f'the connection "{CONNECTOR}" is no bank; add one to hub.toml with connector = "bank"')
    stream = StreamConfig(STREAM, f"{CONNECTOR}.{STREAM}")
    return ConnectionConfig(CONNECTOR, CONNECTOR, settings, streams={STREAM: stream})


def _unread(one: dict[str, Any]) -> dict[str, Any]:
    """The line of a file of which something could not be read at all."""
    return {"entries": 0, "state": "refused", "file": one["file"], "problems": one["problems"]}


def _shown(found: Sequence[dict[str, Any]], *, json: bool) -> list[dict[str, Any]]:
    if json:
        return list(found)
    return [{**one, "file": Path(one["file"]).name, "problems": "; ".join(one["problems"])} for one in found]
