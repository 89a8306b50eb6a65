"""Finds rows of one mapping that would write over each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.mapping.path import joined
from hub.mapping.rows import Row
from hub.toml import Key


def overlaps(rows: Sequence[Row], above: Key = ("fields",)) -> Iterator[tuple[Key, str]]:
    """Yield (key, reason) for each row that writes where another one writes."""
    written = [r for r in rows if r.theirs and r.writes(create=True)]
    for n, row in enumerate(written):
        assert row.theirs is not None  # noqa: S101 - filtered above, for the type checker
        for other in written[:n]:
            assert other.theirs is not None  # noqa: S101
            if row.theirs.whole != other.theirs.whole:
                continue
            a, b = row.theirs.path, other.theirs.path
            if a[: len(b)] == b or b[: len(a)] == a:
                yield (
                    (*above, row.field),
                    f'writes to {joined(a)}, and so does {other.field}; read it only in one of them: on = "pull"',
                )
        if row.each is not None:
            yield from overlaps(row.each, (*above, row.field, "each"))
