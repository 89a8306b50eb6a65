"""`hub hold`: what a court or the legal department wants kept is never destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.actor import As, PasswordFile, actor, must
from hub.cli.output import Json, rows
from hub.cli.session import session

if TYPE_CHECKING:
    from hub.closure.holds import Hold

app = typer.Typer(no_args_is_help=True, help="Legal holds: what must be kept, whoever approves what.")
Reason = Annotated[str, typer.Option(help="Why; it stands on the certificate of what is destroyed meanwhile.")]


@app.command()
def add(
    context: typer.Context,
    id: Annotated[
        str | None, typer.Argument(help="The record; that of a customer holds all that refers to it.")
    ] = None,
    line: Annotated[str | None, typer.Option(help="Instead of a record: a whole business line.")] = None,
    reason: Reason = "",
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Set a hold; destruction that is running meets it at its next record."""
    from hub.closure.fits import line_of
    from hub.closure.holds import add as added

    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        must(engine, person, "legal", line or "*")
        if line is not None:
            line_of(engine, line)
        made = added(engine.store, person.name, reason, line=line, golden_id=id)
    rows([_row(made)], "hold list", json=json)


@app.command()
def release(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="The hold's number, as hub hold list shows it.")],
    reason: Reason = "",
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Release a hold."""
    from hub.closure.holds import release as released

    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        must(engine, person, "legal")
        made = released(engine.store, number, person.name, reason)
    rows([_row(made)], "hold list", json=json)


@app.command("list")
def list_(
    context: typer.Context,
    released: Annotated[bool, typer.Option("--released", help="Also those that were released.")] = False,
    json: Json = False,
) -> None:
    """List the holds in force."""
    from hub.closure.holds import holds

    with session(context).engine() as engine:
        found = [_row(one) for one in holds(engine.store, released=released)]
    rows(found, "hold list", json=json, empty="nothing is held")


def _row(hold: Hold) -> dict[str, Any]:
    from hub.sync.clock import moment

    return {
        "number": hold.id, "line": hold.line, "id": hold.golden_id, "reason": hold.reason, "person": hold.person,
        "at": moment(hold.at).isoformat(), "released_by": hold.released_by, "released_why": hold.released_why,
    }  # fmt: skip
