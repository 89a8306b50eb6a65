"""The verbs of `hub duplicates` by which people decide: list, show, accept, reject, unmerge, export and import."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hub.cli.golden import known
from hub.cli.output import Json, rows, say, table
from hub.cli.session import session
from hub.errors import ConfigError, HubError

if TYPE_CHECKING:
    from hub.quality.decide import Compared, Desk, Pair, Plan
    from hub.quality.decide.sheet import Row

Model = Annotated[str | None, typer.Option(help="Only of this model.")]
Zone = Annotated[Literal["ask", "merge"] | None, typer.Option(help="Only of this zone.")]
What = Annotated[
    str, typer.Argument(metavar="PAIR|CLUSTER", help="A pair's id, or a golden record's: all its cluster.")
]
By = Annotated[str | None, typer.Option("--by", help="Who decides; without it, whom this machine knows you as.")]
Again = Annotated[bool, typer.Option("--again", help="Decide once more what was decided.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be done, or ask.")]
File = Annotated[Path, typer.Argument(help="A file that ends in .csv or .xlsx.")]


def add(app: typer.Typer) -> None:
    """Add the verbs to `hub duplicates`."""
    app.command("list")(list_)
    app.command("show")(show)
    app.command("accept")(accept)
    app.command("reject")(reject)
    app.command("unmerge")(unmerge)
    app.command("export")(export)
    app.command("import")(import_)


def list_(
    context: typer.Context,
    model: Model = None,
    zone: Zone = None,
    state: Annotated[
        Literal["open", "accepted", "rejected", "gone"], typer.Option(help="What became of them.")
    ] = "open",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    json: Json = False,
) -> None:
    """List pairs of records that may be one, the likeliest first. Open ones are findings: they wait for a person."""
    from hub.quality.decide import listed

    if model is not None:
        known(model)
    with session(context).engine() as engine, engine.store.read() as tx:
        found = listed(tx, model=model, zone=zone, state=state, limit=limit)
    columns: tuple[str, ...] = ("pair", "zone", "probability", "left", "left_name", "right", "right_name", "cluster")
    if state != "open":
        columns = ("pair", "state", "left", "left_name", "right", "right_name", "decided_by", "decided_at", "merge")
    rows(
        found, "duplicates list", json=json, columns=columns, empty="no pairs; look for some with: hub duplicates find"
    )
    if found and state == "open":
        raise typer.Exit(1)


def show(
    context: typer.Context,
    pair: Annotated[str, typer.Argument(help="As hub duplicates list shows it.")],
    json: Json = False,
) -> None:
    """Show a pair side by side, field by field, whose value would stand, and what spoke for and against."""
    from hub.quality.decide import Desk, compared

    with session(context).engine() as engine:
        found = compared(Desk.of(engine), pair)
    sides = _sides(found)
    if json:
        rows(sides, "duplicates show", json=True)
        return
    p = found.pair
    typer.secho(f"pair {p.id}: {p.model}, {p.state}, probability {p.probability:.6g} (zone {p.zone})", bold=True)
    if p.decided_at is not None:
        typer.echo(p.told())
    told = {
        "record": ("field", "left", "right"),
        "field": ("field", "left", "right", "kept"),
        "level": ("comparison", "label", "weight", "doubt", "left", "right"),
    }
    for kind, title in (("record", ""), ("field", "field by field"), ("level", "what spoke for and against it")):
        some = [one for one in sides if one["kind"] == kind]
        if some:
            typer.secho(f"\n{title}" if title else "", bold=True)
            table([one | {"doubt": "yes" if one.get("doubt") else None} for one in some], told[kind])
    typer.echo(f"\n{_sum(p)}")


def _sum(p: Pair) -> str:
    """In words: what the levels come to."""
    levels = sum(level.get("weight") or 0 for level in p.levels)
    doubt = any(level.get("doubt") for level in p.levels)
    return (
        f"together {levels:+.1f}; that any two records are one, before they are compared: {p.weight - levels:+.1f}; "
        f"this makes {p.weight:+.1f}, a probability of {p.probability:.6g}"
        + ("; a doubt leaves it to a person, however likely" if doubt else "")
    )


def _sides(found: Compared) -> list[dict[str, Any]]:
    p = found.pair
    ids = dict(zip(("left", "right"), p.sides, strict=True))
    out: list[dict[str, Any]] = [{"kind": "record", "field": "id"} | ids]
    links = [["/".join(link.values()) for link in side] for side in (found.left_links, found.right_links)]
    for at in range(max(map(len, links))):
        left, right = (side[at] if at < len(side) else None for side in links)
        out.append({"kind": "record", "field": "link", "left": left, "right": right})
    out += [{"kind": "field", **f._asdict()} for f in found.fields]
    levels = sorted(p.levels, key=lambda level: -(level.get("weight") or 0))
    return out + [
        {"kind": "level", "doubt": bool(level.get("doubt"))}
        | {k: level.get(k) for k in ("comparison", "level", "label", "weight", "left", "right")}
        for level in levels
    ]


def accept(
    context: typer.Context,
    what: What,
    keep: Annotated[
        str | None, typer.Option(help="The golden record that stays; without it, the best linked one.")
    ] = None,
    by: By = None,
    again: Again = False,
    yes: Yes = False,
) -> None:
    """Make one golden record of a pair's two, or of all of a cluster."""
    from hub.quality.decide import Desk, plan
    from hub.quality.decide import accept as decide

    with session(context).engine() as engine:
        desk = Desk.of(engine)
        with engine.store.read() as tx:
            planned = plan(tx, what, keep, separate=engine.project.duplicates.separate, again=again)
        _planned(desk, planned)
        if not _agreed(yes):
            raise typer.Exit(1)
        done = decide(desk, what, by=by or _me(), keep=keep, again=again, shown=planned)
    numbers = ", ".join(map(str, done.merges))
    typer.echo(f"merged into {done.survivor} (merge {numbers}); carry it to the systems with: hub sync")


def _planned(desk: Desk, planned: Plan) -> None:
    """Say what accepting would do."""
    from hub.quality.decide.show import golden, linked, titled

    with desk.store.read() as tx:
        sides, links = golden(tx, set(planned.records)), linked(tx, set(planned.records))
    rest = [planned.survivor, *planned.losers]
    table(
        [
            {
                "record": id,
                "name": titled(sides[id].values) if id in sides else None,
                "links": ", ".join("/".join(link.values()) for link in links.get(id, ())),
                "becomes": "stays" if id == planned.survivor else f"part of {planned.survivor}",
            }
            for id in rest
        ],
        ("record", "name", "links", "becomes"),
    )


def reject(context: typer.Context, what: What, by: By = None, again: Again = False, yes: Yes = False) -> None:
    """Say that the records of a pair are not one; they are never proposed again."""
    from hub.quality.decide import Desk
    from hub.quality.decide import reject as decide
    from hub.quality.decide.reject import rejecting

    with session(context).engine() as engine:
        if not yes:
            with engine.store.read() as tx:
                pairs = rejecting(tx, what, again=again)
            if len(pairs) > 1:
                typer.echo(f"{len(pairs)} pairs would be rejected: {', '.join(p.id for p in pairs)}")
                if not _agreed(yes=False):
                    raise typer.Exit(1)
        pairs = decide(Desk.of(engine), what, by=by or _me(), again=again)
    for p in pairs:
        typer.echo(f"pair {p.id} rejected: {p.left} and {p.right} stay two")


def unmerge(
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="MERGE|ID", help="A merge's number, or a golden record's id: its latest merge.")
    ],
    by: By = None,
    yes: Yes = False,
) -> None:
    """Take a merge apart: both records are what they were, with what came to each of them since."""
    from hub.quality.decide import Desk, unmerging
    from hub.quality.decide import unmerge as undo

    with session(context).engine() as engine:
        with engine.store.read() as tx:
            merge = unmerging(tx, what)
        typer.echo(merge.told())
        if not _agreed(yes):
            raise typer.Exit(1)
        done = undo(Desk.of(engine), str(merge.id), by=by or _me())
    typer.echo(f"taken apart: {merge.survivor} and {merge.loser} are two; carry it to the systems with: hub sync")
    if done.again:
        typer.echo(f"made on top of it and still merged, without {merge.loser}: {', '.join(map(str, done.again))}")
    for connection, stream, key in done.fused:
        say(
            f"{connection}/{stream} {key}: was merged over there, which cannot be undone; the next sync creates it anew"
        )


def export(context: typer.Context, file: File, model: Model = None, zone: Zone = None) -> None:
    """Write the open pairs into a CSV or XLSX file, to decide in a spreadsheet."""
    from hub.quality.decide.sheet import export as write

    if model is not None:
        known(model)
    with session(context).engine() as engine, engine.store.read() as tx:
        count = write(tx, file, model=model, zone=zone)
    typer.echo(
        f"{count} pairs written to {file}; write accept or reject into the column decision, then: hub duplicates import {file}"
    )


def import_(context: typer.Context, file: File, by: By = None, yes: Yes = False) -> None:
    """Carry out the decisions of a sheet, each by itself; what cannot be done is told with its line."""
    from hub.quality.decide import Desk
    from hub.quality.decide.sheet import Mistake, checked, decisions, so_already

    read = list(decisions(file))
    with session(context).engine() as engine:
        with engine.store.read() as tx:
            read = checked(tx, read)
            said = [one for one in read if not isinstance(one, Mistake)]
            before = so_already(tx, said)
        good, wrong = [one for one in said if one.pair not in before], len(read) - len(said)
        for one in read:
            if isinstance(one, Mistake):
                say(f"{file}:{one.line}: {one.text}")
        accepts = sum(one.accept for one in good)
        again = f", {len(before)} decided so before" if before else ""
        typer.echo(f"{accepts} to accept, {len(good) - accepts} to reject{again}, {wrong} with mistakes")
        if good and not _agreed(yes):
            raise typer.Exit(1)
        failed = _carry_out(Desk.of(engine), file, good, by or _me())
    done = len(good) - failed
    typer.echo(f"{done} decided" + ("; carry it to the systems with: hub sync" if done and accepts else ""))
    if wrong or failed:
        raise typer.Exit(1)


def _carry_out(desk: Desk, file: Path, good: Sequence[Row], by: str) -> int:
    """Decide row by row; return how many could not be."""
    from hub.quality.decide import accept as merge
    from hub.quality.decide import reject as part

    failed = 0
    for row in good:
        try:
            if row.accept:
                if not _one(desk, row.pair):  # a row before it may have settled it
                    merge(desk, row.pair, by=by, keep=row.keep)
            else:
                part(desk, row.pair, by=by)
        except HubError as error:
            say(f"{file}:{row.line}: {error}")
            failed += 1
    return failed


def _one(desk: Desk, id: str) -> bool:
    """Whether a pair's records are one already."""
    from hub.quality.decide.pairs import pair

    with desk.store.read() as tx:
        return pair(tx, id).one


def _agreed(yes: bool) -> bool:
    """Whether the person means it; where nobody can be asked, --yes must say so."""
    if yes:
        return True
    if sys.stdin.isatty():
        return bool(typer.confirm("do it?", default=False))
    typer.echo("nothing was done; to do it, add --yes")
    return False


def _me() -> str:
    """Whom this machine knows the person as."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise ConfigError("say who decides: --by NAME") from None
