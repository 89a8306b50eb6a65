"""`hub duplicates find`: compares records of one model with each other and proposes pairs that may be one."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.output import Json, rows, say
from hub.cli.progress import progress
from hub.cli.session import session
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.config import Project
    from hub.quality.decide import Desk
    from hub.quality.match.find import Found
    from hub.quality.match.profile import Profile

COLUMNS = ("model", "records", "changed", "found", "gone", "merge", "ask", "clusters", "merged", "seconds")


def find(
    context: typer.Context,
    model: Annotated[
        str | None, typer.Option(help="Only this model; without it, all that can have duplicates.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Compare all records anew, not only those that changed.")
    ] = False,
    train: Annotated[
        bool, typer.Option("--train", help="Learn from the records at hand first, then compare all.")
    ] = False,
    json: Json = False,
) -> None:
    """Find records that may be one, and propose them as pairs.

    Records that changed since the last time are compared with all others. What is found waits for a person, unless
    [duplicates] auto in hub.toml lets sure ones be merged.
    """
    from hub.quality.decide import Desk
    from hub.quality.match.find import find as look
    from hub.store import Store

    here = session(context)
    project = here.project(())
    profiles = _profiles(context, project, model)
    store = Store.open(project.store.reveal())
    try:
        with progress() as step:
            found = [
                look(store, project.root / ".hub", one, project.duplicates, full=full, anew=train, step=step)
                for one in profiles
            ]
        if project.duplicates.auto:
            survive = here.registry(project.root / project.plugins).hook.survive
            desk = Desk(store, project, survive if survive.get_hookimpls() else None)
            found = [_merged(desk, one) for one in found]
    finally:
        store.close()
    rows([asdict(one) for one in found], "duplicates find", json=json, columns=COLUMNS)
    for one in found:
        if not one.learnt and one.records:
            say(
                f"{one.model}: {one.records} records are too few to learn from; compared with the chances that came along"
            )
    if any(one.merge + one.ask for one in found):
        raise typer.Exit(1)


def _merged(desk: Desk, found: Found) -> Found:
    """Merge the pairs that are sure enough, and count what is left."""
    from hub.quality.decide import auto, listed

    done = auto(desk, found.model)
    for why in done.left:
        say(why)
    with desk.store.read() as tx:
        rest = listed(tx, model=found.model)
    return replace(
        found,
        merged=len(done.merges),
        merge=sum(p["zone"] == "merge" for p in rest),
        ask=sum(p["zone"] == "ask" for p in rest),
        clusters=len({p["cluster"] for p in rest}),
    )


def _profiles(context: typer.Context, project: Project, model: str | None) -> list[Profile]:
    """The profiles of the models asked for, with what plugins add to them."""
    from hub.quality.match.custom import profiles
    from hub.suggest import like

    known = profiles(session(context).registry(project.root / project.plugins))
    if model is None:
        return list(known.values())
    if model not in known:
        raise ConfigError(
            f'no duplicates of "{model}" are looked for{like(model, known)}; of these: {", ".join(known)}'
        )
    return [known[model]]
