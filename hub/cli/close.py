"""`hub close`: a business line is planned, told, frozen, settled, archived, migrated, proven, destroyed, reported."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import close_details
from hub.cli.actor import As, PasswordFile, actor, must
from hub.cli.output import Json, line, rows, say
from hub.cli.session import session
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.closure.desk import Desk
    from hub.sync import Hub

app = typer.Typer(no_args_is_help=True, help="Close a business line, step by step, with two people at the gates.")
Line = Annotated[str, typer.Argument(metavar="LINE", help="The business line.")]
Gate = Annotated[
    str, typer.Argument(help="notify, freeze, sync, settle, archive, migrate, verify, destroy or closeout.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")]


@app.command()
def plan(
    context: typer.Context,
    name: Line,
    template: Annotated[str, typer.Option(help="standard, small, migration, or one of your own.")] = "standard",
    target: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the line is closed.")] = None,
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")] = "",
    zone: Annotated[str, typer.Option(help="The time zone in which days are judged.")] = "UTC",
    entity: Annotated[str, typer.Option(help="The legal entity that writes.")] = "",
    address: Annotated[list[str] | None, typer.Option(help="Its postal address; again for each line of it.")] = None,
    contact: Annotated[str, typer.Option(help="Whom to ask: stands on letters, statements and certificate.")] = "",
    mail: Annotated[str, typer.Option(help="The connection that sends notices.")] = "",
    migrate_to: Annotated[str, typer.Option(help="The connection records are carried to.")] = "",
    archive: Annotated[str, typer.Option(help="Where the archive goes: a folder or s3://bucket/prefix.")] = "",
    adopt: Annotated[bool, typer.Option("--adopt", help="Put the plan file as it stands in force.")] = False,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Write a plan from a template and the data, or put a changed one in force; approvals given before are void."""
    from hub.closure.closing import adopt as adopted
    from hub.closure.desk import FOLDER
    from hub.closure.draft import draft
    from hub.closure.facts import facts
    from hub.closure.fits import held_to, line_of, remarks
    from hub.closure.plan import load, read

    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        must(engine, person, "lead", line_of(engine, name))
        file = engine.project.root / FOLDER / f"{name}.toml"
        if adopt:
            found = load(file)
            held_to(engine, found, file, name)
        else:
            if file.exists():
                raise ConfigError(
                    f"{file}: is there; change it and put it in force: hub close plan {name} --adopt --as {person.name}"
                )
            if target is None or not reason:
                raise ConfigError("a plan needs --target DAY and --reason TEXT")
            today = _today(engine, zone)
            text = draft(
                template, facts(engine.store, name, today), reason=reason, owner=person.name, target_on=target.date(),
                time_zone=zone, entity=entity, address=address or (), contact=contact, archive=archive, migrate_to=migrate_to, mail=mail,
                own=engine.project.root / FOLDER / "templates",
            )  # fmt: skip
            found = read(text, f"plan of {name}, which is not written yet")
            held_to(engine, found, file, name)  # before it is written: a second try would find it there
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        closing = adopted(engine.store, found, person.name)
        for remark in remarks(found, _today(engine, found.time_zone)):
            say(remark)
    row = {
        "line": name,
        "file": str(file),
        "plan": closing.plan_hash,
        "scope": closing.scope_hash,
        "author": closing.author,
    }
    if json:
        line(row, "close plan")
    else:
        typer.echo(f"{file} is in force; what it would mean: hub close assess {name}")


@app.command()
def assess(context: typer.Context, name: Line, json: Json = False) -> None:
    """Say what closing the line would mean: figures, what runs, what is open, who is shared, what blocks."""
    from hub.closure.assess import assess as assessed

    with session(context).engine() as engine:
        found = assessed(engine, name)
    rows(found, "close assess", json=json, columns=("kind", "name", "count", "amount", "text"))
    if any(row["kind"] == "blocks" for row in found):
        raise typer.Exit(1)


@app.command()
def status(context: typer.Context, name: Line, json: Json = False) -> None:
    """Say how far the closing is, who has approved what, and what keeps the next gate shut."""
    from hub.closure.status import status as told
    from hub.closure.times import reread

    with session(context).engine() as engine:
        found = told(engine, name)
        zone = _desk(engine, name, "hub").zone
    shown = found
    if not json:
        shown = [row | {"until": reread(row["until"], zone), "reasons": "\n".join(row["reasons"])} for row in found]
    rows(shown, "close status", json=json, columns=("phase", "state", "done", "asks", "by", "until", "reasons"))
    if any(row["state"] == "shut" for row in found):
        raise typer.Exit(1)


@app.command()
def approve(
    context: typer.Context,
    name: Line,
    gate: Gate,
    scope: Annotated[str | None, typer.Option(help="Only if this is still the scope's hash.")] = None,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Approve a gate, as another person than the plan's author."""
    from hub.closure.gates import approve as approved
    from hub.closure.run import changed
    from hub.closure.times import iso, read

    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        given = approved(engine.store, name, _gate(gate), person.name, scope)
        if changed(engine, name):
            say(
                f"what is signed is the plan in force; its file was changed since: hub close plan {name} --adopt --as NAME"
            )
        zone = _desk(engine, name, person.name).zone
    if json:
        line(
            {"line": name, "gate": gate, "person": person.name, "role": given.role, "until": iso(given.expires_at)},
            "close approve",
        )
        return
    typer.echo(
        f"{person.name} approved {gate} of {name}; it holds until {read(given.expires_at, zone)}, or until plan or scope change"
    )


@app.command()
def revoke(
    context: typer.Context,
    name: Line,
    gate: Gate,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Withdraw an approval; what is running stops at its next batch."""
    from hub.closure.gates import revoke as revoked

    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        count = revoked(engine.store, name, _gate(gate), person.name)
    if not count:
        raise ConfigError(
            f"{name}: {person.name} has no approval of {gate} to withdraw; who has approved what: hub close status {name}"
        )
    if json:
        line({"line": name, "gate": gate, "person": person.name, "count": count}, "close revoke")
    else:
        typer.echo(f"the approval of {gate} is withdrawn")


@app.command()
def run(
    context: typer.Context,
    name: Line,
    until: Annotated[str | None, typer.Option(help="Stop after this phase.")] = None,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Go on as far as the gates are open; stopped anywhere, the same command goes on there."""
    from hub.closure.phases.destroy import left
    from hub.closure.run import run as went

    shut = False
    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        must(engine, person, "lead", name)
        moved = False
        for phase in went(engine, name, person.name, until=_gate(until) if until else None, say=_say(json)):
            moved, shut = True, shut or phase.state == "shut"
            if json:
                line(phase._asdict(), "close run")
            else:
                typer.echo(f"{phase.phase}: {phase.state}: {phase.text}")
                for reason in phase.reasons[1:]:
                    typer.echo(f"  {reason}")
        if not (moved or json):
            kept = len(left(_desk(engine, name, person.name))[0])
            typer.echo(
                f"{name} is closed; nothing is due" + (f", {kept} records are held: hub hold list" if kept else "")
            )
    if shut:
        raise typer.Exit(1)


@app.command()
def pause(
    context: typer.Context,
    name: Line,
    off: Annotated[bool, typer.Option("--off", help="Let it go on.")] = False,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Stop what is running at its next batch, or let it go on."""
    from hub.closure.closing import pause as paused

    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        must(engine, person, "lead", name)
        paused(engine.store, name, person.name, paused=not off)
    if json:
        line({"line": name, "closing": "open" if off else "paused"}, "close pause")
        return
    typer.echo(f"{name} {'goes on with: hub close run ' + name if off else 'is paused'}")


@app.command()
def back(
    context: typer.Context,
    name: Line,
    yes: Yes = False,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Undo everything, before the point of no return: thaw, empty the target, tell who was told."""
    from hub.closure.back import go_back

    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        must(engine, person, "lead", name)
        desk = _desk(engine, name, person.name)
        if not yes and not desk.closing.final:
            say(f"{name} would be thawed, migrated records removed, approvals void, people told; add --yes")
            raise typer.Exit(1)
        found = go_back(desk)
    if json:
        line({"line": name, **found}, "close back")
    else:
        typer.echo(
            f"{name} goes on as before; {found['removed']} migrated records removed, {found['told']} people told"
        )
        for how, many in found["how"].items():
            typer.echo(f"  {many} {how}")
        for what in found["left"]:
            say(f"could not be removed over there, a person has to see to it: {what}")
    if found["left"]:
        raise typer.Exit(1)


@app.command()
def report(context: typer.Context, name: Line, json: Json = False) -> None:
    """Write the report from the journal, HTML and PDF, as things stand now."""
    from hub.closure.report import write_report

    with session(context).engine() as engine:
        files = write_report(_desk(engine, name, "hub"))
    rows([{"file": str(file), "bytes": file.stat().st_size} for file in files], "close report", json=json)


close_details.add(app)


def _desk(engine: Hub, name: str, who: str) -> Desk:
    from hub.closure.run import open_desk

    return open_desk(engine, name, who, say)


def _today(engine: Hub, zone: str) -> date:
    """Today where the plan's days are judged. Raises ConfigError for a zone nobody knows."""
    from zoneinfo import ZoneInfo

    from hub.closure.times import day_of

    try:
        return day_of(engine.store.now(), ZoneInfo(zone))
    except (KeyError, OSError, ValueError):
        raise ConfigError(f'--zone: no time zone "{zone}"; write one such as Europe/Berlin') from None


def _gate(name: str) -> Any:
    from hub.closure.plan import PHASES
    from hub.suggest import like

    if name not in PHASES:
        raise ConfigError(f'no phase "{name}"{like(name, PHASES)}; known: {", ".join(PHASES)}')
    return name


def _say(json: bool) -> Any:
    return (lambda text: None) if json else say
