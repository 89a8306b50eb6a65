"""Payments matched to documents: strict stages, pure functions of data; nothing here reads or writes a store.

outcome = match(customers, documents, payments, policy)
"""

from __future__ import annotations

from hub.finance.matching.balance import UnbalancedError, prove
from hub.finance.matching.book import ANY
from hub.finance.matching.match import match
from hub.finance.matching.types import (
    Adjustment,
    Allocation,
    Customer,
    Decision,
    Discount,
    Document,
    Exchange,
    Outcome,
    Payment,
    PayoutLine,
    Policy,
    Posting,
    Rejected,
    Settled,
    Standing,
)

__all__ = [
    "ANY",
    "Adjustment",
    "Allocation",
    "Customer",
    "Decision",
    "Discount",
    "Document",
    "Exchange",
    "Outcome",
    "Payment",
    "PayoutLine",
    "Policy",
    "Posting",
    "Rejected",
    "Settled",
    "Standing",
    "UnbalancedError",
    "match",
    "prove",
]
