"""What every connector promises, as a pytest class that a connector's own tests derive from.

    class TestAcme(ConnectorContract):
        @pytest.fixture
        def system(self): ...        # a small world of the vendor: see `System`
        @pytest.fixture
        def connector(self, system): ...   # a function: connector() is a good one; wrong="credentials" or "address"

What the streams declare decides what is checked; a promise that no stream makes is skipped.
"""

# ruff: noqa: S101 PT018 - a test class: its asserts are what it is for
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC
from typing import Any, Protocol

import httpx
import msgspec
import pytest

from hub.connect.base import Answer, Connector, Page, Receipt, Record, Stream, Write
from hub.connect.rest import RestConnector
from hub.connect.retry import Retry
from hub.errors import Conflict, HubError, Missing, Rejected, Unauthorized, Unavailable
from hub.model import MODELS

ENOUGH_PAGES = 1000
FOREIGN = (b"<html>who are you?</html>", b"", b"{}", b"[]", b"null", b'{"results": [{', b'{"results": 1, "data": "x"}')


class System(Protocol):
    """The world a connector is tried against: a stateful fake, or a real server in its own folder.

    `page` is how many records it gives a page: small, so that a few records make several. `streams` names those
    to examine, where it cannot hold them all. `token` is the secret that must not be seen.
    """

    page: int
    requests: int  # how many requests reached it
    token: str

    def add(self, stream: str) -> str:
        """Create a record there, as its own user would; returns its key."""
        ...

    def edit(self, stream: str, key: str, late: bool = False) -> None:
        """Change a record there; `late`: lists show it only after the stream's lateness, stamped with now."""
        ...

    def remove(self, stream: str, key: str) -> None:
        """Delete a record there."""
        ...

    def get(self, stream: str, key: str) -> Mapping[str, Any] | None:
        """The record as it is, in the shape of `Write.data`; None where it is gone."""
        ...

    def keys(self, stream: str) -> list[str]:
        """The keys of all records there."""
        ...

    def sample(self, stream: str) -> dict[str, Any]:
        """Data for a new record, other ones each time, that the system keeps as it is given."""
        ...

    def bad(self, stream: str) -> dict[str, Any] | None:
        """Data the system refuses; None where it refuses nothing."""
        ...

    def tick(self, seconds: float = 1) -> None:
        """Let that much time pass on its clock."""
        ...

    def fail(self) -> None:
        """Answer all further requests with "cannot now" (503)."""
        ...


class Make(Protocol):
    """Builds a connector; `wrong` is None, "credentials" or "address"."""

    def __call__(self, wrong: str | None = None) -> Connector: ...


class ConnectorContract:
    """Each test is one promise; its name says which."""

    def test_streams_are_declared(self, connector: Make, system: System) -> None:
        """There is a stream, names are unique, models are known."""
        made = connector()
        names = [stream.name for stream in made.streams]
        assert names, "no streams: a connector declares at least one"
        assert len(set(names)) == len(names), f"two streams of one name: {names}"
        assert all(stream.model in MODELS for stream in made.streams), f"models must be of: {', '.join(MODELS)}"
        assert isinstance(made.name, str) and made.name, "the class needs a name"

    def test_pull_yields_all(self, connector: Make, system: System) -> None:
        """A pull without cursor of a stream that is `complete` yields every record."""
        for stream in _examined(connector(), system, lambda s: s.pull and s.complete):
            added = _fill(system, stream)
            got = {record.key for record in _pulled(connector(), system, stream)}
            assert set(added) <= got, f"{stream.name}: not pulled: {sorted(set(added) - got)}"

    def test_pull_repeats_nothing(self, connector: Make, system: System) -> None:
        """A pull without cursor of a system where nothing happens yields each record once, and ends."""
        for stream in _examined(connector(), system, lambda s: s.pull):
            added = set(_fill(system, stream))
            keys = [record.key for record in _pulled(connector(), system, stream) if record.key in added]
            assert keys, f"{stream.name}: nothing was pulled"
            assert len(set(keys)) == len(keys), f"{stream.name}: {len(keys)} records for {len(set(keys))} keys"

    def test_records_are_json_and_keys_stable(self, connector: Make, system: System) -> None:
        """Data is JSON-safe, keys are text and the same each time, times carry a zone."""
        for stream in _examined(connector(), system, lambda s: s.pull):
            _fill(system, stream)
            first, second = (list(_pulled(connector(), system, stream)) for _ in range(2))
            assert first, f"{stream.name}: nothing was pulled"
            assert {r.key for r in first} == {r.key for r in second}, f"{stream.name}: keys differ from pull to pull"
            for record in first:
                assert isinstance(record.key, str) and record.key, f"{stream.name}: key {record.key!r} is no text"
                _json(record)
                zone = record.changed_at is None or record.changed_at.tzinfo is not None
                assert zone, f"{stream.name} {record.key}: changed_at has no time zone"

    def test_a_pull_killed_after_any_page_resumes(self, connector: Make, system: System) -> None:
        """A cursor stands for no record that was not yielded yet."""
        for stream in _examined(connector(), system, lambda s: s.pull):
            added = _fill(system, stream)
            full = {record.key for record in _pulled(connector(), system, stream)}
            assert full & set(added), f"{stream.name}: nothing was pulled"
            for kill in range(1, len(added) + 2):
                seen: set[str] = set()
                cursor = None
                for number, page in enumerate(connector().pull(stream.name), 1):
                    seen |= {record.key for record in page.records}
                    cursor = page.cursor or cursor
                    if number == kill:
                        break
                seen |= {record.key for record in _pulled(connector(), system, stream, cursor)}
                lost = (full & set(added)) - seen
                assert not lost, f"{stream.name}: killed after page {kill}, lost for ever: {sorted(lost)}"

    def test_equal_times_at_page_edges_are_not_lost(self, connector: Make, system: System) -> None:
        """Records changed in the same moment all arrive, also where a page or a cursor ends among them."""
        for stream in _examined(connector(), system, lambda s: s.pull):
            before = system.add(stream.name)
            cursor = _cursor(connector(), system, stream)
            system.tick(5)
            ties = {system.add(stream.name) for _ in range(system.page * 2 + 1)}
            for start in (None, cursor):
                got = {record.key for record in _pulled(connector(), system, stream, start)}
                assert ties <= got, f"{stream.name}: lost among equal times: {sorted(ties - got)}"
            assert before not in ties

    def test_a_cursor_sees_what_changed_since(self, connector: Make, system: System) -> None:
        """What is added or edited after a pull is in the next one."""
        for stream in _examined(connector(), system, lambda s: s.pull):
            keys = _fill(system, stream)
            cursor = _cursor(connector(), system, stream)
            system.tick(5)
            system.edit(stream.name, keys[0])
            system.tick(5)
            added = system.add(stream.name)
            system.tick(stream.late.total_seconds() + 5)
            got = {record.key for record in _pulled(connector(), system, stream, cursor)}
            assert keys[0] in got, f"{stream.name}: an edit was not seen"
            assert added in got, f"{stream.name}: a new record was not seen"

    def test_a_late_change_is_seen(self, connector: Make, system: System) -> None:
        """A change that lists show late, with a time below the cursor, is in a later pull."""
        for stream in _examined(connector(), system, lambda s: s.pull and bool(s.late)):
            late, prompt = system.add(stream.name), system.add(stream.name)
            system.tick(stream.late.total_seconds() * 3 + 5)
            system.edit(stream.name, late, late=True)
            system.tick(stream.late.total_seconds() / 2)
            system.edit(stream.name, prompt)
            cursor = _cursor(connector(), system, stream)
            system.tick(stream.late.total_seconds())
            got = [record for record in _pulled(connector(), system, stream, cursor) if record.key == late]
            assert got, f"{stream.name}: a change shown late was lost; start late + 1 s before the cursor"

    def test_a_moment_makes_a_cursor(self, connector: Make, system: System) -> None:
        """What changed at the moment or later is in a pull from the cursor made of it."""
        if type(connector()).cursor_at is Connector.cursor_at:
            pytest.skip("this connector cannot begin at a moment")
        for stream in _examined(connector(), system, lambda s: s.pull):
            added = _fill(system, stream)
            times = {r.key: r.changed_at for r in _pulled(connector(), system, stream) if r.key in added}
            dated = [(key, at) for key, at in times.items() if at is not None]
            assert dated or times, f"{stream.name}: nothing was pulled"
            for key, at in dated:
                cursor = connector().cursor_at(stream.name, at.astimezone(UTC).isoformat().replace("+00:00", "Z"))
                later = {other for other, when in dated if when >= at}
                got = {record.key for record in _pulled(connector(), system, stream, cursor)}
                assert later <= got, f"{stream.name}: asked from {key}'s time on; missing: {sorted(later - got)}"

    def test_read_is_fresh_and_gives_tombstones(self, connector: Make, system: System) -> None:
        """Reading by key shows the present; what is gone is a tombstone."""
        if type(connector()).read is Connector.read:
            pytest.skip("this connector does not read by key")
        for stream in _examined(connector(), system, lambda s: s.pull):
            there, gone = system.add(stream.name), system.add(stream.name)
            system.tick()
            system.edit(stream.name, there)
            system.remove(stream.name, gone)
            got = {record.key: record for record in connector().read(stream.name, [there, gone])}
            assert there in got and not got[there].deleted, f"{stream.name}: {there} is there but was not read"
            assert gone in got and got[gone].deleted, f"{stream.name}: {gone} is gone; yield it with deleted=True"

    def test_push_answers_each_write_in_order(self, connector: Make, system: System) -> None:
        """Creates and changes land, and the n-th answer is the n-th write's."""
        for stream in _examined(connector(), system, lambda s: s.push):
            system.tick()
            made = connector()
            keys: list[str | None] = [system.add(stream.name), system.add(stream.name), system.add(stream.name)]
            if stream.creates:
                keys = [None, keys[0], None, keys[1], keys[2]] if stream.changes else [None] * 3
            writes = [
                Write(system.sample(stream.name), key, _version(made, stream, key), f"order-{n}", f"our-{n}")
                for n, key in enumerate(keys)
            ]
            answers = list(made.push(stream.name, writes))
            assert len(answers) == len(writes), f"{stream.name}: {len(writes)} writes, {len(answers)} answers"
            for write, answer in zip(writes, answers, strict=True):
                receipt = _receipt(stream, answer)
                assert write.key in (None, receipt.key), f"{stream.name}: {write.key} was answered by {receipt.key}"
                found = system.get(stream.name, receipt.key)
                assert _holds(found, write.data), f"{stream.name} {receipt.key}: sent {write.data}, there is {found}"

    def test_a_stale_version_is_a_conflict(self, connector: Make, system: System) -> None:
        """A write that expects a version the record no longer has is answered Conflict, and changes nothing."""
        for stream in _examined(connector(), system, lambda s: s.push and s.versioned):
            key, made = system.add(stream.name), connector()
            stale = _version(made, stream, key)
            assert stale is not None, f"{stream.name}: versioned, yet {key} has no version"
            system.tick()
            system.edit(stream.name, key)
            before = system.get(stream.name, key)
            answers = list(made.push(stream.name, [Write(system.sample(stream.name), key, stale, "stale", "our-1")]))
            assert len(answers) == 1 and isinstance(answers[0], Conflict), f"{stream.name}: {answers}, not a Conflict"
            assert system.get(stream.name, key) == before, f"{stream.name}: written although another version was there"
            data, fresh = system.sample(stream.name), _version(made, stream, key)
            (answer,) = made.push(stream.name, [Write(data, key, fresh, "fresh", "our-1")])
            _receipt(stream, answer)
            assert _holds(system.get(stream.name, key), data), f"{stream.name}: the right version was not written"

    def test_the_same_once_key_has_one_effect(self, connector: Make, system: System) -> None:
        """A create sent twice with one idempotency key makes one record, and is answered alike."""
        for stream in _examined(connector(), system, lambda s: s.push and s.creates and s.once is not None):
            write = Write(system.sample(stream.name), None, None, "the-same-key", "our-1")
            before = len(system.keys(stream.name))
            first, second = (_receipt(stream, *connector().push(stream.name, [write])) for _ in range(2))
            assert len(system.keys(stream.name)) == before + 1, f"{stream.name}: one key, two effects"
            assert first.key == second.key, f"{stream.name}: answered {first.key}, then {second.key}"

    def test_found_by_our_id(self, connector: Make, system: System) -> None:
        """A created record is found by the id we gave it, and nothing else is."""
        for stream in _examined(connector(), system, lambda s: s.push and s.creates and s.findable):
            system.add(stream.name)
            writes = [Write(system.sample(stream.name), None, None, f"find-{n}", f"our-{n}") for n in range(2)]
            keys = [_receipt(stream, answer).key for answer in connector().push(stream.name, writes)]
            system.tick(stream.late.total_seconds() + 1)
            found = [(our, record.key) for our, record in connector().find(stream.name, ["our-1", "our-unknown"])]
            assert found == [("our-1", keys[1])], f"{stream.name}: looked for our-1 ({keys[1]}), found {found}"

    def test_a_write_to_a_gone_record_is_missing(self, connector: Make, system: System) -> None:
        """A write to a record that was deleted is answered Missing, and does not create another one."""
        for stream in _examined(connector(), system, lambda s: s.push and s.changes):
            key, made = system.add(stream.name), connector()
            expect = _version(made, stream, key)
            system.remove(stream.name, key)
            before = system.keys(stream.name)
            answers = list(made.push(stream.name, [Write(system.sample(stream.name), key, expect, "gone", "our-1")]))
            assert len(answers) == 1 and isinstance(answers[0], Missing), f"{stream.name}: {answers}, not Missing"
            assert system.keys(stream.name) == before, f"{stream.name}: a gone record was created again"

    def test_a_merge_leaves_one_record(self, connector: Make, system: System) -> None:
        """Two records become one; asked again it answers the same and does nothing; the other keys read as gone."""
        for stream in _examined(connector(), system, lambda s: s.merges):
            keep, gone, other = (system.add(stream.name) for _ in range(3))
            before = set(system.keys(stream.name))
            first = _receipt(stream, connector().merge(stream.name, keep, gone))
            after = set(system.keys(stream.name))
            assert after == (before - {keep, gone}) | {first.key}, f"{stream.name}: of {before} there are left {after}"
            again = _receipt(stream, connector().merge(stream.name, keep, gone))
            assert again.key == first.key, f"{stream.name}: merged into {first.key}, asked again into {again.key}"
            assert set(system.keys(stream.name)) == after, f"{stream.name}: asked again, it merged again"
            there = [r.key for r in connector().read(stream.name, [keep, gone, first.key]) if not r.deleted]
            assert set(there) == {first.key}, f"{stream.name}: {keep} and {gone} are {first.key}, yet it reads {there}"
            system.remove(stream.name, other)
            answer = connector().merge(stream.name, first.key, other)
            assert isinstance(answer, Missing), f"{stream.name}: {other} is gone, yet: {answer!r}"

    def test_a_frozen_record_stays_as_it_is(self, connector: Make, system: System) -> None:
        """Nobody changes a frozen record, others can be changed, and it is let go of again."""
        for stream in _examined(connector(), system, lambda s: s.freezes):
            first, second = system.add(stream.name), system.add(stream.name)

            def changed(key: str, stream: Stream = stream) -> bool:
                before = system.get(stream.name, key)
                system.tick()
                with suppress(Exception):  # how a system refuses its own users is its affair
                    system.edit(stream.name, key)
                return system.get(stream.name, key) != before

            for cold, warm in ((first, second), (second, first)):
                connector().freeze(stream.name, "a line", [cold])  # the second time it replaces the first
                assert not changed(cold), f"{stream.name}: {cold} is frozen and was changed"
                assert changed(warm), f"{stream.name}: {warm} is not frozen and could not be changed"
            connector().freeze(stream.name, "another line", [])
            assert not changed(second), f"{stream.name}: letting go of one name has thawed another"
            for _ in range(2):
                connector().freeze(stream.name, "a line", [])
            assert changed(second), f"{stream.name}: {second} is let go of and cannot be changed"

    def test_what_is_erased_says_nothing_any_more(self, connector: Make, system: System) -> None:
        """An erased record is gone or says nothing it said; others stay as they are; asked again no harm is done."""
        for stream in _examined(connector(), system, lambda s: s.erases):
            key, gone, other = (system.add(stream.name) for _ in range(3))
            said, kept = _words(system.get(stream.name, key), key), system.get(stream.name, other)
            assert said, f"{stream.name}: {key} says nothing before it is erased, so nothing can be proved"
            said -= _words(kept, key)  # what both say, such as whom they hang on, is nobody's own
            system.remove(stream.name, gone)
            answers = list(connector().erase(stream.name, [gone, key]))
            assert len(answers) == 2, f"{stream.name}: 2 to erase, {len(answers)} answers"
            assert isinstance(answers[0], Missing), f"{stream.name}: {gone} is gone already, answered {answers[0]!r}"
            assert _receipt(stream, answers[1]).key == key, f"{stream.name}: {key} was answered by {answers[1]!r}"
            left = system.get(stream.name, key)
            assert not said & _words(left, key), f"{stream.name}: {key} is erased and still says {left}"
            if type(connector()).read is not Connector.read:
                shown = [r.data for r in connector().read(stream.name, [key]) if not r.deleted]
                assert not any(said & _words(data, key) for data in shown), f"{stream.name}: {key} still reads {shown}"
            again = list(connector().erase(stream.name, [key]))
            assert len(again) == 1 and isinstance(again[0], Receipt | Missing), f"{stream.name}: asked again: {again}"
            assert system.get(stream.name, key) == left, f"{stream.name}: asked again, it changed {key} again"
            assert system.get(stream.name, other) == kept, f"{stream.name}: erasing {key} changed {other}"

    def test_a_refusal_is_an_answer(self, connector: Make, system: System) -> None:
        """A refused write is answered Rejected with the system's words, and the others of the batch are carried out."""
        for stream in _examined(connector(), system, lambda s: s.push and system.bad(s.name) is not None):
            made = connector()
            keys = [None] * 3 if stream.creates else [system.add(stream.name) for _ in range(3)]
            data = [system.sample(stream.name), system.bad(stream.name) or {}, system.sample(stream.name)]
            writes = [
                Write(one, key, _version(made, stream, key), f"refused-{n}", f"our-{n}")
                for n, (one, key) in enumerate(zip(data, keys, strict=True))
            ]
            answers = list(made.push(stream.name, writes))
            assert len(answers) == 3, f"{stream.name}: 3 writes, {len(answers)} answers"
            assert isinstance(answers[1], Rejected), f"{stream.name}: the bad one was answered {answers[1]!r}"
            assert str(answers[1]), f"{stream.name}: a refusal says why"
            for index in (0, 2):
                found = system.get(stream.name, _receipt(stream, answers[index]).key)
                assert _holds(found, data[index]), f"{stream.name}: a good write of the batch was not carried out"

    def test_it_does_not_retry_by_itself(self, connector: Make, system: System) -> None:
        """A failed request is raised at once; repeating is the hub's to decide."""
        for stream in _examined(connector(), system, lambda s: s.pull or s.push):
            key, made = system.add(stream.name), connector()
            verbs = [verb for verb, can in (("pull", stream.pull), ("push", stream.push)) if can]
            made.check()  # signs in, where that takes requests of its own
            writes = []
            if stream.push:
                writes = [Write(system.sample(stream.name), key, _version(made, stream, key), "retry", "our-1")]
            if hasattr(made, "retry"):
                made.retry = Retry(attempts=1)
            system.fail()
            for verb in verbs:
                before = system.requests
                try:
                    answers: Iterable[Any]
                    answers = made.pull(stream.name) if verb == "pull" else made.push(stream.name, writes)
                    outcome = list(answers)
                except Unavailable as error:
                    outcome = [error]
                assert outcome and isinstance(outcome[-1], Unavailable), f"{stream.name}: {verb} hid a failure"
                sent = system.requests - before
                assert sent == 1, f"{stream.name}: {verb} sent {sent} requests into a failure, not 1"
            return  # the system fails from here on; one stream shows it

    def test_check_tells_credentials_from_address(self, connector: Make, system: System) -> None:
        """check() passes with good settings, raises Unauthorized for bad credentials, Unavailable for a dead address."""
        connector().check()
        for wrong, error in (("credentials", Unauthorized), ("address", Unavailable)):
            made = connector(wrong=wrong)
            if hasattr(made, "retry"):
                made.retry = Retry(attempts=1)
            with pytest.raises(error):
                made.check()

    def test_a_foreign_answer_is_told(self, connector: Make, system: System) -> None:
        """What is none of the system's answers, a login's page or half a body, is an error of the hub's, and no record."""
        if not isinstance(connector(), RestConnector):
            pytest.skip("it does not answer over HTTP")
        for body in FOREIGN:
            page = body.startswith(b"<html")
            for stream in (s for s in connector().streams if s.pull):
                with closing(connector()) as made, suppress(HubError):
                    _answered(made, body)
                    got = [record for page in _pages(made, stream, None) for record in page.records]
                    assert not got, f"{stream.name}: {body!r} was taken for {len(got)} records"
                    assert not page, f"{stream.name}: a web page was taken for a stream without records"
        with closing(connector()) as made:
            _answered(made, FOREIGN[0])
            with pytest.raises(HubError):
                made.check()

    def test_close_is_safe_twice(self, connector: Make, system: System) -> None:
        """close() may come before any use, and again."""
        made = connector()
        made.close()
        made.close()
        made = connector()
        made.check()
        made.close()
        made.close()

    def test_secrets_are_not_seen(self, connector: Make, system: System) -> None:
        """No secret in a connector's repr or in the words of an error."""
        assert system.token, "the system needs a token, or there is nothing to look for"
        made = connector()
        assert system.token not in f"{made!r} {made}", "the repr shows the secret"
        system.fail()
        if hasattr(made, "retry"):
            made.retry = Retry(attempts=1)
        with pytest.raises(Unavailable) as caught:
            made.check()
        assert system.token not in f"{caught.value!r} {caught.value}", "an error shows the secret"


def _examined(made: Connector, system: System, promise: Callable[[Stream], bool]) -> list[Stream]:
    """The streams that make a promise; skips the test where none does."""
    only = getattr(system, "streams", None)
    found = [s for s in made.streams if (only is None or s.name in only) and promise(s)]
    if not found:
        pytest.skip("no stream promises it")
    return found


def _fill(system: System, stream: Stream) -> list[str]:
    """Add records for a bit more than two pages, each at another moment."""
    keys = []
    for _ in range(system.page * 2 + 1):
        keys.append(system.add(stream.name))
        system.tick(5)
    system.tick(stream.late.total_seconds())
    assert len(set(keys)) == len(keys), f"the system gave keys twice: {keys}"
    return keys


def _answered(made: Connector, body: bytes) -> None:
    """Let a connector over HTTP get one answer to whatever it asks."""
    kind = "text/html; charset=utf-8" if body.startswith(b"<") else "application/json"
    answer = lambda _: httpx.Response(200, headers={"content-type": kind}, content=body)  # noqa: E731
    made.transport = httpx.MockTransport(answer)  # type: ignore[attr-defined]


def _pages(made: Connector, stream: Stream, cursor: str | None) -> Iterator[Page]:
    for number, page in enumerate(made.pull(stream.name, cursor)):
        assert number < ENOUGH_PAGES, f"{stream.name}: the pull does not end"
        yield page


def _pulled(made: Connector, system: System, stream: Stream, cursor: str | None = None) -> list[Record]:
    return [record for page in _pages(made, stream, cursor) for record in page.records]


def _cursor(made: Connector, system: System, stream: Stream) -> str | None:
    """The cursor after all there is; pulled as the hub does, only the last one given counts."""
    cursor = None
    for page in _pages(made, stream, None):
        cursor = page.cursor or cursor
    return cursor


def _version(made: Connector, stream: Stream, key: str | None) -> str | None:
    if key is None or not stream.versioned:
        return None
    return next(record.version for record in made.read(stream.name, [key]) if record.key == key)


def _receipt(stream: Stream, answer: Answer) -> Receipt:
    assert isinstance(answer, Receipt), f"{stream.name}: answered {answer!r}, not a Receipt"
    return answer


def _json(record: Record) -> None:
    """Fails where the data is no JSON object."""
    data = msgspec.json.decode(record.data) if isinstance(record.data, bytes) else record.data
    assert isinstance(data, Mapping), f"{record.key}: data is a {type(data).__name__}, not an object"
    assert msgspec.json.decode(msgspec.json.encode(data)) == data, f"{record.key}: data changes when sent as JSON"


def _words(found: Any, key: str) -> set[str]:
    """All texts in a record but its key; of JSON bytes those inside."""
    if isinstance(found, bytes):
        found = msgspec.json.decode(found)
    if isinstance(found, Mapping):
        return set().union(*(_words(value, key) for value in found.values()))
    if isinstance(found, list | tuple):
        return set().union(*(_words(value, key) for value in found))
    return {found} if isinstance(found, str) and found and found != key else set()


def _holds(found: Any, written: Any) -> bool:
    """Whether what is there shows all that was written."""
    if isinstance(written, Mapping):
        return isinstance(found, Mapping) and all(k in found and _holds(found[k], v) for k, v in written.items())
    return bool(found == written)
