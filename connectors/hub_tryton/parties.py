"""Parties: customers with their addresses, contact mechanisms and identifiers, which are records of their own over there.

Our id is an identifier without a type, `hub:...`: the one place for free codes that is part of the party, so that it is
created with it or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.connect.base import Record, Write
from hub_tryton import erase
from hub_tryton.changes import DATES, Part, by, expecting
from hub_tryton.rpc import Row
from hub_tryton.source import TAG, Source, inner

MECHANISMS = ("phone", "mobile", "fax", "email", "website")
PLACE = ("street", "postal_code", "city", "country")
EU = {
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "EL",
    "ES",
    "FI",
    "FR",
    "HR",
    "HU",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
    "XI",
}


class Parties(Source):
    """The stream `parties`."""

    model = "party.party"
    parts = (
        Part("party.party"),
        Part("party.address", "party"),
        Part("party.contact_mechanism", "party"),
        Part("party.identifier", "party"),
    )

    @property
    def domain(self) -> tuple[Any, ...]:  # type: ignore[override]
        """All but the company itself, which is a party like its customers."""
        own = self.names.get("company.company", "id", [self.rpc.company], ["party"])
        return (("id", "not in", [row["party"] for row in own.values()]),)

    def records(self, ids: Sequence[int]) -> Iterator[Record]:
        """Read parties: four requests however many."""
        for party in self._whole(ids).values():
            yield self._record(party)

    def _whole(self, ids: Sequence[int]) -> dict[int, Whole]:
        rows = self.rows(ids, ["name", "code", "active", "lang.code", "tax_identifier"])
        order = [["party", "ASC"], ["sequence", "ASC NULLS FIRST"], ["id", "ASC"]]

        def parts(model: str, *fields: str) -> dict[int, list[Row]]:
            found = self.rpc.search_read(
                model, [["party", "in", list(ids)]], ["party", "active", *fields, *DATES], order=order
            )
            return by(found, "party")

        places = parts(
            "party.address", "street", "postal_code", "city", "country.code", "subdivision.name", "invoice", "delivery"
        )
        reach = parts("party.contact_mechanism", "type", "value", "value_compact")
        codes = parts("party.identifier", "type", "code")
        return {
            row["id"]: Whole(row, places.get(row["id"], []), reach.get(row["id"], []), codes.get(row["id"], []))
            for row in rows
        }

    def _record(self, party: Whole) -> Record:
        row, tax, mine = party.row, party.tax(), party.our_id()
        data: dict[str, Any] = {
            "id": row["id"],
            "name": row["name"],
            "code": row["code"],
            "active": bool(row["active"]),
            "status": "active" if row["active"] else "inactive",
            "lang": inner(row, "lang.code"),
            "tax_identifier": tax["code"] if tax else None,
            "tax_type": tax["type"] if tax else None,
            "our_id": mine,
        }
        for kind in MECHANISMS:
            first = party.mechanism(kind)
            # value is formatted for the eye, value_compact is E.164 where Tryton can tell
            data[kind] = first and (first["value_compact"] if kind in ("phone", "mobile", "fax") else first["value"])
        for prefix, place in (("", party.place()), ("delivery_", party.delivery())):
            data[f"{prefix}street"] = (place["street"] or None) if place else None
            data[f"{prefix}postal_code"] = place and place["postal_code"]
            data[f"{prefix}city"] = place and place["city"]
            data[f"{prefix}region"] = inner(place, "subdivision.name") if place else None
            data[f"{prefix}country"] = inner(place, "country.code") if place else None
        return self.record(data, party.rows(), mine)

    def locate(self, our_ids: Sequence[str]) -> Mapping[str, int]:
        """Find parties by the identifier that carries our id."""
        if not our_ids:
            return {}
        codes = [f"{TAG}{our}" for our in our_ids]
        rows = self.rpc.search_read("party.identifier", [["type", "=", None], ["code", "in", codes]], ["code", "party"])
        return {row["code"].removeprefix(TAG): row["party"] for row in rows}

    def create(self, write: Write) -> int:
        """Create a party with all its parts in one call, so that it is there whole or not at all."""
        empty = Whole({"id": 0}, [], [], [])
        values, _ = self._values(write.data, empty)
        values.setdefault("addresses", [["create", [{}]]])  # a sale wants an address, be it an empty one
        values.setdefault("identifiers", []).append(["create", [{"type": None, "code": f"{TAG}{write.our_id}"}]])
        if not values.get("code"):
            values.pop("code", None)  # Tryton numbers parties itself
        return int(self.rpc.call("model.party.party.create", [values])[0])

    def change(self, write: Write, id: int) -> None:
        """Change a party and its parts in one call that fails when one of them was changed meanwhile."""
        self.current(write, id)
        party = self._whole([id])[id]
        values, touched = self._values(write.data, party)
        if values:
            stamps = expecting([(self.model, party.row), *touched])
            self.rpc.call("model.party.party.write", [id], values, _timestamp=stamps)

    def erase(self, id: int) -> str:
        """Delete a party nothing refers to; have Tryton anonymise any other."""
        return erase.party(self.rpc, id, bool(self.alone(id, "active")["active"]))

    def _values(self, data: Mapping[str, Any], party: Whole) -> tuple[dict[str, Any], list[tuple[str, Row]]]:
        """What to write, and the rows of parts it touches."""
        values: dict[str, Any] = {name: data[name] for name in ("name", "code", "active") if name in data}
        touched: list[tuple[str, Row]] = []
        if "status" in data:
            values["active"] = data["status"] != "inactive"
        if "lang" in data:
            values["lang"] = self.names.id("ir.lang", "code", data["lang"], "lang") if data["lang"] else None
        edits = {
            "contact_mechanisms": self._mechanisms(data, party, touched),
            "addresses": self._places(data, party, touched),
            "identifiers": self._tax(data, party, touched),
        }
        return values | {name: steps for name, steps in edits.items() if steps}, touched

    def _mechanisms(self, data: Mapping[str, Any], party: Whole, touched: list[tuple[str, Row]]) -> list[Any]:
        steps: list[Any] = []
        for kind in MECHANISMS:
            if kind not in data:
                continue
            first = party.mechanism(kind)
            if first:
                touched.append(("party.contact_mechanism", first))
            if first and data[kind]:
                steps.append(["write", [first["id"]], {"value": data[kind]}])
            elif first:
                steps.append(["delete", [first["id"]]])
            elif data[kind]:
                steps.append(["create", [{"type": kind, "value": data[kind]}]])
        return steps

    def _places(self, data: Mapping[str, Any], party: Whole, touched: list[tuple[str, Row]]) -> list[Any]:
        steps: list[Any] = []
        for prefix, place, mark in (("", party.place(), {}), ("delivery_", party.delivery(), {"delivery": True})):
            values = {name: data[prefix + name] for name in PLACE if prefix + name in data}
            if code := values.get("country"):
                values["country"] = self.names.id("country.country", "code", code, f"{prefix}country")
            if place and values:
                touched.append(("party.address", place))
                steps.append(["write", [place["id"]], values])
            elif any(values.values()) or (values and not prefix):
                steps.append(["create", [values | mark]])
        return steps

    def _tax(self, data: Mapping[str, Any], party: Whole, touched: list[tuple[str, Row]]) -> list[Any]:
        if "tax_identifier" not in data:
            return []
        code, held = data["tax_identifier"], party.tax()
        if held:
            touched.append(("party.identifier", held))
        if held and code:
            return [["write", [held["id"]], {"type": self._tax_type(data, code, held["type"]), "code": code}]]
        if held:
            return [["delete", [held["id"]]]]
        return [["create", [{"type": self._tax_type(data, code, None), "code": code}]]] if code else []

    def _tax_type(self, data: Mapping[str, Any], code: str, held: str | None) -> str | None:
        """The kind of a tax number; one whose kind nobody knows is kept as a free code, which Tryton does not check."""
        if kind := data.get("tax_type"):
            return str(kind)
        start = code[:2].upper()
        if start in EU:
            return "eu_vat"
        if held or not start.isalpha():
            return held
        selection = self.rpc.call("model.party.configuration.fields_get", ["identifier_types"], reads=True)
        known = {kind for kind, _ in selection["identifier_types"]["selection"]}
        return f"{start.lower()}_vat" if f"{start.lower()}_vat" in known else None


class Whole:
    """A party with its parts, in the order Tryton shows them."""

    def __init__(self, row: Row, places: list[Row], reach: list[Row], codes: list[Row]) -> None:
        self.row = row
        self.places = places
        self.reach = reach
        self.codes = codes

    def rows(self) -> list[tuple[str, Row]]:
        """All rows it is made of, archived parts too, since archiving one changes the party."""
        parts = (
            ("party.address", self.places),
            ("party.contact_mechanism", self.reach),
            ("party.identifier", self.codes),
        )
        return [("party.party", self.row), *((model, row) for model, rows in parts for row in rows)]

    def mechanism(self, kind: str) -> Row | None:
        """The first way to reach it of that kind."""
        return next((row for row in self.reach if row["active"] and row["type"] == kind), None)

    def place(self) -> Row | None:
        """The address invoices go to: the first so marked, else the first that is not only for delivery, else the first."""
        active = [row for row in self.places if row["active"]]
        marked = [row for row in active if row["invoice"]] or [row for row in active if not row["delivery"]] or active
        return marked[0] if marked else None

    def delivery(self) -> Row | None:
        """The first address marked for delivery, where it is another one."""
        main = self.place()
        return next((row for row in self.places if row["active"] and row["delivery"] and row is not main), None)

    def tax(self) -> Row | None:
        """The identifier Tryton taxes by, else the first free code that is not ours."""
        active = [row for row in self.codes if row["active"]]
        chosen = [row for row in active if row["id"] == self.row.get("tax_identifier")]
        free = [row for row in active if row["type"] is None and not row["code"].startswith(TAG)]
        return next(iter(chosen or free), None)

    def our_id(self) -> str | None:
        """The golden record's id, where it was created or found by the hub."""
        found = (row["code"] for row in self.codes if row["type"] is None and row["code"].startswith(TAG))
        return next((code.removeprefix(TAG) for code in found), None)
