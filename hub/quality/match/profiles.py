"""The models whose records can be duplicates, each with its profile."""

from __future__ import annotations

from collections.abc import Mapping

from hub.quality.match.contact import CONTACT
from hub.quality.match.customer import CUSTOMER
from hub.quality.match.profile import Profile

PROFILES: Mapping[str, Profile] = {one.model: one for one in (CUSTOMER, CONTACT)}
