"""What Stripe calls the objects of each stream, and which events tell that one of them has changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: its name in answers, its path, what to expand, its events (at most 20 are allowed)."""

    object: str
    path: str
    events: tuple[str, ...]
    expand: tuple[str, ...] = ()

    @property
    def expand_listed(self) -> list[str]:
        """The same expansions, as a list wants them named."""
        return [f"data.{name}" for name in self.expand]


def _events(first: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{first}.{name}" for name in names)


KINDS = {
    "customers": Kind(
        "customer",
        "/v1/customers",
        _events("customer", "created", "updated", "deleted", "tax_id.created", "tax_id.updated", "tax_id.deleted"),
        ("tax_ids",),
    ),
    "invoices": Kind(
        "invoice",
        "/v1/invoices",
        _events("invoice", "created", "updated", "finalized", "finalization_failed", "sent", "overdue", "paid",
                "payment_succeeded", "payment_failed", "payment_action_required", "marked_uncollectible", "voided",
                "deleted"),
    ),
    "payment_intents": Kind(
        "payment_intent",
        "/v1/payment_intents",
        _events("payment_intent", "created", "requires_action", "processing", "amount_capturable_updated",
                "partially_funded", "payment_failed", "succeeded", "canceled"),
    ),
    "charges": Kind(
        "charge",
        "/v1/charges",
        _events("charge", "pending", "succeeded", "failed", "captured", "updated", "refunded", "expired",
                "dispute.created", "dispute.updated", "dispute.closed"),
        ("balance_transaction",),
    ),
    "refunds": Kind(
        "refund",
        "/v1/refunds",
        ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated"),
    ),
    "payouts": Kind(
        "payout",
        "/v1/payouts",
        _events("payout", "created", "updated", "paid", "failed", "canceled", "reconciliation_completed"),
    ),
}  # fmt: skip
