"""`hub schema`: what a model's fields are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer

from hub.cli.golden import known
from hub.cli.output import Json, rows
from hub.cli.session import session

if TYPE_CHECKING:
    from hub.model import Field


def schema(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(help="customer, invoice, ...; none: the list of models.")] = None,
    fields: Annotated[bool, typer.Option("--fields", help="A table of field paths instead of JSON Schema.")] = False,
    json: Json = False,
) -> None:
    """Print a model as JSON Schema.

    With --fields a table of its field paths, with --json the same as JSON Lines.
    """
    import msgspec

    from hub.model import MODELS

    session(context)
    if model is None:
        listed = [field for name in MODELS for field in describe(name)] if json else []
        rows(
            listed or [{"model": n, "text": (c.__doc__ or "").split("\n")[0]} for n, c in MODELS.items()],
            "schema",
            json=json,
        )
        return
    known(model)
    if json or fields:
        rows(describe(model), "schema", json=json, columns=("field", "type", "required", "identifier", "ref", "text"))
        return
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(MODELS[model])}
    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def describe(model: str) -> list[dict[str, Any]]:
    """One row for each field path of a model."""
    from hub.model import MODELS, fields

    return [
        {
            "model": model,
            "field": field.path,
            "type": _type(field),
            "required": field.required,
            "identifier": field.identifier,
            "ref": field.ref,
            "text": field.text,
        }
        for field in fields(MODELS[model]).values()
    ]


def _type(field: Field) -> str:
    """The type as a person reads it; of a choice, what there is to choose from."""
    if field.parts:
        return f"{field.parts.__name__} list"
    if get_origin(field.type) is Literal:
        return " | ".join(map(str, get_args(field.type)))
    return str(getattr(field.type, "__name__", field.type))
