"""What is sent again, how long the wait is, and what never is."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from hub.connect.rate import Budget
from hub.connect.rest import RestConnector
from hub.connect.retry import NotSent, Passing, Retry, retry_after
from hub.errors import ConfigError, Conflict, Missing, RateLimited, Rejected, Unauthorized, Unavailable


class Plain(RestConnector):
    name = "plain"
    streams = ()

    def check(self):
        self.get("/me")

    def pull(self, stream, cursor=None):
        yield from ()


class Keyed(Plain):
    once_header = "Idempotency-Key"
    retry_headers = ("X-PC-Retry-After",)


def attempts(error, repeatable, *, times=99, **bounds):
    """How often it was tried, the waits, and what came of it."""
    waits, tries = [], []

    def fn():
        tries.append(1)
        if len(tries) <= times:
            raise error
        return "done"

    retry = Retry(sleep=waits.append, random=lambda: 0.5, **bounds)
    try:
        outcome = retry.call(fn, repeatable)
    except Exception as caught:  # noqa: BLE001 - it is what is looked at
        outcome = caught
    return len(tries), waits, outcome


@pytest.mark.parametrize(
    ("error", "reading", "writing"),
    [
        (NotSent("x"), 5, 5),
        (RateLimited("x"), 5, 5),
        (Passing("x"), 5, 1),
        (Unavailable("x"), 1, 1),
        (Conflict("x"), 1, 1),
        (Missing("x"), 1, 1),
        (Rejected("x"), 1, 1),
        (Unauthorized("x"), 1, 1),
        (ValueError("x"), 1, 1),
    ],
    ids=lambda it: type(it).__name__,
)
def test_only_what_does_no_harm_is_repeated(error, reading, writing):
    assert attempts(error, repeatable=True)[0] == reading
    assert attempts(error, repeatable=False)[0] == writing
    assert attempts(error, repeatable=True)[2] is error


def test_waits_grow_with_jitter_and_end():
    tries, waits, _ = attempts(Passing("x"), True)
    assert waits == [0.375, 0.75, 1.5, 3.0]
    assert attempts(Passing("x"), True, times=2)[2] == "done"
    assert tries == 5


def test_time_bounds_the_attempts():
    tries, waits, _ = attempts(Passing("x"), True, attempts=1000, seconds=10)
    assert sum(waits) <= 10
    assert tries == len(waits) + 1 < 20


def test_a_wait_asked_for_is_kept_and_one_beyond_the_bound_is_not_begun():
    _, waits, outcome = attempts(RateLimited("x", 7), False, times=1)
    assert outcome == "done"
    assert 7 <= waits[0] < 8
    tries, waits, outcome = attempts(RateLimited("x", 600), False)
    assert (tries, waits) == (1, [])
    assert outcome.retry_after == 600


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90),
        ({"Retry-After": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 0),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"X-PC-Retry-After": "3"}, 3),
        ({"Retry-After": "2", "X-PC-Retry-After": "3"}, 2),
        ({"X-Interval-Milliseconds": "10000"}, 10),
        ({"X-Reset": str(int(NOW.timestamp()) + 30)}, 30),
        ({"X-Budget": "total=10; remaining=0; resets=60"}, 60),
    ],
)
def test_how_long_to_wait_is_read_from_headers(headers, seconds):
    answer = httpx.Response(429, headers={"Date": format_datetime(NOW, usegmt=True), **headers})
    declared = ("x-pc-retry-after", "x-interval-milliseconds", "x-reset", "x-budget")
    assert retry_after(answer, declared) == seconds


def test_a_budget_spaces_requests_over_threads():
    now, slept = [100.0], []
    budget = Budget(4, clock=lambda: now[0], sleep=slept.append)
    threads = [threading.Thread(target=budget.take) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(slept) == [n / 4 for n in range(1, 9)]
    now[0] += 60
    slept.clear()
    budget.take()
    assert slept == []  # time that passed is not saved up, nor owed
    with pytest.raises(ValueError, match="above 0"):
        Budget(0)


def served(answers, cls=Plain, **settings):
    """A connector whose transport gives these answers (or raises them), and the requests it saw."""
    seen = []

    def handle(request):
        seen.append(request)
        answer = answers[min(len(seen), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    made = cls("https://crm.example", retry=Retry(sleep=lambda s: None), **settings)
    made.transport = httpx.MockTransport(handle)
    return made, seen


OK = httpx.Response(200, json={})


@pytest.mark.parametrize(
    ("answer", "error", "reads", "writes", "keyed"),
    [
        (httpx.ConnectError("refused"), NotSent, 5, 5, 5),
        (httpx.ReadTimeout("slow"), Passing, 5, 1, 5),
        (httpx.RemoteProtocolError("cut"), Passing, 5, 1, 5),
        (429, RateLimited, 5, 5, 5),
        (502, Passing, 5, 1, 5),
        (503, Passing, 5, 1, 5),
        (504, Passing, 5, 1, 5),
        (500, Unavailable, 1, 1, 1),
        (408, Unavailable, 1, 1, 1),
        (501, Rejected, 1, 1, 1),
        (400, Rejected, 1, 1, 1),
        (401, Unauthorized, 1, 1, 1),
        (403, Unauthorized, 1, 1, 1),
        (404, Missing, 1, 1, 1),
        (410, Missing, 1, 1, 1),
        (409, Conflict, 1, 1, 1),
        (412, Conflict, 1, 1, 1),
    ],
)
def test_a_failure_is_named_and_repeated_only_where_it_may_be(answer, error, reads, writes, keyed):
    answers = [answer if isinstance(answer, Exception) else httpx.Response(answer, text="why")]
    for cls, call, tries in (
        (Plain, lambda made: made.get("/x"), reads),
        (Plain, lambda made: made.post("/search", {}, reads=True), reads),
        (Plain, lambda made: made.post("/x", {}), writes),
        (Plain, lambda made: made.post("/x", {}, once="k"), writes),  # the vendor does not know the key
        (Keyed, lambda made: made.post("/x", {}, once="k"), keyed),
    ):
        made, seen = served(answers, cls)
        with pytest.raises(error) as caught:
            call(made)
        assert type(caught.value) is error
        assert len(seen) == tries


def test_a_repeated_write_carries_the_same_key_and_body():
    made, seen = served([httpx.Response(503), OK], Keyed)
    made.post("/x", {"a": 1}, once="key-1")
    assert [(r.headers["Idempotency-Key"], r.content) for r in seen] == [("key-1", b'{"a":1}')] * 2


def test_credentials_do_not_leave_their_host():
    made, seen = served([OK])
    made.get("https://crm.example/next")
    for elsewhere in ("https://evil.example/next", "http://crm.example/next", "https://crm.example:8443/"):
        with pytest.raises(ConfigError, match="sends us on"):
            made.get(elsewhere)
    assert len(seen) == 1


def test_an_echoed_credential_is_not_repeated_in_the_error():
    made, _ = served([httpx.Response(401, text="bad token canary-7f3a")], headers={"X-Api-Key": "canary-7f3a"})
    with pytest.raises(Unauthorized, match=r"bad token \*\*\*"):
        made.check()
