"""Time in a closing: it never runs backwards, days belong to the plan's zone, and every moment is written one way.

A moment carries how far its zone is from UTC, so that the two half past two of the night in which summer time ends are
told apart, and so is a day that is another one elsewhere.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from hub import audit
from hub.closure.plan import Plan
from hub.store import Store, Tx
from hub.sync.clock import micros, moment


def now(tx: Tx, store: Store, closing_id: int) -> int:
    """The time of a closing: the clock, but never before the newest line of its journal or of the audit log."""
    rows = tx.rows("SELECT at FROM closing_journal WHERE closing_id = ? ORDER BY id DESC LIMIT 1", closing_id)
    return max(audit.now(tx, store), int(rows[0][0]) if rows else 0)


def zone_of(plan: Plan) -> ZoneInfo:
    """The time zone in which a plan's days are judged."""
    return ZoneInfo(plan.time_zone)


def day_of(at: int, zone: tzinfo) -> date:
    """The day of a moment (microseconds since 1970) in a zone."""
    return moment(at).astimezone(zone).date()


def begins(day: date, zone: tzinfo) -> int:
    """The first moment of a day in a zone, in microseconds since 1970."""
    return micros(datetime.combine(day, time.min, tzinfo=zone))


def ends(day: date, zone: tzinfo) -> int:
    """The moment at which a day is over in a zone, in microseconds since 1970."""
    return begins(day + timedelta(days=1), zone)


def later(at: int, days: int, zone: tzinfo) -> int:
    """The same time of day so many days later; of a time that comes twice that night, the first."""
    wall = moment(at).astimezone(zone).replace(tzinfo=None, fold=0) + timedelta(days=days)
    return micros(wall.replace(tzinfo=zone))


def written(at: int | None, zone: tzinfo | None) -> str:
    """A moment as people read it, `2027-10-31 02:30:00 UTC+01:00`; in the zone of this machine where None is given."""
    if at is None:
        return ""
    there = moment(at).astimezone(zone)
    offset = there.isoformat(timespec="seconds")[19:] if there.utcoffset() else ""
    return f"{there:%Y-%m-%d %H:%M:%S} UTC{offset}"


def rewritten(text: str, zone: tzinfo | None = None) -> str:
    """A moment kept as ISO 8601, as people read it; in its own zone where none is given."""
    kept = datetime.fromisoformat(text)
    return written(micros(kept), zone or kept.tzinfo or UTC)


def read(at: int, zone: ZoneInfo) -> str:
    """A moment for who reads it here, and as the plan has it where that is another time of day."""
    here, there = written(at, None), written(at, zone)
    return here if here == there else f"{here}, in {zone.key} {there}"


def reread(text: str | None, zone: ZoneInfo) -> str:
    """A moment kept as ISO 8601, as `read` says it; nothing for none."""
    return read(micros(datetime.fromisoformat(text)), zone) if text else ""


def due(day: str | None, zone: ZoneInfo, *, by: bool) -> str:
    """A day of the plan for who reads it here: until when (`by`) or from when it is, where midnight is elsewhere."""
    if not day:
        return ""
    on = date.fromisoformat(day)
    at = ends(on, zone) if by else begins(on, zone)
    if written(at, None) == written(at, zone):
        return day
    return f"{day}, {'until' if by else 'from'} {written(at, None)}"


def iso(at: int | None) -> str | None:
    """A moment for programs: ISO 8601 in UTC."""
    return None if at is None else moment(at).isoformat()
