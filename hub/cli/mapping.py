"""`hub mapping`: checks mapping files, and tries one on a record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import Json, rows, shown, table
from hub.cli.session import Session, session
from hub.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Mapping files: what their fields are in ours.")


@app.command()
def check(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="One file; none: all of the project and of the starter set.")
    ] = None,
    json: Json = False,
) -> None:
    """Check mapping files whole: every mistake with file, line and key."""
    here = session(context)
    found = [row for one in ([file] if file else _all(here)) for row in _checked(here, one)]
    rows(found, "mapping check", json=json, columns=("file", "level", "text"), empty="no mapping files")
    if any(row["level"] == "mistake" for row in found):
        raise typer.Exit(2)


@app.command("try")
def try_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The mapping file.")],
    record: Annotated[Path, typer.Argument(help="A record as the system gives it, as JSON.")],
    json: Json = False,
) -> None:
    """Read one record through a mapping, and show what would be written back."""
    from hub.mapping import loaded

    mapping = loaded(_there(file), session(context).registry())
    reading = mapping.read(_there(record).read_bytes())
    places = {row.field: ".".join(str(step) for step in row.theirs.path) for row in mapping.rows if row.theirs}
    found: list[dict[str, Any]] = [
        {"kind": "value", "field": name, "theirs": places.get(name), "value": value}
        for name, value in reading.values.items()
    ]
    found += [
        {
            "kind": "problem",
            "field": problem.field,
            "theirs": problem.theirs,
            "value": problem.value,
            "severity": problem.severity,
            "reason": problem.reason,
        }
        for problem in reading.problems
    ]
    writing = mapping.write(reading.values)
    found += [{"kind": "write", "theirs": name, "value": value} for name, value in writing.data.items()]
    found += [
        {"kind": "problem", "field": name, "severity": "warning", "reason": f"not written: {reason}"}
        for name, reason in writing.skipped.items()
    ]
    if json:
        rows(found, "mapping try", json=True)
    else:
        _people(found)
    if any(row["kind"] == "problem" for row in found):
        raise typer.Exit(1)


@app.command()
def copy(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A shipped mapping, such as hubspot.companies.")],
) -> None:
    """Copy a shipped mapping into the project, where it wins over the shipped one."""
    from hub.config import mapping_path

    project = session(context).project(strict=False)
    target = project.root / project.mappings / f"{name}.toml"
    if target.exists():
        raise ConfigError(f"{target}: is there already; nothing was written")
    source = mapping_path(project, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
    typer.echo(f"{target}: written; change it, then: hub mapping check {target}")


def _people(found: list[dict[str, Any]]) -> None:
    titles = {"value": "what the hub reads", "problem": "problems", "write": "what the hub would write back"}
    for kind, title in titles.items():
        some = [row | {"value": shown(row.get("value"))} for row in found if row["kind"] == kind]
        if some:
            typer.secho(title, bold=True)
            table(some, ("field", "theirs", "value", "severity", "reason"))


def _all(here: Session) -> Iterator[Path]:
    from hub.config.paths import folders

    seen: set[str] = set()
    for folder in folders(here.project(strict=False)):
        for file in sorted(folder.glob("*.*.toml")) if folder.is_dir() else ():
            if file.name not in seen:
                seen.add(file.name)
                yield file


def _checked(here: Session, file: Path) -> Iterator[dict[str, Any]]:
    from hub.mapping import loaded

    try:
        mapping = loaded(_there(file), here.registry())
    except ConfigError as error:
        for text in str(error).splitlines():
            yield {"file": str(file), "level": "mistake", "text": text}
        return
    text = f"{len(mapping.rows)} fields of {mapping.model}, {len(mapping.writable)} of them written"
    yield {"file": str(file), "stream": mapping.stream, "model": mapping.model, "level": "ok", "text": text}


def _there(file: Path) -> Path:
    if not file.is_file():
        raise ConfigError(f"{file}: no such file")
    return file
