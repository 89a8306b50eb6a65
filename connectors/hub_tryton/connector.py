"""Tryton: parties, products, opportunities, sales, invoices and payments of one company, over JSON-RPC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import ClassVar

from hub.connect import Secret
from hub.connect.base import Answer, Page, Receipt, Record, Stream, Write
from hub.errors import ConfigError, Conflict, HubError, Missing, Rejected, Unauthorized, Unavailable
from hub_tryton.catalogue import Opportunities, Products
from hub_tryton.changes import Cursor, changed, newest
from hub_tryton.invoices import Invoices
from hub_tryton.lock import freeze
from hub_tryton.parties import Parties
from hub_tryton.payments import Payments
from hub_tryton.rpc import Rpc
from hub_tryton.sales import Sales
from hub_tryton.source import Names, Source
from hub_tryton.wire import text

SALES = (
    "Tryton makes invoices and shipments of a sale that is confirmed, also of one that was delivered and billed "
    "elsewhere, and then it cannot be taken back: have drafts made, by confirm = false and a mapping without state"
)
PAYMENTS = (
    "Tryton books payments on its own posted invoices: name the streams of the connection, and leave this one out"
)


class Tryton(Rpc):
    """A Tryton 8 server.

    `confirm` quotes and confirms the sales it creates unless their state says otherwise; `payment_method` names the
    one to book payments under whose own method Tryton does not have; `write_off_method`, `discount_method` and
    `charges_method` name those whose accounts bear what is given up, the first one for all three where it stands alone.
    """

    name: ClassVar[str] = "tryton"
    streams: ClassVar[tuple[Stream, ...]] = (
        Stream("parties", "customer", push=True, versioned=True, findable=True, erases=True, freezes=True),
        Stream("products", "product", versioned=True, stays="products are nobody's personal data"),
        Stream("opportunities", "deal", versioned=True, erases=True),
        Stream("sales", "order", push=True, versioned=True, findable=True, erases=True, arrives=SALES),
        Stream("invoices", "invoice", versioned=True, erases=True),
        Stream("payments", "payment", push=True, versioned=True, findable=True, erases=True, arrives=PAYMENTS),
    )

    def __init__(
        self,
        base_url: str,
        database: str,
        user: str,
        password: Secret,
        company: int = 1,
        confirm: bool = True,
        payment_method: str = "",
        write_off_method: str = "",
        discount_method: str = "",
        charges_method: str = "",
        page_size: int = 200,
        timeout: float = 60.0,
        rate: float | None = None,
    ) -> None:
        super().__init__(
            base_url, database=database, user=user, password=password, company=company, timeout=timeout, rate=rate
        )
        self.page_size = page_size
        names = Names(self)
        given_up = {
            "write_off": write_off_method,
            "discount": discount_method or write_off_method,
            "charges": charges_method or write_off_method,
        }
        self._payments = Payments(self, names, method=payment_method, given_up=given_up)
        self._sources: Mapping[str, Source] = {
            "parties": Parties(self, names),
            "products": Products(self, names),
            "opportunities": Opportunities(self, names),
            "sales": Sales(self, names, confirm=confirm),
            "invoices": Invoices(self, names),
            "payments": self._payments,
        }

    def check(self) -> None:
        """Log in and see that the company is there, and the payment methods that the settings name."""
        if not self.search_read("company.company", [["id", "=", self.company]], ["currency"]):
            raise ConfigError(f"{self.base_url}: there is no company {self.company}; set `company` to the id of yours")
        self._payments.check()

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield all records by id, or those changed since the cursor by date; see `changes` for what counts as change."""
        source, at = self._sources[stream], Cursor.parse(cursor) if cursor else None
        if at is None or at.last is not None:
            yield from self._everything(source, at)
        else:
            yield from self._changed(source, at.at)

    def _everything(self, source: Source, begun: Cursor | None) -> Iterator[Page]:
        upto = begun.at if begun else newest(self, source.parts)  # before the first record is read
        last = (begun.last or 0) if begun else 0
        domain = list(source.domain)
        total = self.call(f"model.{source.model}.search_count", domain, reads=True, active_test=False)
        while True:
            window = [["id", ">", last], *domain]
            ids = [row["id"] for row in self.search_read(source.model, window, ["id"], limit=self.page_size)]
            last = ids[-1] if ids else last
            more = len(ids) == self.page_size
            records = list(source.records(ids)) if ids else []
            yield Page(records, str(Cursor(upto, last if more else None)), total)
            if not more:
                return

    def _changed(self, source: Source, since: str) -> Iterator[Page]:
        found = changed(self, source.parts, since)
        ids = iter(sorted(found, key=lambda id: (found[id], id)))
        while some := list(islice(ids, self.page_size)):
            since = max(since, found[some[-1]])
            yield Page(list(source.records(some)), since, len(found))

    def cursor_at(self, stream: str, moment: str) -> str:
        """The cursor of a moment: Tryton dates everything."""
        try:
            return text(datetime.fromisoformat(moment))
        except ValueError:
            raise ConfigError(f"{moment!r} is no moment; give it as 2026-11-22T17:00:00Z") from None

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Yield the records with these keys; one that was deleted as a tombstone."""
        gone = dict.fromkeys(keys)
        numbers = [int(key) for key in keys if key.isdecimal()]
        for record in self._sources[stream].records(numbers) if numbers else ():
            gone.pop(record.key, None)
            yield record
        for key in gone:
            yield Record(key, {}, deleted=True)

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Yield the records that carry one of our ids."""
        source = self._sources[stream]
        found = source.locate(list(our_ids))
        records = {record.key: record for record in source.records(sorted(set(found.values())))} if found else {}
        for ours, id in found.items():
            if record := records.get(str(id)):
                yield ours, record

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Carry out writes one by one, since Tryton's batches fail as a whole; read all that landed at once."""
        if not self.stream(stream).push:
            yield from super().push(stream, writes)
        source = self._sources[stream]
        done: list[int | Conflict | Missing | Rejected | Unavailable] = []
        stop: HubError | None = None
        try:
            source.prepare(writes)
            # a create that came before, and whose answer was lost, is not repeated
            found = dict(source.locate([write.our_id for write in writes if write.key is None]))
            for write in writes:
                done.append(self._write(source, write, found))
        except (Unavailable, Unauthorized) as error:
            stop = error
        yield from self._receipts(source, done)
        if stop:
            raise stop

    def _write(self, source: Source, write: Write, found: dict[str, int]) -> int | Conflict | Missing | Rejected:
        try:
            if write.key is not None and not write.key.isdecimal():
                raise Missing(f"{source.model} {write.key}: Tryton's keys are numbers")
            id = int(write.key) if write.key is not None else found.get(write.our_id)
            if id is None:
                id = found[write.our_id] = source.create(write)
            else:
                source.change(write, id)
        except (Conflict, Missing, Rejected) as error:
            return error
        return id

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Delete what the books allow, anonymise parties that documents refer to, and refuse what is posted."""
        source = self._sources[stream]
        for key in keys:
            try:
                if not key.isdecimal():
                    raise Missing(f"{source.model} {key}: Tryton's keys are numbers")
                yield Receipt(key, how=source.erase(int(key)))
            except (Conflict, Missing, Rejected) as error:
                yield error

    def freeze(self, stream: str, name: str, keys: Sequence[str]) -> None:
        """Keep everybody from changing parties, by record rules named after the line."""
        if stream != "parties":
            super().freeze(stream, name, keys)
        freeze(self, f"hub: {name}", [int(key) for key in keys if key.isdecimal()])

    def _receipts(self, source: Source, done: Sequence[int | Answer]) -> Iterator[Answer]:
        ids = sorted({each for each in done if isinstance(each, int)})
        records = {record.key: record for record in source.records(ids)} if ids else {}
        for each in done:
            if not isinstance(each, int):
                yield each
            elif record := records.get(str(each)):
                yield Receipt(record.key, record.version, record.data, record.changed_at)
            else:
                yield Missing(f"{source.model} {each}: written, and gone before it could be read")
