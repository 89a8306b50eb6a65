"""How Stripe says no: under one status stand a reused key, a replayed failure, a declined card, a bad field."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from hub.connect import Conflict, HubError, Rejected, Unavailable
from hub.connect.rest import RestConnector
from hub.connect.retry import Passing


class Replayed(Unavailable):
    """Stripe repeats the failure it stored under an idempotency key; the key will never answer otherwise."""


class StripeApi(RestConnector):
    """Stripe's HTTP API, its errors told apart."""

    once_header = "Idempotency-Key"

    def explain(self, response: httpx.Response) -> str:
        """Stripe's message, with its code and request id."""
        said = _said(response)
        words = str(said.get("message") or response.text[:300])
        marks = (said.get("code"), response.headers.get("Request-Id"))
        return " ".join((words, *(f"[{mark}]" for mark in marks if mark)))

    def error(self, response: httpx.Response) -> HubError:
        """Tell apart what Stripe puts under one status: a reused key, a replayed failure, the field at fault."""
        error, said = super().error(response), _said(response)
        if said.get("code") == "idempotency_key_in_use":
            return Passing(f"{error}")
        if said.get("type") == "idempotency_error":
            return Conflict(f"{error}")
        if response.headers.get("Idempotent-Replayed") == "true" and isinstance(error, Unavailable):
            return Replayed(f"{error}")
        if isinstance(error, Rejected) and said.get("param"):
            return Rejected(f"{error}", (str(said["param"]).replace("[", ".").replace("]", ""),))
        return error


def _said(response: httpx.Response) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(response.content)["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}
