"""Tells people what the hub reports: mail, chat, telephone, whatever Apprise can reach.

Set HUB_ALERTS to one or more Apprise URLs, separated by blanks, in the environment or in `.env`:

    HUB_ALERTS="slack://token/#ops mailto://user:password@example.com"

The package is the extra `alerts`. An alert that cannot be delivered is logged and never stops a run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.config import environment, find
from hub.errors import ConfigError
from hub.plugin import Event, hookimpl

log = logging.getLogger(__name__)
TOLD = ("refused writes", "quarantined records")  # what "run findings" tells as well: one alert a run is enough


@hookimpl
def on_event(event: Event) -> None:
    """Send the event to every address in HUB_ALERTS."""
    addresses = environment(folder()).get("HUB_ALERTS", "").split()
    if not addresses or event.kind in TOLD:
        return
    try:
        import apprise  # a fifth of a second, and only those who want alerts have it
    except ImportError:
        log.warning("HUB_ALERTS is set, but Apprise is missing; run: pip install 'hub[alerts]'")
        return
    people = apprise.Apprise()
    with silent("apprise"):  # it logs an address it cannot read in full, password and all
        wrong = [number for number, address in enumerate(addresses, 1) if not people.add(address)]
    if wrong:
        log.warning("HUB_ALERTS: Apprise cannot read address number %s", ", ".join(map(str, wrong)))
    if len(people) and not people.notify(title=title(event), body=event.text, notify_type=urgency(event)):
        log.warning("HUB_ALERTS: an alert was not delivered to all addresses (%s)", event.kind)


def folder() -> Path:
    """The project's folder, whose `.env` counts; the present one where there is no project."""
    try:
        return find().parent
    except ConfigError:
        return Path.cwd()


@contextmanager
def silent(name: str) -> Iterator[None]:
    """Keep a logger quiet for the length of a block."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def title(event: Event) -> str:
    """What it is about, in a few words."""
    place = "/".join(part for part in (event.connection, event.stream) if part)
    return f"hub: {event.kind}" + (f" ({place})" if place else "")


def urgency(event: Event) -> str:
    """Apprise's word for how bad it is: what failed wants somebody now, all else can wait."""
    if any(word in event.kind for word in ("failed", "stopped", "crashed")):
        return "failure"
    return "warning" if any(word in event.kind for word in ("finding", "quarantine", "refused", "dead")) else "info"
