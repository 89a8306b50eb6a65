"""The contract suite passes a good connector, and catches each broken one by the promise it breaks."""

from __future__ import annotations

from datetime import timedelta
from json import JSONDecodeError

import pytest

from hub.connect.base import Connector, Page, Record, Stream, Write
from hub.connect.rest import RestConnector
from hub.connect.rows import rows
from hub.errors import Rejected, Unavailable
from hub.testing.broken import BREAKS, NoOverlap
from hub.testing.contract import ConnectorContract
from hub.testing.memory import MemoryConnector, MemorySystem

PROMISES = [name for name in vars(ConnectorContract) if name.startswith("test_")]
OVER_HTTP = "test_a_foreign_answer_is_told"


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
    assert skipped == {OVER_HTTP} | (set() if strong else weak) | (set() if late else {"test_a_late_change_is_seen"})


@pytest.mark.parametrize("cls", BREAKS, ids=lambda cls: cls.__name__)
def test_a_broken_connector_is_caught_by_the_promise_it_breaks(cls):
    # a system whose lists lag only for the one that shows it: a late edit is also an edit
    got = verdicts(cls, late=timedelta(seconds=3 if cls is NoOverlap else 0))
    failed = [name for name, word in got.items() if word.startswith("failed")]
    assert failed == [BREAKS[cls]], {name: got[name] for name in failed}


def test_every_promise_is_proved_by_a_broken_connector():
    assert set(PROMISES) - set(BREAKS.values()) == {"test_streams_are_declared", OVER_HTTP}


class Trusting(RestConnector):
    """Takes what comes, as long as it is JSON; a subclass says what it does with it."""

    name = "trusting"
    streams = (Stream("customers", "customer"),)

    def __init__(self):
        super().__init__("https://here.example")

    def check(self):
        self.get("/me")

    def pull(self, stream, cursor=None):
        yield Page(rows(self.get("/customers").content, items="data")[0], "1")


class TakesWhatComes(Trusting):
    def pull(self, stream, cursor=None):
        for row in self.get("/customers").json()["data"]:
            yield Page([Record(row["id"], row)], "1")


class TakesAPageForNothing(Trusting):
    def foreign(self, response):
        return None

    def pull(self, stream, cursor=None):
        yield Page([], "1")


def test_over_http_a_connector_takes_no_foreign_answer_for_its_own():
    promise = getattr(ConnectorContract(), OVER_HTTP)
    promise(Trusting, None)
    with pytest.raises(JSONDecodeError):
        promise(TakesWhatComes, None)
    with pytest.raises(AssertionError, match="a web page was taken"):
        promise(TakesAPageForNothing, None)


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


def write(**over):
    return Write(**({"data": {"name": "n"}, "key": None, "expect": None, "once": "k", "our_id": "o"} | over))


def pushed(system, *writes):
    return list(MemoryConnector(system).push("customers", writes))


def test_a_lost_answer_left_its_effect_and_the_key_replays_it():
    system = MemorySystem()
    system.fail(Unavailable("cut"), times=1, op="push", after=True)
    with pytest.raises(Unavailable, match="cut"):
        pushed(system, write())
    assert len(system.keys("customers")) == 1
    (again,) = pushed(system, write())
    assert [again.key] == system.keys("customers")
    (other,) = pushed(system, write(data={"name": "other"}))
    assert isinstance(other, Rejected)  # the key came with other data
    system.tick(24 * 3600 + 1)
    pushed(system, write())
    assert len(system.keys("customers")) == 2  # keys are kept for a day only


def test_a_fault_before_has_no_effect_and_ends_by_itself():
    system = MemorySystem()
    system.fail(times=2, op="push")
    for _ in range(2):
        with pytest.raises(Unavailable):
            pushed(system, write())
    assert system.keys("customers") == []
    MemoryConnector(system).check()
    pushed(system, write())
    assert system.calls == ["push", "push", "check", "push"]


def test_a_habit_shows_in_the_answer_and_in_what_is_read():
    system = MemorySystem(habit=lambda data: {name: str(value).upper()[:3] for name, value in data.items()})
    (receipt,) = pushed(system, write(data={"name": "alphabet"}))
    assert receipt.data == {"name": "ALP"} == system.get("customers", receipt.key)
    for answer, seen in (("version", (True, False)), ("key", (False, False))):
        system.answer = answer
        (receipt,) = pushed(system, write(once=answer))
        assert (receipt.version is not None, receipt.data is not None) == seen


def test_lists_and_searches_lag_and_reads_do_not():
    system = MemorySystem(late=timedelta(seconds=3))
    made = MemoryConnector(system)
    key = system.add("customers", late=True)
    (mine,) = pushed(system, write(our_id="ours"))

    def listed():
        return {record.key for page in made.pull("customers") for record in page.records}

    assert listed() == {mine.key}
    assert list(made.find("customers", ["ours"])) == []
    assert {record.key for record in made.read("customers", [key, mine.key]) if not record.deleted} == {key, mine.key}
    system.tick(3)
    assert listed() == {key, mine.key}
    assert [our for our, _ in made.find("customers", ["ours"])] == ["ours"]
