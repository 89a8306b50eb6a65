"""Merging: HubSpot makes a new record of two, and leads both old ids to it.

https://developers.hubspot.com/docs/api-reference/crm-companies-v3/basic/post-crm-v3-objects-companies-merge
https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies
"""

from __future__ import annotations

from hub.connect import Answer, Receipt
from hub.errors import Conflict, Missing, Rejected
from hub_hubspot.api import Api, decoded
from hub_hubspot.pull import Reader
from hub_hubspot.shapes import Shape

MERGED = frozenset({"companies", "contacts", "deals", "tickets"})  # https://knowledge.hubspot.com/records/merge-records


def merge(api: Api, shape: Shape, reader: Reader, keep: str, gone: str) -> Answer:
    """Merge `gone` into `keep`; where both ids lead to one record already, that is the answer.

    The values of `keep` stand; where it has none, those of the other. There is no way back.
    """
    path = f"{api.objects}/{shape.object}"
    try:
        one, other = (str(decoded(api.get(f"{path}/{id_}"))["id"]) for id_ in (keep, gone))
        left = one
        if one != other:
            left = str(api.tell(f"{path}/merge", {"primaryObjectId": one, "objectIdToMerge": other})["id"])
    except (Missing, Rejected) as error:
        return error
    except Conflict as error:
        return Rejected(str(error))
    record = next(iter(reader.read([left])))
    if record.deleted:
        return Missing(f"{shape.object} {left} does not exist or is archived")
    return Receipt(left, record.version, record.data, record.changed_at)
