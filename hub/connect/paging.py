"""The usual ways to page, as generators; each yields what `fetch` returned, (records, what stands around them).

All of them end with an error instead of going round for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import httpx

from hub.connect.base import Page, Record
from hub.connect.rows import Path, Rest, since, upto
from hub.errors import Unavailable

Rows = tuple[list[Record], Rest]


def by_token(fetch: Callable[[str | None], Rows], token: Path) -> Iterator[Rows]:
    """Page by a token that stands in each answer at `token` until the last; `fetch(None)` is the first page."""
    at: str | None = None
    seen: set[str] = set()
    while True:
        page = fetch(at)
        yield page
        found = page[1].get(token)
        if found is None or found == "" or found is False:
            return
        at = _moves(str(found), seen)


def by_link(
    get: Callable[[str], httpx.Response],
    first: str,
    read: Callable[[httpx.Response], Rows],
    link: Path | None = None,
) -> Iterator[Rows]:
    """Page by the next page's address: at `link` in the body, or in the Link header (RFC 8288) where that is None."""
    at: str | None = first
    seen: set[str] = set()
    while at:
        response = get(_moves(at, seen))
        page = read(response)
        yield page
        found = response.links.get("next", {}).get("url") if link is None else page[1].get(link)
        # relative to the page it stands on
        at = str(response.request.url.join(str(found))) if found else None


def by_offset(
    fetch: Callable[[int, int], Rows], limit: int, *, total: Path | None = None, aligned: bool = False
) -> Iterator[Rows]:
    """Page by `fetch(offset, limit)`, on to an empty page, or to `total` where the answer has it.

    A short page is not taken for the last, since servers give fewer than asked for. `aligned`: offsets are multiples
    of `limit`, for servers that want it. What is added or removed meanwhile shifts the pages, so use it only in an
    order that new records join at the end, or in a stream that is read in full.
    """
    offset = 0
    while True:
        records, rest = page = fetch(offset, limit)
        if records:
            yield page
        offset += limit if aligned else len(records)
        known = rest.get(total) if total is not None else None
        if not records or (known is not None and offset >= int(known)):
            return


def by_number(
    fetch: Callable[[int], Rows], *, first: int = 1, pages: Path | None = None, more: Path | None = None
) -> Iterator[Rows]:
    """Page by number, on to an empty page, to `pages` of them, or until `more` is false where the answer has these."""
    number = first
    while True:
        records, rest = page = fetch(number)
        if records:
            yield page
        number += 1
        known = rest.get(pages) if pages is not None else None
        done = known is not None and number - first >= int(known)
        if not records or done or (more is not None and not rest.get(more, False)):
            return


def by_key(fetch: Callable[[datetime | None, str | None], Rows], start: datetime | None = None) -> Iterator[Rows]:
    """Page by (time, key): the sound way through equal times, and past any limit on how far a search pages.

    `fetch(time, key)` returns, ordered by time and then key, what changed after `time`, or at it with a greater key.
    `key` is None on the first page only: then everything from `time` on, `time` included; None: from the beginning.
    """
    at: tuple[datetime | None, str | None] = (start, None)
    while True:
        page = fetch(*at)
        if not page[0]:
            return
        yield page
        last = page[0][-1]
        if last.changed_at is None:
            raise Unavailable(f"{last.key}: no time of change, so there is nothing to go on from; page in another way")
        behind = (last.changed_at, last.key)
        if behind == at:
            raise Unavailable(
                f"paging stands still at {last.key} of {last.changed_at}: the filter on the key is ignored"
            )
        at = behind


def pages(
    found: Iterable[Rows],
    cursor: str | None = None,
    *,
    ordered: bool,
    limit: datetime | None = None,
    total: Path | None = None,
) -> Iterator[Page]:
    """Make pages with a time for a cursor.

    `ordered` says that pages come in the order of the time of change: then each has its own cursor. Otherwise only
    the last one has the new cursor, the others keep the old one: a time stands for all before it, and until the end
    a record with an older time may still come.
    """
    newest = cursor
    held: Page | None = None
    for records, rest in found:
        newest = upto(newest, records, limit=limit)
        count = rest.get(total) if total is not None else None
        if held is not None:
            yield held
        held = Page(records, newest if ordered else cursor, None if count is None else int(count))
    if held is not None:
        yield Page(held.records, newest, held.total)


def _moves(at: str, seen: set[str]) -> str:
    if at in seen:
        raise Unavailable(f"paging goes in a circle: {at[:80]!r} came twice")
    seen.add(at)
    return at


__all__ = ["Rows", "by_key", "by_link", "by_number", "by_offset", "by_token", "pages", "since", "upto"]
