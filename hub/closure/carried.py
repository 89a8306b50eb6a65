"""What a migration would carry to its target and what not, before anything is written: by model, with the fields left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from hub.closure.scope import PAGE, found
from hub.errors import HubError
from hub.model import MODELS
from hub.sync import Hub
from hub.sync.feed import Feed

SHOWN = 12  # fields named of a model


class Carried(NamedTuple):
    """Records of one model and what becomes of them."""

    name: str
    number: int | None
    text: str


def carried(hub: Hub, line: str, target: str) -> Iterator[Carried]:
    """What the target takes of the line, model by model; what it takes nowhere stays in the archive alone."""
    try:
        feeds = [f for f in hub.feeds() if f.connection == target and f.stream.push]
    except HubError as error:
        yield Carried(target, None, str(error))
        return
    counts, paths = _fields(hub, line)
    for model in (m for m in MODELS if counts[m]):
        takes = [f for f in feeds if f.model == model]
        if not takes:
            yield Carried(
                f"{target}: {model}", counts[model], "not carried: no stream of it can be written; the archive has them"
            )
        for feed in takes:
            yield Carried(feed.name, counts[model], _said(feed, paths[model]))


def _said(feed: Feed, paths: Counter[str]) -> str:
    left = [path for path in sorted(paths) if path not in feed.mapping.creatable and not _ours(path)]
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    parts = [feed.stream.arrives, f"fields not carried: {', '.join(left[:SHOWN])}{more}" if left else ""]
    return "; ".join(part for part in parts if part) or "carried with all its fields"


def _ours(path: str) -> bool:
    """Whether the hub sets a field itself: the business lines (`lines` alone are those of a document)."""
    return path == "line" or path.startswith("lines.")


def _fields(hub: Hub, line: str) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """How many records of each model there are, and which fields they have."""
    counts, paths = Counter[str](), {model: Counter[str]() for model in MODELS}
    with hub.store.read() as tx:
        ids = [id for id, _, _ in found(tx, line)]
        for at in range(0, len(ids), PAGE):
            for model, data in tx.rows("SELECT model, data FROM golden WHERE id IN ?", ids[at : at + PAGE]):
                counts[model] += 1
                paths[model].update(path for path, value in msgspec.json.decode(data).items() if value is not None)
    return counts, paths
