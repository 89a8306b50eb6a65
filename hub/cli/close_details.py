"""The verbs of `hub close` for what people do: open items, tasks, samples, notices, lessons, the certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.actor import As, PasswordFile, actor, must
from hub.cli.output import Json, line, rows, say
from hub.cli.session import session

Line = Annotated[str, typer.Argument(metavar="LINE", help="The business line.")]


def add(app: typer.Typer) -> None:
    """Add the verbs to the group."""
    for verb in (settle, task, sample, notices, lesson, certificate):
        app.command(verb.__name__)(verb)


def settle(
    context: typer.Context,
    name: Line,
    id: Annotated[str | None, typer.Argument(help="Decide about this document.")] = None,
    how: Annotated[str, typer.Option(help="paid, refunded, written_off, transferred, ended or cancelled.")] = "",
    note: Annotated[str, typer.Option(help="Why, or to whom.")] = "",
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """List what is still open, or decide about one of it, by name."""
    from hub.closure.phases.settle import decide, open_items
    from hub.closure.run import open_desk

    with session(context).engine() as engine:
        if id is not None:
            person = actor(engine, as_, password_file)
            must(engine, person, "finance", name)
            decide(engine.store, name, id, how, person.name, note)
        found = [item._asdict() for item in open_items(open_desk(engine, name, "hub"))]
    shown = [f | {"amount": [f["amount"].minor, f["amount"].currency] if f["amount"] else None} for f in found]
    rows(shown, "close settle", json=json, columns=("id", "title", "state", "amount", "how", "person", "note"),
         empty="nothing is open")  # fmt: skip
    if any(f["how"] is None for f in found):
        raise typer.Exit(1)


def task(
    context: typer.Context,
    name: Line,
    id: Annotated[str | None, typer.Argument(help="The task.")] = None,
    done: Annotated[str | None, typer.Option(help="Mark it as done, with its proof.")] = None,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """List people's tasks, or mark one as done."""
    from hub.closure import tasks
    from hub.closure.run import open_desk
    from hub.closure.times import due, iso

    with session(context).engine() as engine:
        if id is not None and done is not None:
            tasks.done(engine.store, name, id, actor(engine, as_, password_file).name, done)
        found = [
            t._asdict() | {"done_at": iso(t.done_at), "due_at": iso(t.due_at)}
            for t in tasks.tasks(engine.store, name)
            if id in (None, t.id)
        ]
        zone = open_desk(engine, name, "hub").zone
    shown = found if json else [t | {"due_on": due(t["due_on"], zone, by=True)} for t in found]
    rows(
        shown, "close task", json=json, columns=("id", "title", "phase", "owner", "due_on", "late", "done_by", "proof")
    )
    if any(t["late"] for t in found):
        raise typer.Exit(1)


def sample(
    context: typer.Context,
    name: Line,
    ids: Annotated[list[str] | None, typer.Argument(help="Sign these; none named: all that are open.")] = None,
    sign: Annotated[str | None, typer.Option(help="right or wrong.")] = None,
    note: Annotated[str, typer.Option(help="What you saw.")] = "",
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """List the sample of verify, or sign what you have looked at."""
    from hub.closure import samples
    from hub.closure.desk import names

    with session(context).engine() as engine:
        if sign is not None:
            person = actor(engine, as_, password_file)
            must(engine, person, "auditor", name)
            samples.sign(engine.store, name, ids or [], sign, person.name, note)
        found = [s._asdict() for s in samples.samples(engine.store, name)]
        titles = dict(names(engine.store, [s["id"] for s in found]))
    rows(
        [s | {"title": titles.get(s["id"])} for s in found], "close sample", json=json,
        columns=("id", "title", "why", "person", "verdict", "note"),
        empty="no sample was drawn yet; that is the work of: hub close run",
    )  # fmt: skip
    if not json and any(s["verdict"] is None for s in found):
        say(
            "look at each in the hub (hub show ID) and in its system; then: --sign right, or ID --sign wrong --note TEXT"
        )
    if any(s["verdict"] != "right" for s in found):
        raise typer.Exit(1)


def notices(
    context: typer.Context,
    name: Line,
    decide: Annotated[str | None, typer.Option(help="Decide about a notice whose fate is unknown.")] = None,
    what: Annotated[str, typer.Argument(help="With --decide: sent or again.")] = "",
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """List who was written to, and the proof of each; a notice that is unknown waits for a decision."""
    from hub.closure.phases.notify import decide as decided
    from hub.closure.run import open_desk
    from hub.closure.times import due
    from hub.closure.told import notices as told

    with session(context).engine() as engine:
        if decide is not None:
            person = actor(engine, as_, password_file)
            must(engine, person, "lead", name)
            decided(open_desk(engine, name, person.name), decide, what)
        found = told(engine.store, name)
        zone = open_desk(engine, name, "hub").zone
    columns = ("id", "name", "address", "channel", "state", "due_on", "takes_effect_on", "proof")
    shown = found if json else [n | {"due_on": due(n["due_on"], zone, by=False)} for n in found]
    rows(shown, "close notices", json=json, columns=columns, empty="nobody was written to")
    if any(n["state"] in ("unknown", "bounced", "missing", "refused") for n in found):
        raise typer.Exit(1)


def lesson(
    context: typer.Context,
    name: Line,
    text: Annotated[str, typer.Argument(help="What was learned, or what a customer answered.")],
    owner: Annotated[str, typer.Option(help="Who changes what follows from it.")] = "",
    answer: Annotated[bool, typer.Option("--answer", help="It is a customer's answer, not a lesson.")] = False,
    as_: As = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Note a lesson, or a customer's answer, for the final report."""
    from hub.closure.closing import current
    from hub.closure.journal import note
    from hub.errors import ConfigError

    if not text.strip():
        raise ConfigError(f"{name}: a lesson without a word teaches nothing; say it in quotes after the line")
    with session(context).engine() as engine:
        person = actor(engine, as_, password_file)
        with engine.store.begin() as tx:
            said = f"{text} (owner: {owner})" if owner else text
            kind = "answer" if answer else "lesson"
            note(tx, engine.store, current(tx, name).id, "closeout", kind, said, person.name)
    if json:
        line({"line": name, "kind": kind, "text": said, "person": person.name}, "close lesson")
    else:
        typer.echo("noted")


def certificate(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The JSON file of a certificate.")],
    key: Annotated[str | None, typer.Option(help="The public key it must be signed with, in hexadecimal.")] = None,
    json: Json = False,
) -> None:
    """Check the signature of a certificate of destruction."""
    from hub.closure.certificate import check
    from hub.closure.times import rewritten
    from hub.errors import ConfigError

    try:
        content: dict[str, Any] = check(file, key)
    except ConfigError as error:
        say(str(error))
        raise typer.Exit(1) from None
    row = {"number": content["number"], "line": content["line"], "records": content["destroyed"]["records"],
           "issued_at": content["issued_at"], "approved_by": [a["person"] for a in content["approved_by"]]}  # fmt: skip
    if json:
        line(row, "close certificate")
    else:
        typer.echo(
            f"{row['number']}: the signature holds; {row['records']} records of {row['line']}, "
            f"{rewritten(content['local_time'])}"
        )
