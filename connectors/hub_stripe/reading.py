"""Reading: what changed is learnt from Stripe's events, what it is now from the objects themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import quote

import httpx
import msgspec

from hub.connect import Missing, Page, Record, Rejected
from hub.connect.answer import decoded
from hub_stripe.amounts import ODD, in_minor_units, minor
from hub_stripe.answers import StripeApi
from hub_stripe.kinds import KINDS, Kind
from hub_stripe.shape import Event, Head, Invoice, Listing, about_charge, about_customer, payout_line, with_field

OVERLAP = 61  # late + 1 s
KEPT = 29 * 86400  # events are listed for 30 days; the last of them is left alone


class Reader(StripeApi):
    """The half of the connector that reads."""

    page: ClassVar[int] = 100  # the most Stripe gives
    id_field: str
    references: tuple[str, ...]
    fields: dict[str, frozenset[str]]  # by stream, the metadata fields a mapping names

    def want(self, stream: str, paths: Iterable[str]) -> None:
        """Remember which metadata fields are mapped, so that one that is missing can be shown as empty."""
        self.fields[stream] = frozenset(p.split(".")[1] for p in paths if p.startswith("metadata."))

    def cursor_at(self, stream: str, moment: str) -> str:
        """The cursor of a moment; one longer ago than Stripe keeps events leads to a full read."""
        return str(max(0, int(datetime.fromisoformat(moment).timestamp())))

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield all objects, newest first, or what changed since the cursor.

        A cursor is Stripe's own time in seconds; inside a full read `time/key/created` of the last object given.
        A cursor older than the events Stripe keeps leads to a full read.
        """
        kind = KINDS[stream]
        since, _, rest = (cursor or "").partition("/")
        begun = int(since) if since else 0
        now, changed = self._changes(kind, begun - OVERLAP if begun and not rest else 0)
        fresh = begun and begun - OVERLAP >= now - KEPT
        if fresh and not rest:
            yield from self._changed(stream, kind, begun, now, changed)
            return
        after, _, created = rest.partition("/") if fresh else ("", "", "")
        # Objects without an event in the window changed before it: a time that no record of ours can be newer than.
        floor = now - KEPT if begun and not fresh else 0
        yield from self._all(stream, kind, begun if fresh else now, changed, floor, after, int(created or 0))

    def _all(
        self, stream: str, kind: Kind, begun: int, changed: Mapping[str, int], floor: int, after: str, created: int
    ) -> Iterator[Page]:
        for raws, more in self._list(kind, after, created):
            heads = [msgspec.json.decode(raw, type=Head) for raw in raws]
            times = [changed.get(head.id, max(head.created, floor)) for head in heads]
            records = [self._record(stream, raw, at) for raw, at in zip(raws, times, strict=True)]
            last = f"{begun}/{heads[-1].id}/{heads[-1].created}" if more else f"{begun}"
            yield Page(records, last)

    def _changed(self, stream: str, kind: Kind, begun: int, now: int, changed: Mapping[str, int]) -> Iterator[Page]:
        """Yield what is new by list, a hundred a request, then what changed of the older ones, oldest change first."""
        new: set[str] = set()
        for raws, _ in self._list(kind, **{"created[gte]": begun - OVERLAP}):
            records = []
            for raw in raws:
                head = msgspec.json.decode(raw, type=Head)
                new.add(head.id)
                records.append(self._record(stream, raw, changed.get(head.id, head.created)))
            if records:
                yield Page(records, f"{begun}")
        older = sorted((at, key) for key, at in changed.items() if key not in new)
        for start in range(0, len(older), self.page):
            part = older[start : start + self.page]
            yield Page([self._get(stream, key, at) for at, key in part], f"{max(begun, part[-1][0])}")
        yield Page([], f"{max(begun, now)}")

    def _changes(self, kind: Kind, since: int) -> tuple[int, dict[str, int]]:
        """Return Stripe's time, and by key when each object last changed since then."""
        changed: dict[str, int] = {}
        now, after = 0, None
        while True:
            asked = {"types[]": list(kind.events), "limit": self.page, "starting_after": after}
            answer = self.get("/v1/events", **asked, **({"created[gte]": since} if since > 0 else {}))
            now = now or said_at(answer)
            page = decoded(answer, Listing)
            events = [msgspec.json.decode(raw, type=Event) for raw in page.data]
            for event in events:
                key = event.data.object.key(kind.object)
                if key is not None:
                    changed[key] = max(event.created, changed.get(key, 0))
            if not page.has_more or not events:
                return now or max(changed.values(), default=since), changed
            after = events[-1].id

    def _list(
        self, kind: Kind, after: str = "", created: int = 0, /, **asked: Any
    ) -> Iterator[tuple[list[msgspec.Raw], bool]]:
        """Yield the pages of a list, each with whether there is more.

        Where the object a page should start after was deleted meanwhile, the list is taken up again at its time.
        """
        while True:
            try:
                answer = self.get(kind.path, limit=self.page, starting_after=after or None,
                                  **asked, **({"expand[]": kind.expand_listed} if kind.expand else {}))  # fmt: skip
            except Rejected as error:
                if not after or "starting_after" not in error.fields:
                    raise
                asked["created[lte]"], after = created, ""
                continue
            page = decoded(answer, Listing)
            more = page.has_more and bool(page.data)
            yield page.data, more
            if not more:
                return
            last = msgspec.json.decode(page.data[-1], type=Head)
            after, created = last.id, last.created

    def _first_said_at(self, stream: str, answer: httpx.Response) -> int:
        """When an answer was given for the first time: a replayed one can be older than edits made since.

        Events name the request that caused them; where none is listed the object's own beginning is early enough.
        """
        if answer.headers.get("Idempotent-Replayed") != "true":
            return said_at(answer)
        first = answer.headers.get("Original-Request")
        asked = {"types[]": list(KINDS[stream].events), "limit": self.page}
        for raw in decoded(self.get("/v1/events", **asked), Listing).data:
            event = msgspec.json.decode(raw, type=Event)
            if first and event.request and event.request.id == first:
                return event.created
        return decoded(answer, Head).created

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Yield the objects by id, a request each: Stripe has no other way."""
        for key in keys:
            yield self._get(stream, key, None)

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Yield the objects whose metadata carries one of our ids, ten ids a search."""
        kind = KINDS[stream]
        for start in range(0, len(our_ids), 10):
            wanted = frozenset(our_ids[start : start + 10])
            query = " OR ".join(f'metadata["{self.id_field}"]:"{_quoted(our_id)}"' for our_id in sorted(wanted))
            page = None
            while page is None or page.next_page:
                answer = self.get(f"{kind.path}/search", query=query, limit=self.page, page=page and page.next_page,
                                  **({"expand[]": kind.expand_listed} if kind.expand else {}))  # fmt: skip
                page = decoded(answer, Listing)
                for raw in page.data:
                    created = msgspec.json.decode(raw, type=Head).created  # what is found may be older than the answer
                    record = self._record(stream, raw, created)
                    if record.our_id in wanted:  # the search ignores case, our ids do not
                        yield record.our_id, record

    def _get(self, stream: str, key: str, at: int | None) -> Record:
        """Read one object; without a time of change, the time of the answer is the one it was like this for certain.

        None would let the hub take its own clock, and an edit that Stripe dates before that would look stale.
        """
        kind = KINDS[stream]
        try:
            answer = self.get(f"{kind.path}/{quote(key, safe='')}", **{"expand[]": list(kind.expand) or None})
        except Missing:
            return Record(key, b"{}", changed_at=_time(at), deleted=True)
        decoded(answer, Head)
        return self._record(stream, answer.content, at or said_at(answer) or None)

    def _record(self, stream: str, raw: bytes | msgspec.Raw, at: int | None) -> Record:
        content = bytes(raw)
        head = msgspec.json.decode(content, type=Head)
        if head.deleted:
            return Record(head.id, content, changed_at=_time(at), deleted=True)
        our_id = (head.metadata or {}).get(self.id_field)
        blank = self.fields.get(stream, frozenset()) - (head.metadata or {}).keys()
        if blank or head.currency in ODD:
            whole = in_minor_units(msgspec.json.decode(content))
            if blank:  # a metadata field that was emptied is simply missing there
                whole["metadata"] = {**(head.metadata or {}), **dict.fromkeys(sorted(blank))}
            content = msgspec.json.encode(whole)
        return Record(head.id, self._whole(stream, head.id, content), changed_at=_time(at), our_id=our_id)

    def _whole(self, stream: str, key: str, content: bytes) -> bytes:
        """Complete an object with what Stripe gives only on asking; the vendor's bytes stay wherever they can."""
        if stream == "customers":
            return with_field(content, "hub", about_customer(content))
        if stream == "charges":
            return with_field(content, "hub", about_charge(content, self.references))
        if stream == "payouts":
            lines = map(payout_line, self._lines("/v1/balance_transactions", ("source",), payout=key))
            return with_field(
                content, "lines", [line for line in lines if line["source"] != key]
            )  # not its own booking
        if stream == "invoices" and msgspec.json.decode(content, type=Invoice).lines.has_more:
            whole = msgspec.json.decode(content)
            whole["lines"] |= {"data": self._lines(f"/v1/invoices/{key}/lines"), "has_more": False}
            return msgspec.json.encode(whole)
        if stream == "payment_intents":  # whoever holds the client secret can complete the payment
            whole = msgspec.json.decode(content)
            whole.pop("client_secret", None)
            return msgspec.json.encode(whole)
        return content

    def _lines(self, path: str, expand: tuple[str, ...] = (), **asked: Any) -> list[msgspec.Raw]:
        found = [raw for raws, _ in self._list(Kind("", path, (), expand), **asked) for raw in raws]
        odd = (msgspec.json.decode(raw, type=Head).currency in ODD for raw in found[:1])
        return [minor(raw) for raw in found] if any(odd) else found


def said_at(response: httpx.Response) -> int:
    """The time by Stripe's clock; 0 where a proxy has taken the header away."""
    try:
        return int(parsedate_to_datetime(response.headers.get("Date", "")).timestamp())
    except ValueError:
        return 0


def _time(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
