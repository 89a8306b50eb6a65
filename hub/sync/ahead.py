"""Ahead: pages are asked for in a thread of their own while the ones before them are landed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from queue import Full, Queue
from threading import Event, Thread

from hub.connect import Page

PAGES = 8  # as many wait at most, so that memory stays small


def ahead(pages: Generator[Page, None, None], most: int = PAGES) -> Generator[Page, None, None]:
    """Yield the pages of a pull that runs in a thread; what it raises is raised here, after the pages before it.

    Closing this iterator ends the pull at its next page, and waits for that.
    """
    ready: Queue[Page | BaseException | None] = Queue(most)
    over = Event()

    def hand(item: Page | BaseException | None) -> None:
        while not over.is_set():
            try:
                ready.put(item, timeout=0.1)
                return
            except Full:
                continue

    def run() -> None:
        try:
            with closing(pages):
                for page in pages:
                    hand(page)
                    if over.is_set():
                        return
            hand(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the pages are read
            hand(error)

    thread = Thread(target=run, name="pull", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        over.set()
        thread.join()
