"""`hub plugins`: what is at hand and who brought it."""

from __future__ import annotations

import typer

from hub.cli.output import Json, rows
from hub.cli.session import session
from hub.cli.verbs import brought


def plugins(context: typer.Context, json: Json = False) -> None:
    """List what plugins brought, and which did.

    Connectors, converters, match rules, checks, hooks and verbs.
    """
    registry = session(context).registry()
    found = [
        {
            "kind": kind,
            "name": name,
            "plugin": plugin.origin,
            "text": _text(registry.connectors.get(name)) if kind == "connector" else "",
        }
        for (kind, name), plugin in sorted(registry.brought.items())
    ]
    found += [
        {"kind": "hook", "name": hook, "plugin": plugin.origin, "text": ""}
        for plugin in registry.plugins
        for hook in plugin.hooks
        if not hook.startswith("register_")
    ]
    for name, (origin, command) in brought(session(context)).items():
        found.append({"kind": "verb", "name": f"hub {name}", "plugin": origin, "text": command.get_short_help_str(100)})
    rows(found, "plugins", json=json, empty="no plugins")


def _text(cls: type | None) -> str:
    return (cls.__doc__ or "").strip().split("\n")[0] if cls else ""
