"""Pages asked for ahead arrive in order, with what went wrong after them, and nothing goes on unasked."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from hub.connect import Page
from hub.errors import Unavailable
from hub.sync.ahead import ahead


def pages(count: int, asked: list[int], closed: threading.Event) -> Generator[Page, None, None]:
    """A pull that notes each page asked for, fails after the last, and says when it was closed."""
    try:
        for number in range(count):
            asked.append(number)
            yield Page([], str(number))
        raise Unavailable("gone")
    finally:
        closed.set()


def test_order_and_error_are_kept() -> None:
    closed, seen = threading.Event(), []
    with pytest.raises(Unavailable, match="gone"):
        any(seen.append(page.cursor) for page in ahead(pages(40, [], closed), most=3))  # append says None
    assert seen == [str(n) for n in range(40)]
    assert closed.is_set()


def test_closing_ends_the_pull() -> None:
    asked: list[int] = []
    closed = threading.Event()
    walk = ahead(pages(1_000, asked, closed), most=3)
    assert next(walk).cursor == "0"
    walk.close()
    assert closed.is_set()
    assert len(asked) <= 6
    assert not [t for t in threading.enumerate() if t.name == "pull"]
