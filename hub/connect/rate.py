"""A budget of requests per second, kept by spacing them evenly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Budget:
    """Lets at most `rate` requests a second through, over all threads of the process; None lets all through.

    Spacing keeps every window of a vendor's limit, also the one that begins in the middle of a burst.
    """

    def __init__(
        self,
        rate: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if rate is not None and not rate > 0:
            raise ValueError(f"rate is {rate}: give requests per second above 0, or none")
        self.rate = rate
        self._clock = clock
        self._sleep = sleep
        self._free = 0.0  # when the next request may go
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return when the next request may be sent, after a sleep where that is later than now."""
        if self.rate is None:
            return
        with self._lock:
            now = self._clock()
            turn = max(now, self._free)
            self._free = turn + 1 / self.rate
        if turn > now:  # outside the lock, so that others can take their turn behind this one
            self._sleep(turn - now)
