"""HubSpot's CRM API as the rest of this package uses it: batches, associations, and errors in its own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import httpx

from hub.connect import Secret
from hub.connect.answer import decoded as as_json
from hub.connect.answer import unexpected
from hub.connect.auth import RefreshToken, TokenAuth
from hub.connect.rate import Budget
from hub.connect.rest import RestConnector
from hub.connect.retry import Retry
from hub.connect.vault import Vault
from hub.errors import ConfigError, Conflict, HubError, Missing, Rejected, Unauthorized, Unavailable

BATCH = 100  # inputs of one batch of records
TIES = 1000  # inputs of one batch of associations

T = TypeVar("T")
Row = dict[str, Any]


class Taken(Rejected):
    """Another record has a value that must be unique."""


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


class Api(RestConnector):
    """Requests to HubSpot's CRM; nothing here knows of streams."""

    retry_headers = ("x-hubspot-ratelimit-interval-milliseconds",)

    def __init__(
        self,
        base_url: str,
        auth: httpx.Auth,
        *,
        version: str,
        timeout: float,
        rate: float | None,
        search_rate: float | None,
    ) -> None:
        super().__init__(base_url, auth=auth, timeout=timeout, rate=rate or None, retry=Retry())
        self.objects = "/crm/v3/objects" if version == "v3" else f"/crm/objects/{version}"
        self.searches = Budget(search_rate or None)
        self._owners: dict[str, str] = {}
        self._kinds: dict[tuple[str, str], dict[str | None, int]] = {}

    def ask(self, path: str, body: Any) -> Row:
        """POST what only reads, so that it may be repeated."""
        return decoded(self.post(path, body, reads=True))

    def tell(self, path: str, body: Any) -> Row:
        """POST a write."""
        return decoded(self.post(path, body))

    def search(self, name: str, body: Mapping[str, Any]) -> Row:
        """POST a search; searches have a budget of their own."""
        self.searches.take()
        return self.ask(f"{self.objects}/{name}/search", body)

    def batch_read(self, name: str, ids: Iterable[str], properties: Sequence[str], by: str | None = None) -> list[Row]:
        """Return the live records with these ids, or these values of the unique property `by`; the rest is left out."""
        rows: list[Row] = []
        for part in chunks(dict.fromkeys(ids), BATCH):
            body: Row = {"properties": list(properties), "inputs": [{"id": i} for i in part]}
            if by:
                body["idProperty"] = by
            answer = self.ask(f"{self.objects}/{name}/batch/read", body)
            for fault in answer.get("errors", ()):
                if fault.get("category") != "OBJECT_NOT_FOUND":
                    raise Unavailable(f"{self.base_url}: {name}: batch read in part: {fault.get('message')}")
            rows += answer["results"]
        return rows

    def tied(self, name: str, other: str, ids: Iterable[str]) -> dict[str, list[str]]:
        """Return what records are associated with, the main one first, then by id; one without any is left out."""
        found: dict[str, dict[str, bool]] = {}
        for part in chunks(dict.fromkeys(ids), TIES):
            inputs: list[Row] = [{"id": i} for i in part]
            while inputs:
                answer = self.ask(f"/crm/v4/associations/{name}/{other}/batch/read", {"inputs": inputs})
                for fault in answer.get("errors", ()):
                    if fault.get("category") != "OBJECT_NOT_FOUND":
                        raise Unavailable(f"{self.base_url}: {name} to {other}: read in part: {fault.get('message')}")
                inputs = []
                for row in answer["results"]:
                    held = found.setdefault(str(row["from"]["id"]), {})
                    for to in row["to"]:
                        main = any(t.get("label") == "Primary" for t in to["associationTypes"])
                        held[str(to["toObjectId"])] = main
                    if after := row.get("paging", {}).get("next", {}).get("after"):
                        inputs.append({"id": str(row["from"]["id"]), "after": after})
        return {id_: main_first(held) for id_, held in found.items()}

    def owners(self, *, fresh: bool) -> dict[str, str]:
        """Return the e-mail addresses of the CRM's users by id; none where the token may not see them."""
        if fresh:
            after: str | None = None
            while True:
                try:
                    answer = decoded(self.get("/crm/v3/owners", limit=100, after=after))
                except Unauthorized:
                    break  # a scope of its own; records without it have been read, so the token itself is good
                self._owners |= {str(o["id"]): o["email"] for o in answer["results"] if o.get("email")}
                after = answer.get("paging", {}).get("next", {}).get("after")
                if after is None:
                    break
        return self._owners

    def kinds(self, name: str, other: str) -> dict[str | None, int]:
        """Return the ids of the kinds of association between two objects, by label; None is the default one."""
        if (name, other) not in self._kinds:
            answer = decoded(self.get(f"/crm/v4/associations/{name}/{other}/labels"))
            ours = [k for k in answer["results"] if k["category"] == "HUBSPOT_DEFINED"]
            self._kinds[name, other] = {k.get("label"): int(k["typeId"]) for k in ours}
        return self._kinds[name, other]

    def tie(self, name: str, other: str, pairs: Iterable[tuple[str, str]], kind: int | None) -> None:
        """Associate pairs of records by a kind, the default one where it is None."""
        for part in chunks(pairs, TIES):
            inputs: list[Row] = [{"from": {"id": a}, "to": {"id": b}} for a, b in part]
            if kind is None:
                self.tell(f"/crm/v4/associations/{name}/{other}/batch/associate/default", {"inputs": inputs})
                continue
            for row in inputs:
                row["types"] = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
            self.tell(f"/crm/v4/associations/{name}/{other}/batch/create", {"inputs": inputs})

    def untie(self, name: str, other: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Remove all associations between pairs of records."""
        for part in chunks(pairs, TIES):
            inputs = [{"from": {"id": a}, "to": [{"id": b}]} for a, b in part]
            self.post(f"/crm/v4/associations/{name}/{other}/batch/archive", {"inputs": inputs})

    def explain(self, response: httpx.Response) -> str:
        """Return HubSpot's message."""
        try:
            return str(response.json()["message"])[:1000]
        except (ValueError, KeyError, TypeError):
            return response.text[:500]

    def error(self, response: httpx.Response) -> HubError:
        """Name the properties at fault; there are no versions here, so a conflict is a unique value that is taken."""
        error = super().error(response)
        if isinstance(error, Rejected | Conflict):
            try:
                names = fields_at_fault(response.json())
            except ValueError:
                names = ()
            return (Taken if isinstance(error, Conflict) else Rejected)(str(error), names)
        return error


class Told(Row):
    """An answer's JSON object; what is missing in it is told as what the answer lacks."""

    def __init__(self, response: httpx.Response, body: Row) -> None:
        super().__init__(body)
        self._response = response

    def __missing__(self, name: str) -> Any:
        raise unexpected(self._response, f"there is no {name!r} in it")


def decoded(response: httpx.Response) -> Told:
    """Return the answer's JSON. Raises Unavailable where it was cut off or is none, or its rows are no objects."""
    told = Told(response, as_json(response, Row) if response.content else {})
    rows = told.get("results", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unexpected(response, "its results are no list of objects")
    return told


def main_first(held: Mapping[str, bool]) -> list[str]:
    """Return ids, the main one first, then in the order of their age."""
    return sorted(held, key=lambda id_: (not held[id_], int(id_)))


def fields_at_fault(body: Any) -> tuple[str, ...]:
    """Return the property names an error speaks of: in its contexts, else in the JSON inside its message."""
    if not isinstance(body, Mapping):
        return ()
    names: list[str] = []
    for part in (body, *(e for e in body.get("errors") or () if isinstance(e, Mapping))):
        context = part.get("context")
        if isinstance(context, Mapping):
            said = context.get("propertyName") or context.get("properties") or ()
            names += [said] if isinstance(said, str) else said
    if not names:
        names = re.findall(r'"name":\s*"([^"]+)"', str(body.get("message") or ""))
    return tuple(dict.fromkeys(names))


def row_error(fault: Mapping[str, Any]) -> HubError:
    """Turn an error inside a 207 answer into what to do next."""
    words = str(fault.get("message") or fault.get("category"))
    if fault.get("category") == "OBJECT_NOT_FOUND":
        return Missing(words)
    return (Taken if fault.get("category") == "CONFLICT" else Rejected)(words, fields_at_fault(fault))


def authentication(
    base_url: str,
    token: Secret | None,
    client_id: str | None,
    client_secret: Secret | None,
    refresh_token: Secret | None,
    connection: str,
    vault: Vault | None,
) -> httpx.Auth:
    """Return the auth flow of the settings: a private app's token, or OAuth2 with a refresh token. Raises ConfigError."""
    if token:
        return TokenAuth(token)
    if client_id and client_secret and vault is not None:
        url = f"{base_url.rstrip('/')}/oauth/v1/token"
        return RefreshToken(url, client_id, client_secret, vault, connection, first=refresh_token)
    raise ConfigError("hubspot: give token, or client_id, client_secret and refresh_token")
