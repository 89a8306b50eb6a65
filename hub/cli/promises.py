"""What cannot be guaranteed for a stream, in plain words, from what its system promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hub.config import StreamConfig
from hub.connect import Stream


def limits(stream: Stream, config: StreamConfig) -> Iterator[str]:
    """Yield what can go wrong with a stream all the same, and what the hub does about it."""
    if config.pull and not stream.complete:
        yield "a full read does not show everything: a record that vanished there is not noticed"
    if config.pull and stream.late:
        yield (
            f"lists lag by up to {span(stream.late)}: the same record typed into two systems within that time is created "
            "twice; the pair is then proposed for merging"
        )
    if not config.push:
        return
    if not stream.versioned:
        yield (
            "no versions: edits in the same moment can be lost; the hub looks right before it writes, and writes only "
            "the fields that changed"
        )
    creates = stream.creates and config.create != "never"
    if creates and stream.once is None and not stream.findable:
        yield (
            "no idempotency keys and no search by our id: a create without an answer is never sent again by itself; it "
            "becomes a dead letter (may exist over there: look, then link or retry)"
        )
    elif creates and stream.once is None:
        yield (
            f"no idempotency keys: a create without an answer waits{f' {span(stream.late)}' if stream.late else ''} and is "
            "searched by our id before it is sent again"
        )
    elif creates and stream.once is not None and not stream.findable:
        yield (
            f"idempotency keys are kept for {span(stream.once)} and there is no search by our id: a create without an "
            "answer for longer than that becomes a dead letter"
        )
    if stream.once is None:
        yield (
            "no idempotency keys: after a crash during an update, an edit made on top of it looks concurrent; the "
            "survivorship rule decides, and the loser is kept in the lineage"
        )


def conflicts(stream: Stream, config: StreamConfig) -> Iterator[str]:
    """Yield what hub.toml asks of a stream that its system does not do."""
    if config.pull and not stream.pull:
        yield "it cannot be read; write pull = false"
    if config.push and not stream.push:
        yield "it cannot be written; write push = false"
    if config.push and config.create != "never" and not stream.creates:
        yield f'it can only be changed, not created; write create = "never" instead of "{config.create}"'


def span(time: timedelta) -> str:
    """Write a duration as one would say it: 24 hours, 60 seconds."""
    seconds = time.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds / size:g} {unit}s"
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"
