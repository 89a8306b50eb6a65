"""`hub list` and `hub show`: the golden records, and why each value is what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli.engine import row
from hub.cli.output import Json, rows
from hub.cli.session import session
from hub.cli.where import condition
from hub.errors import ConfigError

Model = Annotated[str, typer.Argument(help="customer, invoice, ...; hub schema lists them.")]
TITLES = ("name", "number", "subject", "first_name", "last_name", "status", "state", "total", "amount", "domain")


def list_(
    context: typer.Context,
    model: Model,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="FIELD=VALUE, as in emails.main=..., or emails=... for any kind; given twice, both must hold."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    archived: Annotated[bool, typer.Option("--archived", help="Also those that no system holds any more.")] = False,
    json: Json = False,
) -> None:
    """List golden records."""
    known(model)
    conditions = dict(condition(model, text) for text in where or ())
    with session(context).engine() as engine:
        found = [
            row(golden, "list", model=model) for golden in engine.list(model, conditions, limit, archived=archived)
        ]
    if json:
        rows(found, "list", json=True)
        return
    titled = [{"id": one["id"], **(one["values"] or {})} for one in found]
    columns = ["id", *(name for name in TITLES if any(name in one for one in titled))]
    rows(titled, "list", json=False, columns=columns, empty=f"no {model}; see what was read with: hub status")


def show(
    context: typer.Context,
    model: Model,
    id: Annotated[str, typer.Argument(help="The golden record's id, as hub list shows it.")],
    json: Json = False,
) -> None:
    """Show a golden record, and why it is so.

    Its values, for each field its source and why that one won, its links, and the values that lost.
    """
    known(model)
    with session(context).engine() as engine:
        found = engine.show(model, id)
    if found is None:
        raise ConfigError(f"no {model} {id}; list them with: hub list {model}")
    columns = ("field", "value", "connection", "stream", "key", "at", "why")
    shown = [row(one, "show") for one in parts(found)]
    if json:
        rows(shown, "show", json=True)
        return
    for kind, title in (("field", "values"), ("link", "links"), ("lost", "values that lost")):
        some = [one for one in shown if one["kind"] == kind]
        if some:
            typer.secho(f"\n{title}" if kind != "field" else f"{model} {id}", bold=True)
            rows(some, "show", json=False, columns=columns)


def parts(found: Any) -> Sequence[Any]:
    """The rows of what the engine shows: fields first, then links, then what lost."""
    if isinstance(found, Sequence):
        return found
    rows: list[Any] = []
    for kind, name in (("field", "fields"), ("link", "links"), ("lost", "lost")):
        for one in getattr(found, name, ()):
            rows.append({**(one if isinstance(one, Mapping) else row(one, "show")), "kind": kind})
    return rows


def known(model: str) -> None:
    """Refuse a model that is none."""
    from hub.model import MODELS
    from hub.suggest import like

    if model not in MODELS:
        raise ConfigError(f'no model "{model}"{like(model, MODELS)}; known: {", ".join(MODELS)}')
