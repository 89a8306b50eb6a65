"""Erasing: contacts for good by HubSpot's own delete for data protection, all else into its bin, lines first.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/basic/post-crm-v3-objects-contacts-gdpr-delete
https://knowledge.hubspot.com/records/restore-deleted-records
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.connect import Answer, Missing, Receipt, Rejected
from hub_hubspot.api import BATCH, Api, chunks
from hub_hubspot.shapes import LINE_ITEMS, Shape

FOR_GOOD = "deleted for good"
BIN = "put into HubSpot's bin, which it empties after 90 days"


def erase(api: Api, shape: Shape, keys: Sequence[str]) -> Iterator[Answer]:
    """Erase records by id, and yield an answer for each in order as soon as it is known."""
    path = f"{api.objects}/{shape.object}"
    for part in chunks(keys, BATCH):
        rows = api.batch_read(shape.object, [key for key in part if key.isdecimal()], ())
        there = {row["id"] for row in rows} & set(part)  # the id of a merged record gives the one it became
        if shape.lines and there:
            tied = api.tied(shape.object, LINE_ITEMS, sorted(there))
            for lines in chunks([line for held in tied.values() for line in held], BATCH):
                _archive(api, f"{api.objects}/{LINE_ITEMS}", lines)
        if shape.object != "contacts" and there:
            _archive(api, path, sorted(there))
        for key in part:
            if key not in there:
                yield Missing(f"{shape.object} {key} does not exist or is archived")
            elif shape.object == "contacts":
                yield _for_good(api, path, key)
            else:
                yield Receipt(key, how=BIN)


def _archive(api: Api, path: str, ids: Sequence[str]) -> None:
    """Put records into the bin; one that is there already is no error, so it may be repeated."""
    api.post(f"{path}/batch/archive", {"inputs": [{"id": id_} for id_ in ids]}, reads=True)


def _for_good(api: Api, path: str, key: str) -> Answer:
    try:
        api.post(f"{path}/gdpr-delete", {"objectId": key})
    except Missing as error:
        return error
    except Rejected:
        return Rejected("HubSpot refused to delete the contact for good")
    return Receipt(key, how=FOR_GOOD)
