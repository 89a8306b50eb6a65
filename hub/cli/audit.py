"""`hub audit`: who did what, in an order nobody can change afterwards."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from hub.cli.output import Json, line, rows, say
from hub.cli.session import session

app = typer.Typer(no_args_is_help=True, help="Who did what, in an order nobody can change.")


@app.command("list")
def list_(
    context: typer.Context,
    what: Annotated[str | None, typer.Option(help="Only this act; close* means all that begin so.")] = None,
    who: Annotated[str | None, typer.Option(help="Only of this person.")] = None,
    since: Annotated[int, typer.Option(help="Only after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1000,
    json: Json = False,
) -> None:
    """List the acts, oldest first."""
    from hub.audit import entries
    from hub.sync.clock import moment

    with session(context).engine() as engine:
        found = [
            {k: v for k, v in e._asdict().items() if k != "before"} | {"at": moment(e.at).isoformat()}
            for e in islice(entries(engine.store, since=since, what=what, who=who), limit)
        ]
    rows(found, "audit list", json=json, columns=("n", "at", "who", "what", "data"), empty="no entry")


@app.command()
def verify(context: typer.Context, json: Json = False) -> None:
    """Read the whole chain and name the first entry that is not what was written."""
    from hub.audit import verify as verified

    with session(context).engine() as engine:
        count, broken = verified(engine.store)
        with engine.store.read() as tx:
            from hub.audit import head

            number, digest, _ = head(tx)
    row = {
        "entries": count, "ok": broken is None, "broken": broken.n if broken else None,
        "why": broken.why if broken else None, "head": digest if broken is None else None,
    }  # fmt: skip
    if json:
        line(row, "audit verify")
    elif broken is None:
        typer.echo(f"{count} entries hold; the last is {number} with hash {digest}")
    else:
        say(f"entry {broken.n}: {broken.why}; the {count} before it hold")
    if broken is not None:
        raise typer.Exit(1)
