"""`hub people`: who may sign, and for what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.actor import As, PasswordFile, actor, asked, must, read
from hub.cli.output import Json, rows, say
from hub.cli.session import session
from hub.errors import ConfigError
from hub.secret import Secret

if TYPE_CHECKING:
    from hub.sync import Hub

app = typer.Typer(no_args_is_help=True, help="Who may sign, and for what.")
Name = Annotated[str, typer.Argument(help="The name one signs with, such as jo.berg.")]
Role = Annotated[str, typer.Argument(help="admin, lead, approver, legal, finance or auditor.")]
Line = Annotated[str, typer.Option(help="The business line; without it, all of them.")]


@app.command("list")
def list_(context: typer.Context, json: Json = False) -> None:
    """List people and the roles they hold now."""
    from hub.people import people, roles

    with session(context).engine() as engine:
        held: dict[str, list[dict[str, Any]]] = {}
        for r in roles(engine.store):
            held.setdefault(r.person, []).append({"role": r.role, "line": r.line, "until": _day(r.expires_at)})
        found: list[dict[str, Any]] = [
            {"name": p.name, "full_name": p.full_name, "email": p.email, "roles": held.get(p.name, [])}
            for p in people(engine.store)
        ]
    if not json:
        found = [p | {"roles": "; ".join(_shown(r) for r in p["roles"])} for p in found]
    rows(found, "people list", json=json, empty="nobody yet; the first one is added by: hub people add NAME")


@app.command()
def add(
    context: typer.Context,
    name: Name,
    full_name: Annotated[str | None, typer.Option(help="As it stands under what the person signs.")] = None,
    email: Annotated[str | None, typer.Option(help="Where reminders go.")] = None,
    new_password_file: Annotated[Path | None, typer.Option(help="A file with the new person's password.")] = None,
    as_: As = None,
    password_file: PasswordFile = None,
) -> None:
    """Add a person; the first one becomes administrator, later ones are added by an administrator."""
    from hub.people import add as added
    from hub.people import people

    with session(context).engine() as engine:
        by = name
        if people(engine.store):
            by = _administrator(engine, as_, password_file)
        added(engine.store, name, _new(name, new_password_file), by=by, full_name=full_name, email=email)
    typer.echo(f"{name} added; roles are granted by: hub people grant {name} ROLE")


@app.command()
def grant(
    context: typer.Context,
    name: Name,
    role: Role,
    line: Line = "*",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The role ends on this day (UTC).")
    ] = None,
    as_: As = None,
    password_file: PasswordFile = None,
) -> None:
    """Give a person a role."""
    from hub.closure.fits import line_of
    from hub.people import grant as granted

    with session(context).engine() as engine:
        by = _administrator(engine, as_, password_file)
        if line != "*":
            try:
                line_of(engine, line)
            except ConfigError as error:  # it may come later
                say(str(error))
        ends = int(until.replace(tzinfo=UTC).timestamp()) * 1_000_000 if until else None
        granted(engine.store, name, role, line, by=by, expires_at=ends)
    typer.echo(f"{name} is {role}" + ("" if line == "*" else f" for {line}"))


@app.command()
def revoke(
    context: typer.Context, name: Name, role: Role, line: Line = "*", as_: As = None, password_file: PasswordFile = None
) -> None:
    """Take a role away; approvals given in it end too."""
    from hub.people import revoke as revoked

    with session(context).engine() as engine:
        by = _administrator(engine, as_, password_file)
        if not revoked(engine.store, name, role, line, by=by):
            where = "for all lines" if line == "*" else f"for {line}"
            raise ConfigError(
                f"{name} holds no role {role} {where}; roles and their lines (--line) are in: hub people list"
            )
    typer.echo(f"{name} is {role} no longer")


@app.command()
def remove(
    context: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")] = False,
    as_: As = None,
    password_file: PasswordFile = None,
) -> None:
    """Take a person out for good; the name stays beside what it has signed and is given to nobody else."""
    from hub.people import remove as removed

    with session(context).engine() as engine:
        by = _administrator(engine, as_, password_file)
        if not yes:
            typer.echo(f"{name} would lose all roles and tokens for good; to do it, add --yes")
            raise typer.Exit(1)
        removed(engine.store, name, by=by)
    typer.echo(f"{name} removed")


@app.command()
def token(
    context: typer.Context,
    name: Name,
    days: Annotated[int, typer.Option(help="Good for so many days.")] = 30,
    as_: As = None,
    password_file: PasswordFile = None,
) -> None:
    """Print a token a program can act with for a person; it is shown this once."""
    from hub.people import issue

    with session(context).engine() as engine:
        person = actor(engine, as_ or name, password_file)
        if person.name != name:
            must(engine, person, "admin")
        text = issue(engine.store, name, days, by=person.name)
    typer.echo(text.reveal())


@app.command()
def password(
    context: typer.Context,
    name: Name,
    new_password_file: Annotated[Path | None, typer.Option(help="A file with the new password.")] = None,
    as_: As = None,
    password_file: PasswordFile = None,
) -> None:
    """Give yourself, or as administrator somebody else, another password; tokens end."""
    from hub.people import set_password

    with session(context).engine() as engine:
        person = actor(engine, as_ or name, password_file)
        if person.name != name:
            must(engine, person, "admin")
        set_password(engine.store, name, _new(name, new_password_file), by=person.name)
    typer.echo(f"{name} has another password")


def _administrator(engine: Hub, name: str | None, file: Path | None) -> str:
    person = actor(engine, name, file)
    must(engine, person, "admin")
    return person.name


def _new(name: str, file: Path | None) -> Secret:
    if file is not None:
        return read(file)
    instead = "give --new-password-file FILE"
    first = asked(f"new password of {name}", instead)
    if asked("the same again", instead) != first:
        raise ConfigError("the two passwords differ; nothing was changed")
    return first


def _day(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1_000_000, UTC).date().isoformat()


def _shown(role: dict[str, Any]) -> str:
    where = "" if role["line"] == "*" else f" for {role['line']}"
    return f"{role['role']}{where}" + (f" until {role['until']}" if role["until"] else "")
