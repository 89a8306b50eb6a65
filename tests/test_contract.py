"""The contract suite passes a good connector, and catches each broken one by the promise it breaks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.connect.base import Connector
from hub.testing.broken import BREAKS, NoOverlap
from hub.testing.contract import ConnectorContract
from hub.testing.memory import MemoryConnector, MemorySystem

PROMISES = [name for name in vars(ConnectorContract) if name.startswith("test_")]


def maker(system, cls=MemoryConnector):
    def make(wrong: str | None = None) -> Connector:
        if wrong == "address":
            other = MemorySystem()
            other.down = True
            return cls(other)
        return cls(system, token="wrong" if wrong else None)

    return make


def verdicts(cls, **abilities) -> dict[str, str]:
    """Outcome by promise: passed, failed or skipped."""
    out = {}
    for name in PROMISES:
        system = MemorySystem(**abilities)
        try:
            getattr(ConnectorContract(), name)(maker(system, cls), system)
            out[name] = "passed"
        except pytest.skip.Exception:
            out[name] = "skipped"
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - any way to fail is a verdict
            out[name] = f"failed: {error}"
    return out


class TestMemory(ConnectorContract):
    @pytest.fixture
    def system(self):
        return MemorySystem(late=timedelta(seconds=3))

    @pytest.fixture
    def connector(self, system):
        return maker(system)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("late", [0, 3])
@pytest.mark.parametrize("strong", [True, False])
def test_the_good_connector_passes_with_any_abilities(page, late, strong):
    abilities = {"versioned": strong, "once": timedelta(1) if strong else None, "findable": strong}
    got = verdicts(MemoryConnector, page=page, late=timedelta(seconds=late), **abilities)
    assert not {name: word for name, word in got.items() if word.startswith("failed")}
    skipped = {name for name, word in got.items() if word == "skipped"}
    weak = {
        "test_a_stale_version_is_a_conflict",
        "test_the_same_once_key_has_one_effect",
        "test_found_by_our_id",
    }
    assert skipped == (set() if strong else weak) | (set() if late else {"test_a_late_change_is_seen"})


@pytest.mark.parametrize("cls", BREAKS, ids=lambda cls: cls.__name__)
def test_a_broken_connector_is_caught_by_the_promise_it_breaks(cls):
    # a system whose lists lag only for the one that shows it: a late edit is also an edit
    got = verdicts(cls, late=timedelta(seconds=3 if cls is NoOverlap else 0))
    failed = [name for name, word in got.items() if word.startswith("failed")]
    assert failed == [BREAKS[cls]], {name: got[name] for name in failed}


def test_every_promise_is_proved_by_a_broken_connector():
    assert set(PROMISES) - set(BREAKS.values()) == {"test_streams_are_declared"}


def test_a_connector_without_streams_fails():
    class Empty(MemoryConnector):
        def __init__(self, system, token=None):
            super().__init__(system, token)
            self.streams = ()

    assert verdicts(Empty)["test_streams_are_declared"].startswith("failed")


def test_an_empty_system_fails():
    class Hollow(MemorySystem):
        def listed(self, stream, start, after):
            return []

    system = Hollow()
    for name in PROMISES:
        if "pull" in name or "json" in name or "cursor" in name or "equal" in name:
            with pytest.raises(AssertionError):
                getattr(ConnectorContract(), name)(maker(system), system)
