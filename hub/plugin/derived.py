"""What hooks are handed and what they give back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Protocol

import msgspec

from hub.model import MODELS, Model, Values, typed


class Golden(msgspec.Struct, frozen=True):
    """A golden record as the hooks see it: its id, its model's name and its values in flat form."""

    id: str
    model: str
    values: Values = {}

    def typed(self) -> Model:
        """The values as a Struct of the model. Raises msgspec.ValidationError."""
        return typed(MODELS[self.model], self.values)


Goldens = list[Golden]  # since Look has a method of the name `list`


class Look(Protocol):
    """Finds other golden records, for a rule that needs more than the one it was handed."""

    def get(self, id: str) -> Golden | None:
        """The golden record of that id, None where there is none."""
        ...

    def list(self, model: str, **fields: Any) -> Goldens:
        """All golden records of a model whose fields have these values."""
        ...

    def referring(self, id: str, model: str) -> Goldens:
        """All golden records of a model that refer to that id."""
        ...

    def today(self) -> date:
        """The day by the hub's clock, in UTC."""
        ...


class Derived(msgspec.Struct, frozen=True):
    """A canonical record that follows from a golden one; it takes the walk as a record of the connection `hub`."""

    name: str  # tells apart what follows from one cause: the key is made of both
    model: str
    values: Values  # flat
    of: str | None = None  # the golden record these values belong to; None: a record of its own
    again_on: date | None = None  # the day on which the cause is asked again though nothing has changed


class Candidate(msgspec.Struct, frozen=True):
    """One source's value of a field, up for survival."""

    connection: str
    value: Any
    changed_at: datetime | None
    edited: bool  # changed there since it was last agreed; False: it only still shows what was agreed


class Event(msgspec.Struct, frozen=True):
    """Something happened that a person or another program may want to hear of."""

    kind: str
    text: str
    connection: str | None = None
    stream: str | None = None
    data: dict[str, Any] = {}
