"""The ledger: open items, decisions about payments, and postings that are only ever added to.

What is open on a document is the sum of its postings; what is left of a payment is its amount less its postings.
Deciding and posting are two steps: `propose` stores what matching found, `post` carries out what may be carried out.
"""

from hub.finance.ledger.ledger import Ledger, Reconciled

__all__ = ["Ledger", "Reconciled"]
