"""Reads the `values`, `back` and `other` of a row: which word of theirs is which of ours, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from typing import Any

from msgspec import UNSET

from hub.mapping.shape import legal, words
from hub.model import Field
from hub.suggest import like

Note = Callable[[str, str], None]


def enum(
    table: Dict[str, Any], spec: Field, struct: Any, note: Note
) -> tuple[dict[str, Any] | None, dict[Any, str], Any]:
    """Return (theirs to ours, ours to theirs, what any other value means); (None, {}, UNSET) where there is none."""
    values, back, other = table.get("values"), table.get("back", {}), table.get("other", UNSET)
    if values is None:
        for name in ("back", "other"):
            if name in table:
                note(name, "belongs to values = { theirs = ours }")
        return None, {}, UNSET
    if not isinstance(values, dict) or not values:
        note("values", "is a table: { theirs = ours, ... }")
        return None, {}, UNSET
    for theirs, ours in (*values.items(), *([("other", other)] if other is not UNSET else [])):
        if not legal(spec, struct, ours):
            allowed = words(spec)
            what = f"{like(str(ours), allowed)}; known are {', '.join(allowed)}" if allowed else ""
            note("values" if theirs in values else "other", f'"{ours}" is nothing {spec.path} can be{what}')
    if not isinstance(back, dict) or not all(isinstance(t, str) for t in back.values()):
        note("back", "is a table: { ours = theirs, ... }")
        back = {}
    hashable = {t: o for t, o in values.items() if isinstance(o, (str, int, bool))}
    meanings = list(hashable.values())
    inverse = {ours: theirs for theirs, ours in hashable.items() if meanings.count(ours) == 1}
    for ours, theirs in back.items():
        meant = next((o for o in hashable.values() if str(o).lower() == ours.lower()), ours)
        if values.get(theirs) != meant:
            note("back", f"{theirs!r} does not mean {ours!r} in values")
        inverse[meant] = theirs
    return values, inverse, other
