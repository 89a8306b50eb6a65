"""`hub init`: writes the folder of a new project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.errors import ConfigError

# where each template of hub/starter/project goes
PLACES = {
    "hub.toml": "hub.toml",
    "env.example": ".env.example",
    "gitignore": ".gitignore",
    "mappings.md": "mappings/README.md",
}


def init(
    folder: Annotated[Path, typer.Argument(help="The project's folder; it is made if it is not there.", metavar="DIR")],
) -> None:
    """Write the folder of a new project.

    It gets hub.toml, mappings/, plugins/, .gitignore and .env.example. Nothing that is there is overwritten.
    """
    files = contents()
    taken = [name for name, data in files.items() if (folder / name).exists() and _read(folder / name) != data]
    if taken:
        raise ConfigError(
            f"{folder}: these would be overwritten: {', '.join(taken)}; nothing was written; "
            "take another folder, or move them away"
        )
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        typer.echo(f"  {file}")
    typer.echo(
        f"\n{folder} is a project. Next:\n"
        f"  1. cd {folder}\n"
        "  2. hub plugins                   which connectors there are\n"
        "  3. edit hub.toml                 add a connection; its secrets go into .env\n"
        "  4. hub check                     whether settings, addresses and credentials work\n"
        "  5. hub preview CONNECTION STREAM what records look like in ours; nothing is stored\n"
        "  6. hub sync --dry-run            what would be done, then: hub sync"
    )


def contents() -> dict[str, bytes]:
    """What a new project holds, by relative path: the templates, and the plugins that ship."""
    from hub.config import starter

    templates, plugins = starter("project"), starter("plugins")
    if templates is None:
        raise ConfigError("the project templates are missing from this installation; install hub again")
    files = {place: (templates / name).read_bytes() for name, place in PLACES.items()}
    for file in sorted(plugins.glob("*.py")) if plugins is not None else ():
        files[f"plugins/{file.name}"] = file.read_bytes()
    files.setdefault("plugins/.gitkeep", b"")
    return files


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None
