"""What a full read did not show has vanished, whatever else it showed twice."""

from __future__ import annotations

import pytest
from world import World

from hub.sync import full
from hub.sync.full import Sweep


@pytest.mark.parametrize("part", [1, 2, 1000], ids=["many parts", "few parts", "one part"])
@pytest.mark.parametrize("twice", [True, False], ids=["one shown twice", "each shown once"])
def test_a_key_shown_twice_hides_none_that_vanished(part: int, twice: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full, "PART", part)
    w = World({})
    (a,) = w.systems
    keys = [a.add(n, name=f"n{n}") for n in range(7)]
    w.sync(2)
    seen = Sweep()
    seen.saw(key for key in keys if key != keys[3])
    if twice:
        seen.saw([keys[0]])
    assert seen.vanished(w.walk, w.feeds["A"]) == [keys[3]]
    seen.saw([keys[3], keys[3]])
    assert seen.vanished(w.walk, w.feeds["A"]) == []
