"""Writes on their way: what each wants, what came of it, and how many are carried out at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.connect import Missing, Rejected, Write
from hub.errors import HubError
from hub_hubspot.api import Row


@dataclass(slots=True)
class Job:
    """One write on its way: what it wants, and what came of it."""

    write: Write
    properties: dict[str, str]
    ties: dict[str, Any]
    lines: list[Row] | None
    key: str | None = None
    row: Row | None = None  # as the write was answered
    error: HubError | None = None
    new_lines: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether nothing has refused it so far."""
        return self.error is None


def each(jobs: Sequence[Job], carry_out: Callable[[Sequence[Job]], None], alone: Any = None) -> None:
    """Carry out a step for all jobs at once; where it is refused, for each half, down to the ones at fault."""
    try:
        carry_out(jobs)
    except (Rejected, Missing) as error:
        if len(jobs) == 1:
            jobs[0].error = alone(error) if alone else error
            return
        half = len(jobs) // 2
        each(jobs[:half], carry_out, alone)
        each(jobs[half:], carry_out, alone)
    except HubError as error:
        for job in jobs:
            if job.open and job.row is None:
                job.error = error


def unanswered(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs a batch said nothing of: each is asked about alone."""
    return [j for j in jobs if j.row is None and j.open]


def target_missing(error: HubError) -> HubError:
    """Return what it means when an association fails: its record was there a moment ago, so what it points at is not."""
    return Rejected(f"what it is to be associated with is not there: {error}") if isinstance(error, Missing) else error


def waves(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Split jobs so that no record is written twice in one batch, which HubSpot refuses."""
    rest = list(jobs)
    while rest:
        wave: list[Job] = []
        later: list[Job] = []
        names: set[str] = set()
        for job in rest:
            name = job.key or f"new {job.write.our_id}"
            (later if name in names else wave).append(job)
            names.add(name)
        yield wave
        rest = later


def inline(id_: str, kind: int) -> Row:
    return {"to": {"id": id_}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]}


def many(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(v) for v in value or ()]
