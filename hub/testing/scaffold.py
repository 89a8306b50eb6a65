"""Writes a connector package of one's own that passes its tests as it is written."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hub.errors import ConfigError

SUFFIX = ".tmpl"  # keeps the templates from being taken for modules of ours


def scaffold(name: str, into: Path) -> Path:
    """Write the package `hub-NAME` into the folder and return the folder of its own it stands in.

    Raises ConfigError where the name cannot be a module's, or the folder `hub-NAME` already stands there.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(f"{name!r} is no name for a connector; use small letters, digits and _, as in: acme_crm")
    root = into / f"hub-{name.replace('_', '-')}"
    if root.exists():
        raise ConfigError(f"{root} is already there; choose another name or folder")
    for path, text in sorted(_templates(files("hub.testing") / "template")):
        target = root / _named(path.removesuffix(SUFFIX), name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_named(text, name), encoding="utf-8")
    return root


def _templates(folder: Traversable, at: str = "") -> list[tuple[str, str]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _templates(entry, f"{at}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            found.append((f"{at}{entry.name}", entry.read_text(encoding="utf-8")))
    return found


def _named(text: str, name: str) -> str:
    """Put the name where the templates say acme: in module names, class names, addresses, the environment, prose."""
    dashed, title = name.replace("_", "-"), "".join(part.capitalize() for part in name.split("_"))
    text = re.sub(r"hub-acme|acme\.example", lambda found: found[0].replace("acme", dashed), text)
    return text.replace("ACME", name.upper()).replace("Acme", title).replace("acme", name)
