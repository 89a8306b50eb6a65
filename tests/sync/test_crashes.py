"""One scenario, and the process dies at every commit of it, and once more after that."""

from __future__ import annotations

from typing import Any

import pytest
from test_properties import Run

KINDS = {
    "versions, once keys": {"versions": True, "once": True, "answer": "data", "late": 0},
    "versions, late, bare answers": {"versions": True, "once": False, "answer": "version", "late": 3},
    "nothing but our id": {"versions": False, "once": False, "answer": "none", "late": 3},
    "once keys only": {"versions": False, "once": True, "answer": "data", "late": 3},
    "all, late, bare answers": {"versions": True, "once": True, "answer": "version", "late": 3},
}


def live(kind: dict[str, Any], first: int, second: int | None) -> bool:
    """Live the scenario; return whether the first crash was reached at all."""
    middle = {"habits": {"name": ["upper"], "phone": ["digits"]}, **kind}
    r = Run(
        [{}, middle, {"habits": {"name": ["lower", "trim"]}, "late": kind["late"]}], [(0, 0), (1, 0), (0, 1)], "newest"
    )
    r.world.crash_after(first)
    reached = False
    for k in range(4):
        r.world.round()
        r.world.clock.now += 2
        if r.world.crash_in is None:
            reached = True
            if second:
                r.world.crash_after(second)
                second = None
        r.edit(r.systems[k % 3], 0, "name", k)
        r.edit(r.systems[(k + 1) % 3], 1, "phone", k)
    r.calm(5)
    r.check_quiet(rounds=2)
    r.check_no_duplicates()
    r.check_same()
    if kind["versions"] and kind["once"]:
        r.check_nothing_lost()
    r.check_touch(rounds=2)
    return reached


@pytest.mark.parametrize("kind", KINDS)
def test_every_crash_point(kind: str) -> None:
    first = 1
    while live(KINDS[kind], first, (None, 1, 2, 5, 9)[first % 5]):
        first += 1
    assert first > 80, "the scenario is shorter than it was"
