"""Freezing parties by record rules of Tryton's own: while they stand, nobody changes or deletes them or their parts.

Documents are left alone: invoices are still to be paid while a line is settled, and Tryton writes into them as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hub.errors import Rejected
from hub_tryton.rpc import Rpc

GROUP = "ir.rule.group"
PARTIES = {
    "party.party": "id",
    "party.address": "party",
    "party.contact_mechanism": "party",
    "party.identifier": "party",
}
MOST = 5_000  # ids in one rule, which is read at every write


def freeze(rpc: Rpc, name: str, ids: Sequence[int], models: Mapping[str, str] = PARTIES) -> None:
    """Put a rule on each model, in place of those of this name; without ids there is none afterwards."""
    if len(ids) > MOST:
        raise Rejected(f"Tryton checks a record rule at every write; {len(ids)} records are too many for one")
    held = rpc.search_read(GROUP, [["name", "=", name], ["model", "in", list(models)]], ["id"])
    if ids:
        rpc.call(f"model.{GROUP}.create", [_group(name, model, field, ids) for model, field in models.items()])
    if held:
        rpc.call(f"model.{GROUP}.delete", [row["id"] for row in held])


def _group(name: str, model: str, field: str, ids: Sequence[int]) -> dict[str, object]:
    domain = msgspec.json.encode([[field, "not in", sorted(ids)]]).decode()
    rights = {"perm_read": False, "perm_write": True, "perm_create": False, "perm_delete": True}
    return {"name": name, "model": model, "global_p": True, "rules": [["create", [{"domain": domain}]]], **rights}
