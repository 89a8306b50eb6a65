"""Decisions on proposed pairs: accepted, rejected, taken apart again; by people, in a terminal or a spreadsheet.

Each decision is one transaction that looks at everything once more, so two people who decide at once cannot
contradict each other: the second one is told what the first one did.
"""

from hub.quality.decide.accept import Accepted, Plan, accept, plan
from hub.quality.decide.auto import Merged, auto
from hub.quality.decide.desk import Desk
from hub.quality.decide.pairs import Pair
from hub.quality.decide.reject import reject
from hub.quality.decide.show import Compared, compared, listed
from hub.quality.decide.unmerge import Unmerged, unmerge, unmerging

__all__ = [
    "Accepted",
    "Compared",
    "Desk",
    "Merged",
    "Pair",
    "Plan",
    "Unmerged",
    "accept",
    "auto",
    "compared",
    "listed",
    "plan",
    "reject",
    "unmerge",
    "unmerging",
]
