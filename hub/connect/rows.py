"""Splits a page of JSON into records without decoding them: only key, time, version and mark of deletion are read.

The records' bytes go on as they came, which is what makes a re-read without changes cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec

from hub.connect.base import Record
from hub.errors import Unavailable

Path = str | tuple[str, ...]
"""Steps into JSON: `"paging.next.after"`, or a tuple where a name holds a dot: `("@odata.nextLink",)`."""

NOT_DELETED = (None, False, 0, "", "0", "false")


class Rest:
    """What stands around the records of a page, decoded where it is asked for."""

    __slots__ = ("_body", "_top")

    def __init__(self, body: bytes, top: Mapping[str, msgspec.Raw] | None = None) -> None:
        self._body = body
        self._top = top  # the body split at its first level, where that is done already

    def get(self, path: Path, default: Any = None) -> Any:
        """The value at the path, `default` where there is none or null."""
        at: Any = self._body
        for number, step in enumerate(_steps(path)):
            try:
                at = (self._top if self._top is not None and not number else _OBJECT.decode(at)).get(step)
            except msgspec.DecodeError:  # not an object, so nothing stands below it
                return default
            if at is None:
                return default
        value = msgspec.json.decode(at)
        return default if value is None else value


def rows(
    body: bytes,
    *,
    items: Path = (),
    key: Path = "id",
    changed: Path | None = None,
    deleted: Path | None = None,
    version: Path | None = None,
    our_id: Path | None = None,
    where: str = "page",
) -> tuple[list[Record], Rest]:
    """Split the list at `items` (the body itself where empty) into records; the second is what stands around it.

    `changed` is ISO 8601 text, or Unix seconds or milliseconds; one without a zone is UTC. `deleted` is true where
    the value is neither null, false, 0 nor empty. Raises Unavailable that says where a page is not as expected:
    a cut or foreign answer is no data.
    """
    wanted = {"key": key, "changed": changed, "deleted": deleted, "version": version, "our_id": our_id}
    fast, slow, getters = _reader(tuple((n, _steps(p)) for n, p in wanted.items() if p is not None))
    listed, top = _below(body, _steps(items), where)
    try:
        raws: list[msgspec.Raw] = _RAWS.decode(listed)
        try:
            heads: list[Any] = fast.decode(listed)
        except msgspec.ValidationError:  # a time in another form than RFC 3339 or Unix seconds
            heads = slow.decode(listed)
    except msgspec.DecodeError as error:
        raise Unavailable(f"{where}: {'.'.join(_steps(items)) or 'body'}: no list of objects: {error}") from None
    columns = (map(getters[name], heads) if name in getters else repeat(None) for name in wanted)
    records: list[Record] = []
    for raw, found, at, gone, number, ours in zip(raws, *columns, strict=False):
        if type(found) is not str or not found:
            if found is None or found == "" or isinstance(found, float | bool | list | dict):
                at_item = ".".join((*_steps(items), str(len(records))))
                raise Unavailable(f"{where}: {at_item}: no key at {'.'.join(_steps(key))!r}")
            found = str(found)
        if at is not None and (type(at) is not datetime or at.tzinfo is not UTC):
            at = moment(at, f"{where}: {found}: {changed}")
        records.append(
            Record(
                found,
                bytes(raw),
                None if number is None else str(number),
                at,
                gone is not None and gone is not False and not (isinstance(gone, str | int) and gone in NOT_DELETED),
                None if ours is None else str(ours),
            )
        )
    return records, Rest(body, top)


def row(body: bytes, **shape: Any) -> Record:
    """One object as a record; `shape` as for `rows`."""
    ((record,), _) = rows(b"[%b]" % body, **shape)
    return record


def moment(value: Any, where: str = "time") -> datetime | None:
    """Read a source's time: ISO 8601 with or without zone (then UTC), Unix seconds or milliseconds; "" and false are None.

    Raises Unavailable for anything else.
    """
    if value is None or value == "" or value is False:  # Odoo says false for empty
        return None
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unavailable(f"{where}: {value!r} is no time") from None


def since(cursor: str | None, overlap: timedelta = timedelta(0)) -> datetime | None:
    """The moment to ask from: the cursor's, less `overlap` (the stream's `late`) and one second; None: everything."""
    if not cursor:
        return None
    at = moment(cursor, "cursor")
    return None if at is None else at - overlap - timedelta(seconds=1)


def upto(cursor: str | None, records: Iterable[Record], *, limit: datetime | None = None) -> str | None:
    """The cursor that stands for these records too: the newest of the source's own times, never before `cursor`.

    Times after `limit` (the source's present, where it tells it) do not count: one record dated 2099 would otherwise
    hide every later change.
    """
    newest = moment(cursor, "cursor") if cursor else None
    for record in records:
        at = record.changed_at
        if at is not None and (limit is None or at <= limit) and (newest is None or at > newest):
            newest = at
    return None if newest is None else newest.isoformat()


_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _steps(path: Path) -> tuple[str, ...]:
    return tuple(path.split(".")) if isinstance(path, str) and path else tuple(path)


def _below(body: bytes, steps: Sequence[str], where: str) -> tuple[bytes | msgspec.Raw, dict[str, msgspec.Raw] | None]:
    """What stands at the steps, and the body split at its first level."""
    at: bytes | msgspec.Raw = body
    top = None
    for number, step in enumerate(steps):
        try:
            below = _OBJECT.decode(at)
            at = below[step]
        except KeyError:
            raise Unavailable(f"{where}: no {'.'.join(steps[: number + 1])!r} in the answer") from None
        except msgspec.DecodeError as error:
            raise Unavailable(f"{where}: {'.'.join(steps[:number]) or 'body'}: {error}") from None
        top = top or below
    return at, top


@cache
def _reader(
    wanted: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[msgspec.json.Decoder[Any], msgspec.json.Decoder[Any], Mapping[str, Callable[[Any], Any]]]:
    """Decoders of a list of objects that read just these paths, and what gets each value from an object read."""
    tree: dict[str, Any] = {}
    for name, steps in wanted:
        at = tree
        for step in steps[:-1]:
            at = at.setdefault(step, {})
            if not isinstance(at, dict):
                raise TypeError(f"{'.'.join(steps)}: {step!r} cannot be both a value and an object")
        at[steps[-1]] = [*at.get(steps[-1], []), name]  # one place may serve two purposes: an id that is the version
    places: dict[str, str] = {}
    fast = _struct(tree, datetime | None, places, "")
    slow = _struct(tree, Any, {}, "")
    getters = {name: _getter(place) for name, place in places.items()}
    return (
        msgspec.json.Decoder(list[fast], strict=False),  # type: ignore[valid-type]
        msgspec.json.Decoder(list[slow], strict=False),  # type: ignore[valid-type]
        getters,
    )


def _struct(tree: Mapping[str, Any], time: Any, places: dict[str, str], at: str) -> type[msgspec.Struct]:
    fields: list[tuple[str, Any, Any]] = []
    rename = {}
    for number, (step, below) in enumerate(tree.items()):
        name = f"f{number}"
        rename[name] = step
        if isinstance(below, dict):
            fields.append((name, _struct(below, time, places, f"{at}{name}.") | None, None))
            continue
        fields.append((name, time if below == ["changed"] else Any, None))
        places.update(dict.fromkeys(below, f"{at}{name}"))
    return msgspec.defstruct("Head", fields, rename=rename, gc=False)


def _getter(place: str) -> Callable[[Any], Any]:
    if "." not in place:
        return attrgetter(place)
    steps = [attrgetter(step) for step in place.split(".")]

    def get(head: Any) -> Any:
        for step in steps:
            if head is None:
                return None
            head = step(head)
        return head

    return get
