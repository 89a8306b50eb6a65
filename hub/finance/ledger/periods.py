"""Periods: up to which day the books are closed, and the first day that is open."""

from __future__ import annotations

from datetime import date, timedelta

from hub.audit import append
from hub.errors import ConfigError
from hub.store import Store, Tx
from hub.store.tables.finance import period


def locked_through(tx: Tx) -> date | None:
    """The last day of the last closed period, None where nothing is closed."""
    rows = tx.rows("SELECT max(through) FROM period")
    return date.fromisoformat(rows[0][0]) if rows and rows[0][0] else None


def first_open(tx: Tx) -> date:
    """The first day on which something can be posted."""
    through = locked_through(tx)
    return through + timedelta(days=1) if through else date.min


def close(store: Store, through: date, by: str, today: date) -> date | None:
    """Lock all days up to and with this one, for ever; return what was locked before.

    Raises ConfigError for a day that is locked already or still to come.
    """
    if through >= today:
        raise ConfigError(f"close-period: {through} is not over yet; close a day before {today}")
    with store.begin() as tx:
        before = locked_through(tx)
        if before is not None and through <= before:
            raise ConfigError(f"close-period: the books are closed through {before} already; name a later day")
        tx.insert(period, ("through", "by", "at", "seq"), [(through.isoformat(), by, store.now(), tx.seq)])
        append(tx, by, "finance close period", {"through": through.isoformat()}, at=store.now())
    return before
