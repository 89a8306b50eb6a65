"""S4: a known customer, and exactly one group of open documents with exactly that sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.finance.matching.book import Book, named
from hub.finance.matching.rules import GROUP
from hub.finance.matching.settle import settle
from hub.finance.matching.types import Payment, Rejected
from hub.finance.matching.words import by_id

_MOST_SHOWN = 10  # candidates for a person
_MOST_SEARCHED = 60  # documents among which groups are still looked for, to be shown


def by_group(book: Book, payment: Payment) -> None:
    """Settle the only group of documents with that sum; of several none is taken."""
    customer = book.payers.who(payment).customer
    policy = book.policy_of(payment)
    if customer is None or payment.amount <= 0 or policy.group_max_size < 2:
        return
    documents = [one for one in book.open_of(customer, payment.currency) if book.may_settle(payment, one)]
    if len(documents) > _MOST_SEARCHED:
        return
    amounts = [book.left[one.id] for one in documents]
    found = [
        sorted((documents[at] for at in group), key=lambda one: by_id(one.id))
        for group in groups(amounts, payment.amount, policy.group_max_size, _MOST_SHOWN)
    ]
    found.sort(key=lambda group: (len(group), [by_id(one.id) for one in group]))
    if not found:
        return
    candidates = [named(group) for group in found]
    if len(found) > 1:
        book.review(payment, "ambiguous_group", candidates)
    elif len(documents) > policy.group_max_items:
        book.review(payment, "too_many_open_documents", candidates)
    elif any(one.id in book.held for one in found[0]):
        book.review(payment, "contested_document", candidates)
    else:
        rest = named(one for one in documents if one not in found[0])
        rejected = (Rejected(rest, "no other group has that sum"),) if rest else ()
        inputs = (("customer", customer), ("open documents", str(len(documents))))
        settle(book, payment, found[0], "S4_customer_group_sum", GROUP, inputs, rejected)


def groups(amounts: Sequence[int], total: int, most: int, limit: int) -> list[tuple[int, ...]]:
    """Up to `limit` groups of 2 to `most` places whose amounts have that sum, the smaller ones first."""
    places: dict[int, list[int]] = {}
    for place, amount in enumerate(amounts):
        places.setdefault(amount, []).append(place)
    found: list[tuple[int, ...]] = []
    for size in range(2, min(most, len(amounts)) + 1):
        for group in _of_size(amounts, places, total, size):
            found.append(group)
            if len(found) == limit:
                return found
    return found


def _of_size(
    amounts: Sequence[int], places: dict[int, list[int]], total: int, size: int, start: int = 0
) -> Iterator[tuple[int, ...]]:
    """Groups of one size in the order of places; the last member is looked up instead of tried."""
    if size == 1:
        yield from ((place,) for place in places.get(total, ()) if place >= start)
        return
    for place in range(start, len(amounts) - size + 1):
        for rest in _of_size(amounts, places, total - amounts[place], size - 1, place + 1):
            yield (place, *rest)
