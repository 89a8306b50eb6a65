"""A stateful Stripe for tests and the demo: one account behind a transport or on a loopback port."""

from hub.testing.stripe.fake import Call, FakeStripe
from hub.testing.stripe.form import parse

__all__ = ["Call", "FakeStripe", "parse"]
