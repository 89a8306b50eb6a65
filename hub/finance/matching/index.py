"""Documents by what payers write: by structured references, whose checksum is right, and by whole numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hub.finance.matching.types import Document, Payment, Policy
from hub.finance.matching.words import plain
from hub.finance.references import Found, bare, find, kinds, looks_structured, only


class Index:
    """Documents by bare structured reference and by number; each in the order the documents are given."""

    def __init__(self, documents: Iterable[Document], policy: Policy) -> None:
        self.kid = policy.kid_algorithm
        self.references: dict[str, list[Document]] = {}
        self.numbers: dict[str, list[Document]] = {}
        self.digits: set[int] = set()  # how long our references of digits are
        self.patterns = {issuer: re.compile(pattern) for issuer, pattern in policy.number_patterns.items()}
        for document in documents:
            if document.reference:
                self._refer(document, document.reference)
            self._number(document, document.number or document.id)

    def _refer(self, document: Document, printed: str) -> None:
        """Index a printed reference: by its checksum, or as a number where it does not mean to have one."""
        reference = bare(printed)
        if kinds(reference, self.kid):
            self.references.setdefault(reference, []).append(document)
            if reference[:-1].isdigit():
                self.digits.add(len(reference))
        elif not looks_structured(printed) and not (self.kid and reference.isdigit()):
            self._number(document, printed)

    def _number(self, document: Document, number: str) -> None:
        key = plain(number)
        if key and not looks_structured(number) and (not self.patterns or self._fits(document, number)):
            same = self.numbers.setdefault(key, [])
            if not same or same[-1] is not document:
                same.append(document)

    def _fits(self, document: Document, number: str) -> bool:
        """Whether the number has the form its issuer's numbers have."""
        pattern = self.patterns.get(document.legal_entity or "*") or self.patterns.get("*")
        return pattern is None or pattern.fullmatch(number) is not None

    def find(self, text: str) -> list[Found]:
        """Structured references in a text."""
        return find(text, self.references.__contains__, digits=bool(self.digits))

    def clear(self, payment: Payment) -> tuple[str, Document] | None:
        """What most payments name: one reference, of one document, and nothing else that could be one."""
        field = payment.structured_reference
        if field:
            reference = bare(field)
        elif self.digits or (found := only(payment.text, self.references.__contains__)) is None:
            return None
        else:
            reference = found.reference
        owners = self.references.get(reference, ())
        return (reference, owners[0]) if len(owners) == 1 else None

    def slip(self, word: str) -> bool:
        """Whether a word of a text means to be one of our structured references and is none: its checksum is wrong."""
        if word[0].isalpha() and word[0] not in "Rr":  # as most numbers begin
            return False
        reference = bare(word)
        if kinds(reference, self.kid):
            return False
        return looks_structured(word) or (
            self.kid is not None and reference.isdigit() and len(reference) in self.digits
        )
