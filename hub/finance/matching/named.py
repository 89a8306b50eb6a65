"""S1 and S2: documents that the payer names, by a structured reference or by their number."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hub.finance.matching.book import Book, single
from hub.finance.matching.index import Index
from hub.finance.matching.rules import NUMBER, REFERENCE
from hub.finance.matching.settle import settle
from hub.finance.matching.types import Document, Payment, Rejected, Stage
from hub.finance.matching.words import holds, is_amount, words
from hub.finance.references import bare, kinds, looks_structured

STRUCTURED: Stage = "S1_structured_reference"


class Named(Struct, frozen=True, gc=False):
    """What a payment names: documents by place in the text, and what was not taken."""

    documents: tuple[tuple[int, str, Document], ...]  # place, as written, document
    several: tuple[Document, ...] = ()  # one name of several documents, none of which is more likely
    rejected: tuple[Rejected, ...] = ()


def by_reference(book: Book, index: Index, payment: Payment) -> None:
    """S1: settle what valid structured references name, with the numbers beside them that complete the picture."""
    clear = index.clear(payment)
    if clear is not None and not holds(payment.text, index.numbers):
        settle(book, payment, clear[1:], STRUCTURED, REFERENCE, (("reference", clear[0]),))
        return
    found = _references(book, index, payment)
    if found.several:
        book.review(payment, "ambiguous_reference", single(found.several), rejected=found.rejected)
    elif found.documents:
        chosen, rejected = found.documents, found.rejected
        if holds(payment.text, index.numbers):
            chosen, more = _complete(book, payment, found, _numbers(book, index, payment))
            rejected += more
        _settle(book, payment, chosen, rejected, by_number=False)


def by_number(book: Book, index: Index, payment: Payment) -> None:
    """S2: settle what whole words of the text name by number."""
    found = _numbers(book, index, payment)
    if found.several:
        book.review(payment, "ambiguous_number", single(found.several), rejected=found.rejected)
    elif found.documents:
        documents = [document for _, _, document in found.documents]
        if not _comes_out(book, payment, found.documents) and _strangers(book, payment, documents):
            book.review(payment, "number_of_another_customer", [tuple(one.id for one in documents)])
        else:
            _settle(book, payment, found.documents, found.rejected, by_number=True)


def _strangers(book: Book, payment: Payment, documents: Sequence[Document]) -> bool:
    """Whether the payer is known and none of the documents its own: a number without a checksum may be a slip."""
    payer = book.payers.who(payment).customer
    return payer is not None and all(one.customer != payer for one in documents)


def _settle(
    book: Book,
    payment: Payment,
    found: Sequence[tuple[int, str, Document]],
    rejected: tuple[Rejected, ...],
    *,
    by_number: bool,
) -> None:
    inputs = tuple(("number" if by_number else "reference", written) for _, written, _ in found)
    documents = [document for _, _, document in found]
    if by_number:
        settle(book, payment, documents, "S2_invoice_number", NUMBER, inputs, rejected)
    else:
        settle(book, payment, documents, STRUCTURED, REFERENCE, inputs, rejected)


def _references(book: Book, index: Index, payment: Payment) -> Named:
    """Documents by structured reference: of the field the bank has for it, else of the text."""
    if payment.structured_reference:
        reference = bare(payment.structured_reference)
        if owners := index.references.get(reference):
            return _unique(book, payment, [(-1, reference, owners)])
    if not payment.text or not index.references:
        return Named(())
    found = index.find(payment.text)
    wrong = tuple(
        Rejected((), f"{one.reference}: its checksum is wrong")
        for one in found
        if not one.known and not kinds(one.reference, index.kid)
    )
    hits = [(one.start, one.reference, index.references[one.reference]) for one in found if one.known]
    named = _unique(book, payment, hits)
    return Named(named.documents, named.several, (*named.rejected, *wrong))


def _numbers(book: Book, index: Index, payment: Payment) -> Named:
    """Documents by number: words of the text that are no part of a structured reference, right or wrong."""
    hits: list[tuple[int, str, list[Document]]] = []
    slips: list[Rejected] = []
    field = payment.structured_reference
    if field and not (bare(field).isdigit() or looks_structured(field)):
        hits += [(-1, word, index.numbers[word]) for _, word in words(field) if word in index.numbers]
    taken: list[tuple[int, int]] = []
    for place, word in words(payment.text) if holds(payment.text, index.numbers) else ():
        owners = index.numbers.get(word)
        if owners is None or (word.isdigit() and is_amount(payment.text, place, index.numbers)):
            continue
        if not taken:
            found = index.find(payment.text)
            taken = [(-1, -1), *((one.start, one.end) for one in found)]
        if any(start < place + len(word) and place < end for start, end in taken):
            continue
        if index.slip(word) or (field and bare(field) == bare(word) and not kinds(bare(field), index.kid)):
            slips.append(Rejected(tuple(one.id for one in owners), f"{word}: its checksum is wrong"))
        else:
            hits.append((place, word, owners))
    named = _unique(book, payment, hits)
    return Named(named.documents, named.several, (*named.rejected, *slips))


def _unique(book: Book, payment: Payment, hits: Sequence[tuple[int, str, list[Document]]]) -> Named:
    """One document a name: of several with the same, the only one that is open, ours to settle and the payer's."""
    if len(hits) == 1 and len(hits[0][2]) == 1:
        place, written, owners = hits[0]
        return Named(((place, written, owners[0]),))
    chosen: dict[str, tuple[int, str, Document]] = {}
    rejected: list[Rejected] = []
    for place, written, owners in hits:
        fitting = owners if len(owners) == 1 else _narrow(book, payment, owners)
        if len(fitting) > 1:
            return Named((), tuple(fitting))
        one = fitting[0]
        others = tuple(other.id for other in owners if other is not one)
        if others:
            rejected.append(Rejected(others, f"{written} is also theirs, but {one.id} fits better"))
        chosen.setdefault(one.id, (place, written, one))
    return Named(tuple(chosen.values()), (), tuple(rejected))


def _narrow(book: Book, payment: Payment, owners: list[Document]) -> list[Document]:
    """Leave out, of documents with one name, what fits less; never all of them."""
    payer = book.payers.who(payment).customer
    for fits in (
        lambda one: book.may_settle(payment, one),
        lambda one: payer is None or one.customer == payer,
        book.is_open,
        lambda one: one.currency == payment.currency,
    ):
        owners = [one for one in owners if fits(one)] or owners
    return owners if any(book.is_open(one) for one in owners) else owners[:1]


def _comes_out(book: Book, payment: Payment, named: Sequence[tuple[int, str, Document]]) -> bool:
    """Whether the payment is exactly what is open of the documents."""
    total = 0
    for _, _, document in named:
        if document.currency != payment.currency:
            return False
        total += book.left[document.id]
    return total == payment.amount


def _complete(
    book: Book, payment: Payment, found: Named, beside: Named
) -> tuple[tuple[tuple[int, str, Document], ...], tuple[Rejected, ...]]:
    """Add documents named by number to those named by reference: credit notes, and invoices that make it come out."""
    ids = {document.id for _, _, document in found.documents}
    customers = {document.customer for _, _, document in found.documents}
    more = [hit for hit in beside.documents if hit[2].id not in ids]
    own = [hit for hit in more if hit[2].customer in customers and book.left[hit[2].id]]
    strange = tuple(hit[2].id for hit in more if hit[2].customer not in customers)
    rejected: tuple[Rejected, ...] = (Rejected(strange, "a valid reference names another customer"),) if strange else ()
    notes = [hit for hit in own if hit[2].type == "credit_note"]
    for added in (own, notes):
        together = sorted([*found.documents, *added], key=lambda hit: hit[0])
        if added and (_comes_out(book, payment, together) or added is notes):
            return tuple(together), rejected
    left_out = tuple(hit[2].id for hit in own)
    if left_out:
        rejected += (Rejected(left_out, "named by number only, and the amount does not ask for it"),)
    return found.documents, rejected
