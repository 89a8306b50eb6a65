"""A stateful CRM that answers as HubSpot's CRM API does, as far as this product uses it."""

from hub.testing.hubspot.fake import Call, Clock, FakeHubSpot, Fault

__all__ = ["Call", "Clock", "FakeHubSpot", "Fault"]
