"""The rules by which a payment is applied; a rule whose answers change gets another version."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's name and the version of what it does."""

    name: str
    version: int = 1


REFERENCE = Rule("structured_reference")
NUMBER = Rule("document_number")
CREDIT_NOTE = Rule("credit_note_in_full")
SPILL = Rule("overpayment_spill")
EXACT = Rule("only_document_with_that_amount")
OLDEST = Rule("oldest_due_with_that_amount")
GROUP = Rule("only_group_with_that_sum")
FIFO = Rule("fifo_when_totals_equal")
PAYOUT = Rule("payout_line")
RETURN = Rule("return_of_entry")
STANDING = Rule("decided_before")
