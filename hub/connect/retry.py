"""Which failed requests are sent again, how often, and how long the wait between is.

Only this module knows tenacity. What is repeated follows from the error's class: `NotSent` and `RateLimited` always,
since nothing was carried out; `Passing` only where the caller says that a second time does no harm; nothing else.
"""

from __future__ import annotations

import math
import random as chance
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

import tenacity

from hub.errors import RateLimited, Unavailable

T = TypeVar("T")
UNIX_TIME = 1_000_000_000  # a number beyond it is a moment, not a wait: nobody asks to come back in 31 years


class NotSent(Unavailable):
    """There was no connection, so nothing was carried out over there."""


class Passing(Unavailable):
    """The answer was lost on the way, or the other side is briefly overloaded; the request may have been carried out."""


class Answered(Protocol):
    """The part of an HTTP answer that tells how long to wait."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, found whatever their case."""
        ...


class Retry:
    """Repeats a call within a number of attempts and a span of seconds, waiting longer each time, with jitter.

    A wait asked for by the other side (`RateLimited.retry_after`) is kept in full; one that would end after `seconds`
    is not begun: the error is raised at once, so that the caller can come back by its own schedule.
    """

    def __init__(
        self,
        attempts: int = 5,
        seconds: float = 60.0,
        *,
        first: float = 0.5,
        longest: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = chance.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.attempts = attempts
        self.seconds = seconds
        self.first = first
        self.longest = longest
        self.sleep = sleep
        self.random = random
        self.clock = clock

    def call(self, fn: Callable[[], T], repeatable: bool) -> T:
        """Call `fn` until it succeeds or may not be repeated; raises its last error.

        `repeatable` says that carrying it out twice has the effect of once.
        """
        again = (NotSent, RateLimited, Passing) if repeatable else (NotSent, RateLimited)
        begun = self.clock()

        def over(state: tenacity.RetryCallState) -> bool:
            spent = max(self.clock() - begun, state.idle_for)  # a sleep that was replaced moves no clock
            return state.attempt_number >= self.attempts or spent + state.upcoming_sleep > self.seconds

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(again),
            wait=self._wait,
            stop=over,
            sleep=self.sleep,
            reraise=True,
        )(fn)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        most = min(self.longest, self.first * 2.0 ** (state.attempt_number - 1))
        wait = most * (0.5 + self.random() / 2)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, RateLimited) else None
        # many clients told the same second must not all come back in it, so the jitter comes on top
        return wait if asked is None else asked + min(wait, asked / 10 + 0.1)


def retry_after(response: Answered, headers: Sequence[str] = ()) -> float | None:
    """How many seconds the answer asks to wait, None where it does not say.

    Read are `Retry-After` (RFC 9110: seconds or a date), then the vendor's `headers` in their order: seconds;
    milliseconds where the name says so; a Unix time; or a text with `resets=SECONDS` in it.
    """
    now = _moment(response.headers.get("Date")) or time.time()  # their clock, as the date they give is theirs too
    for name in ("Retry-After", *headers):
        text = response.headers.get(name)
        wait = None if text is None else _seconds(name.lower(), text.strip(), now)
        if wait is not None:
            return max(0.0, wait)
    return None


def _seconds(name: str, text: str, now: float) -> float | None:
    if found := re.search(r"resets?=(\d+(?:\.\d+)?)", text):
        text = found[1]
    try:
        number = float(text)
    except ValueError:
        moment = _moment(text)
        return None if moment is None else moment - now
    if not math.isfinite(number):
        return None
    if "milliseconds" in name or name.endswith("-ms"):
        number /= 1000
    return number - now if number > UNIX_TIME else number


def _moment(text: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
