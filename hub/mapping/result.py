"""What comes out of a mapping: values and what is wrong with them, or data to write and what was left out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning"]
LONGEST = 200  # characters of a value that a report shows


class Problem(NamedTuple):
    """One value that could not be taken as it stands; an error keeps the whole record out, a warning only the value."""

    field: str  # ours; "" where the record as a whole is meant
    theirs: str  # the path over there
    value: Any  # what stood there, cut to a length a person reads
    reason: str
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"{self.field} ({self.theirs})" if self.theirs else self.field or "record"
        return f"{where}: {self.reason}: {self.value!r}"


class Reading(NamedTuple):
    """A record in canonical form; what is missing over there is missing in `values`, what is empty there is None."""

    values: dict[str, Any]
    problems: Sequence[Problem] = ()

    @property
    def failed(self) -> bool:
        """Whether an error keeps this record out."""
        return any(p.severity == "error" for p in self.problems)


class Writing(NamedTuple):
    """Data in the system's shape, and the fields that cannot be said over there with the reason."""

    data: dict[str, Any]
    skipped: Mapping[str, str]


def shown(value: Any) -> Any:
    """Cut a value to what a report can show; numbers, booleans and short text stay as they are."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


class Doubt(ValueError):  # noqa: N818 - it is no failure: the value is taken
    """Raised by a converter whose result is usable but not exact: `value` is taken and the reason reported."""

    def __init__(self, value: Any, reason: str) -> None:
        super().__init__(reason)
        self.value = value
