"""The connector `stripe`: its settings, its streams, and writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from hub.connect import Answer, Conflict, Missing, Receipt, Rejected, Secret, Stream, Unavailable, Write
from hub.connect.answer import decoded
from hub.connect.auth import TokenAuth
from hub.connect.retry import NotSent
from hub.errors import RateLimited
from hub_stripe.answers import Replayed
from hub_stripe.kinds import KINDS
from hub_stripe.reading import Reader
from hub_stripe.shape import Head, Listing, form

LATE = timedelta(seconds=60)  # Stripe says of its search: under a minute, more in an outage
ONCE = timedelta(hours=24)
STAYS = "Stripe deletes no record of money that moved; it keeps them as its law demands"
ISSUED = "Stripe deletes no invoice that was issued, only drafts"


class Stripe(Reader):
    """One Stripe account. `account` names a connected one; `api_version` pins the shape of all answers.

    `id_field` is the metadata field that keeps our id; `references` are those that may name the invoice of a charge.
    """

    name = "stripe"
    streams = (
        Stream("customers", "customer", push=True, once=ONCE, findable=True, late=LATE, batch=20, erases=True),
        Stream("invoices", "invoice", push=True, creates=False, once=ONCE, late=LATE, batch=20, erases=True,
               volatile=("hosted_invoice_url", "invoice_pdf")),
        Stream("payment_intents", "payment", late=LATE, stays=STAYS),
        Stream("charges", "payment", push=True, creates=False, once=ONCE, late=LATE, batch=20, stays=STAYS,
               volatile=("receipt_url",)),
        Stream("refunds", "payment", late=LATE, stays=STAYS),
        Stream("payouts", "payment", late=LATE, stays=STAYS),
    )  # fmt: skip

    def __init__(
        self,
        api_key: Secret,
        base_url: str = "https://api.stripe.com",
        account: str | None = None,
        api_version: str = "2024-06-20",
        id_field: str = "hub_id",
        references: Sequence[str] = ("invoice_number", "invoice", "order_number"),
        timeout: float = 30.0,
        rate: float = 20.0,
    ) -> None:
        headers = {"Stripe-Version": api_version} | ({"Stripe-Account": account} if account else {})
        super().__init__(base_url, auth=TokenAuth(api_key), headers=headers, timeout=timeout, rate=rate)
        self.id_field = id_field
        self.references = tuple(references)
        self.fields = {}

    def check(self) -> None:
        """Ask for one customer: the cheapest thing that every usable key may read."""
        decoded(self.get("/v1/customers", limit=1), Listing)

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Create customers; change customers, invoices and charges (of these Stripe takes description and metadata)."""
        lost = 0
        for write in writes:
            answer: Answer
            try:
                answer, lost = self._write(stream, write), 0
            except (NotSent, RateLimited):
                raise
            except Unavailable as error:
                lost += 1
                if lost > 1:  # not this write alone: spare the others the wait
                    raise
                answer = error
            except (Conflict, Missing, Rejected) as error:
                answer, lost = error, 0
            yield answer

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Delete customers with their payment methods, and invoices that are drafts still."""
        for key in keys:
            try:
                self.request("DELETE", f"{KINDS[stream].path}/{quote(key, safe='')}")
            except Missing as error:
                yield error
            except (Conflict, Rejected):
                yield Rejected(ISSUED if stream == "invoices" else "Stripe refused to delete it")
            else:
                yield Receipt(key, how="deleted")

    def _write(self, stream: str, write: Write) -> Receipt:
        kind, data = KINDS[stream], dict(write.data)
        path = kind.path
        if write.key is None:
            data = {name: value for name, value in data.items() if value is not None}
        else:
            path = f"{path}/{quote(write.key, safe='')}"
            if isinstance(data.get("address"), Mapping):
                data["address"] = self._address(path, data["address"])
        if self.stream(stream).findable and write.our_id:
            data["metadata"] = {**(data.get("metadata") or {}), self.id_field: write.our_id}
        sent = form(data) | {f"expand[{index}]": name for index, name in enumerate(kind.expand)}
        once = f"{stream}.{write.once}"  # Stripe keeps one set of keys for the whole account
        try:
            answer = self.request("POST", path, data=sent, once=once)
        except Replayed:
            if write.key is None:
                return self._created(stream, write)
            # An update sets values: under another key it has the same effect, whether or not the first one arrived.
            answer = self.request("POST", path, data=sent, once=f"{once}.2")
        decoded(answer, Head)
        record = self._record(stream, answer.content, self._first_said_at(stream, answer) or None)
        return Receipt(record.key, data=record.data, changed_at=record.changed_at)

    def _address(self, path: str, parts: Mapping[str, Any]) -> dict[str, Any] | None:
        """The whole address with the given parts changed: what a request leaves out of an address, Stripe empties."""
        answer = decoded(self.get(path), dict[str, Any])
        if answer.get("deleted"):
            raise Missing(f"{path}: the customer was deleted")
        whole = {name: value for name, value in (answer.get("address") or {}).items() if value} | dict(parts)
        return whole if any(whole.values()) else None

    def _created(self, stream: str, write: Write) -> Receipt:
        """Look up what a create whose stored answer is a failure has made all the same."""
        for _, record in self.find(stream, [write.our_id]):
            return Receipt(record.key, data=record.data, changed_at=record.changed_at)
        raise Unavailable(
            f"{stream}: Stripe failed at this create and repeats that for its idempotency key; the search does not "
            "find it either. The hub asks again, and after 24 hours creates it if it is still not there"
        )
