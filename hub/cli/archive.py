"""`hub archive`: what is kept of a business line when it is gone, written, verified and restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.actor import As, PasswordFile, actor, must
from hub.cli.output import Json, line, rows, say
from hub.cli.session import session

if TYPE_CHECKING:
    from hub.closure.archive import Archive
    from hub.closure.keys import KeyRing
    from hub.store import Store
    from hub.sync import Hub

app = typer.Typer(no_args_is_help=True, help="What is kept of a business line when it is gone.")
Name = Annotated[str, typer.Argument(help="As hub archive list shows it.")]


@app.command()
def write(
    context: typer.Context,
    business_line: Annotated[str, typer.Argument(metavar="LINE", help="The business line.")],
    to: Annotated[
        str | None, typer.Option(help="A folder or s3://bucket/prefix; without it, archive/LINE in the project.")
    ] = None,
    who: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Write what is of a line alone into a signed, encrypted archive.

    A run that was stopped goes on where it stopped, unless the data has changed since. The keys are made beside the
    project's data and never go into the archive.
    """
    from hub.closure.archive import Order
    from hub.closure.archive import write as written
    from hub.errors import ConfigError

    with session(context).engine() as engine, _keys(engine, make=True) as keys:
        person = actor(engine, who, password_file)
        must(engine, person, "lead", business_line)
        scope = _scope(engine.store, business_line)
        if not scope:
            raise ConfigError(f'nothing is of the line "{business_line}" alone; lines are set in hub.toml: line = ...')
        place = to or f"archive/{business_line}"
        made = written(engine.store, engine.project, Order(business_line, scope, person.name), keys, place)
    row = _row(made)
    if json:
        line({key: row[key] for key in WRITTEN}, "archive write")
        return
    typer.echo(f"{made.id} at {made.place}: {_counted(made.counts)}; {made.bytes} bytes")
    typer.echo(f"seal {made.seal}; prove it with: hub archive verify {made.id}")


WRITTEN = ("archive", "line", "place", "seal", "public_key", "counts", "bytes")


@app.command()
def verify(
    context: typer.Context,
    name: Name,
    outside: Annotated[
        bool, typer.Option("--outside", help="Without the keys: files, hashes, signature and counts alone.")
    ] = False,
    json: Json = False,
) -> None:
    """Read all of an archive twice, by two programs, and every record in both of its forms; tell what does not hold."""
    from hub.closure.archive import known
    from hub.closure.archive import verify as verified

    with session(context).engine() as engine:
        archive = known(engine.store, name)
        with nullcontext() if outside else _keys(engine) as keys:
            found = verified(engine.store, archive, engine.project.root, keys)
    if json:
        line({
            "archive": found.archive, "place": found.place, "ok": found.ok, "faults": list(found.faults),
            "files": found.files, "bytes": found.bytes, "records": dict(found.records),
            "destroyed": found.destroyed, "seal": found.seal,
        }, "archive verify")  # fmt: skip
    else:
        for fault in found.faults:
            say(fault)
        gone = f"; {found.destroyed} can be read by nobody, their keys are destroyed" if found.destroyed else ""
        typer.echo(f"{found.files} files, {found.bytes} bytes: {_counted(found.records)}{gone}")
        typer.echo("the archive holds" if found.ok else f"{name} does not hold; it is not what was written")
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def restore(
    context: typer.Context,
    name: Name,
    into: Annotated[str, typer.Option(help='The URL of an empty database; a password stands as "${VARIABLE}".')],
    who: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Restore an archive into an empty database, for reading, and prove that nothing is missing or other."""
    from hub.closure.archive import known
    from hub.closure.archive import restore as restored
    from hub.config import environment
    from hub.config.env import filled, literal_password, unset
    from hub.errors import ConfigError

    if literal_password(into):
        raise ConfigError('--into: a password must not stand on the command line; write "${VARIABLE}" in its place')

    with session(context).engine() as engine:
        archive = known(engine.store, name)
        person = actor(engine, who, password_file)
        must(engine, person, "lead", archive.line)
        env = environment(engine.project.root)
        if missing := unset(into, env):
            raise ConfigError(f"--into: {missing[0]} is not set; set it in the environment or in .env beside hub.toml")
        with _keys(engine) as keys:
            url = filled(into, env)
            if not url.startswith(("sqlite:///", "postgresql")):
                raise ConfigError(
                    "--into: is no URL of SQLite or PostgreSQL; write sqlite:///back.db or postgresql://..."
                )
            found = restored(engine.store, archive, engine.project.root, keys, url, person.name)
    if json:
        line({
            "archive": found.archive, "ok": found.ok, "counts": dict(found.counts), "records": found.records,
            "destroyed": found.destroyed, "faults": list(found.faults),
        }, "archive restore")  # fmt: skip
    else:
        for fault in found.faults:
            say(fault)
        typer.echo(f"{_counted(found.counts)}, with {found.records} records of the systems")
        typer.echo("counts and hashes agree" if found.ok else "what stands there is NOT what was archived")
    if not found.ok:
        raise typer.Exit(1)


@app.command("list")
def list_(
    context: typer.Context,
    business_line: Annotated[str | None, typer.Argument(metavar="[LINE]", help="Only of this line.")] = None,
    json: Json = False,
) -> None:
    """List the archives, where they are, and when each was last verified and restored."""
    from hub.closure.archive import listed

    with session(context).engine() as engine:
        found = [_row(archive) for archive in listed(engine.store, business_line)]
    columns = ("archive", "line", "place", "written_at", "written_by", "counts", "bytes", "verified_at", "restored_at")
    rows(found, "archive list", json=json, columns=columns, empty="no archive was written yet")


def _row(archive: Archive) -> dict[str, Any]:
    from hub.sync.clock import moment

    at = {
        name: moment(value).isoformat() if (value := getattr(archive, name)) is not None else None
        for name in ("written_at", "verified_at", "restored_at")
    }
    return {
        "archive": archive.id, "line": archive.line, "place": archive.place, "seal": archive.seal,
        "public_key": archive.public_key, "counts": dict(archive.counts), "bytes": archive.bytes,
        "written_by": archive.written_by, **at,
    }  # fmt: skip


def _counted(counts: Any) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing"


@contextmanager
def _keys(engine: Hub, *, make: bool = False) -> Iterator[KeyRing]:
    from hub.closure.keys import folder, keys_in

    with keys_in(folder(engine.project.root), make=make) as keys:
        yield keys


def _scope(store: Store, business_line: str) -> dict[str, list[str]]:
    """What is of the line alone."""
    from hub.closure.scope import OWN, found

    scope: dict[str, list[str]] = {}
    with store.read() as tx:
        for id, model, kind in found(tx, business_line):
            if kind == OWN:
                scope.setdefault(model, []).append(id)
    return scope
