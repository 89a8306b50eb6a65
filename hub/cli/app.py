"""The command line as a whole: which verbs there are, and how each ends.

Every verb's module is imported at start, so none of them imports anything heavy before it runs.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import Annotated, cast

import typer

import hub
from hub.cli import (
    archive,
    audit,
    books,
    check,
    close,
    connector,
    demo,
    dunning,
    duplicates,
    golden,
    hold,
    init,
    mapping,
    outbox,
    payments,
    people,
    plugins,
    preview,
    quality,
    quarantine,
    reconcile,
    schema,
    statements,
    status,
    sync,
)
from hub.cli.output import say
from hub.cli.session import Session
from hub.cli.verbs import Verbs
from hub.errors import ConfigError, HubError

FINDINGS, USAGE, INTERNAL = 1, 2, 70

app = typer.Typer(
    cls=Verbs,
    help="hub keeps one true picture of customers, orders, invoices and payments, and carries it both ways.",
    epilog="Plugins bring more verbs, such as hub serve; they are listed by: hub plugins",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Rich help costs 0.3 s of imports at every --help and every usage error
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hub {hub.__version__}")
        raise typer.Exit


@app.callback()
def begin(
    context: typer.Context,
    project: Annotated[
        Path | None,
        typer.Option("--project", "-p", help="hub.toml or its folder; without it, the nearest one from here upward."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which hub.")
    ] = False,
) -> None:
    """hub keeps one true picture of customers, orders, invoices and payments, and carries it both ways."""
    if context.obj is None:
        context.obj = Session()
    context.obj.path = project


app.command("init")(init.init)
app.command("check")(check.check)
app.command("preview")(preview.preview)
app.command("sync")(sync.sync)
app.command("status")(status.status)
app.command("list")(golden.list_)
app.command("show")(golden.show)
app.command("reconcile")(reconcile.reconcile)
app.command("quality")(quality.quality)
app.command("write-off")(books.write_off)
app.command("ageing")(books.ageing)
app.command("close-period")(books.close_period)
app.command("books")(books.books)
app.command("statement-of-account")(dunning.statement_of_account)
app.command("schema")(schema.schema)
app.command("demo")(demo.demo)
app.command("plugins")(plugins.plugins)
app.add_typer(duplicates.app, name="duplicates")
app.add_typer(payments.app, name="payments")
app.add_typer(dunning.app, name="dunning")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(statements.app, name="statements")
app.add_typer(outbox.app, name="outbox")
app.add_typer(mapping.app, name="mapping")
app.add_typer(connector.app, name="connector")
app.add_typer(people.app, name="people")
app.add_typer(audit.app, name="audit")
app.add_typer(close.app, name="close")
app.add_typer(hold.app, name="hold")
app.add_typer(archive.app, name="archive")


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. What the hub raised on purpose is told without a traceback."""
    session = Session()
    try:
        _verbs(arguments)(list(arguments), "hub", obj=session)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except HubError as error:
        say(session.masked(str(error)))
        return USAGE if isinstance(error, ConfigError) else FINDINGS
    except Exception as error:  # noqa: BLE001 - the last line of defence: told without locals, which may hold secrets
        if words := _of_the_store(error):
            say(session.masked(f"{session.store}: {words}"))
            return FINDINGS
        say(session.masked(traceback.format_exc()))
        say("this is a fault in the hub or in a plugin, not in your settings")
        return INTERNAL
    return 0


def _of_the_store(error: Exception) -> str | None:
    """What a failure of the database means for a person, None for another one."""
    if "hub.store" not in sys.modules:
        return None
    from hub.store.faults import told

    return told(error)


def _verbs(arguments: Sequence[str]) -> Verbs:
    """The group of verbs for one run: what its plugins bring is gone with it."""
    named = {*(verb.name for verb in app.registered_commands), *(group.name for group in app.registered_groups)}
    group = copy(_built(frozenset(named.intersection(arguments))))
    group.commands = dict(group.commands)
    return group


@cache
def _built(names: frozenset[str | None]) -> Verbs:
    """The hub's verbs of these names, or all where there is none; to make all of their functions takes 0.1 s of CPU."""
    asked = copy(app)
    if names:
        asked.registered_commands = [part for part in app.registered_commands if part.name in names]
        asked.registered_groups = [part for part in app.registered_groups if part.name in names]
    return cast(Verbs, typer.main.get_command(asked))
