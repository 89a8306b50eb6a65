"""Where a project's files are: hub.toml, its mappings and plugins, and the starter set that came with the hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hub
from hub.config.project import Project
from hub.errors import ConfigError, MappingError
from hub.suggest import like

FILE = "hub.toml"


def find(path: Path | None = None) -> Path:
    """Return the hub.toml meant by a path (the file or its folder), or the nearest one from here upward."""
    if path is not None:
        file = path / FILE if path.is_dir() else path
        if not file.is_file():
            raise ConfigError(f"{file}: no such file; write one with: hub init {file.parent}")
        return file.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise ConfigError(f"no {FILE} in {here} or above it; go to a project's folder, or begin one with: hub init DIR")


def starter(kind: str) -> Path | None:
    """Return the folder of shipped `mappings` or `plugins`: inside the wheel, or beside hub/ in a checkout."""
    package = Path(hub.__file__).resolve().parent
    installed, checkout = package / "starter" / kind, package.parent / kind
    if installed.is_dir():
        return installed
    return checkout if checkout.is_dir() and (package.parent / "pyproject.toml").is_file() else None


def folders(project: Project) -> Iterator[Path]:
    """Yield the folders in which mapping files are looked for, the project's own first."""
    yield project.root / project.mappings
    yield from project.brought
    shipped = starter("mappings")
    if shipped is not None:
        yield shipped


def mapping_path(project: Project, name: str) -> Path:
    """Return the mapping file of that name. Raises MappingError where neither project nor starter set has it."""
    for folder in folders(project):
        file = folder / f"{name}.toml"
        if file.is_file():
            return file
    known = mapping_names(project)
    raise MappingError(
        f"{project.root / project.mappings / name}.toml: no such mapping{like(name, known)}; "
        "write the file, or leave the stream out of hub.toml"
    )


def mapping_names(project: Project) -> list[str]:
    """Return the names of all mapping files at hand, `<connector>.<stream>`, sorted."""
    return sorted({file.stem for folder in folders(project) if folder.is_dir() for file in folder.glob("*.*.toml")})
