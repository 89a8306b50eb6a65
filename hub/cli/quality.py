"""`hub quality`: how good the data is, how that moved, and the records behind each number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.golden import known
from hub.cli.output import Json, rows, say
from hub.cli.session import session
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.quality.checks import Book
    from hub.quality.scorecard import Score
    from hub.quality.scorecard_read import Reader
    from hub.quality.scorecard_store import Key
    from hub.sync import Hub

SHOWN = 50  # records a person is shown without --limit
Model = Annotated[str | None, typer.Option(help="Only of this model: customer, invoice, ...")]


def quality(
    context: typer.Context,
    model: Model = None,
    line: Annotated[str | None, typer.Option(help="Only of this business line.")] = None,
    connection: Annotated[str | None, typer.Option(help="Only the records of this system, by its own values.")] = None,
    records: Annotated[
        str | None, typer.Option(metavar="CHECK", help="The records behind the number of a check, or of a measure.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="With --records: at most so many; 50 for people.")] = None,
    trend: Annotated[bool, typer.Option("--trend", help="How the measures moved over the last runs.")] = False,
    json: Json = False,
) -> None:
    """Judge all records and print a scorecard.

    Completeness, validity, uniqueness and timeliness by model, system and business line, each with how far it moved
    since the run before, and which checks found what. The exit code is 1 if there is anything invalid or twice.
    """
    if model is not None:
        known(model)
    with session(context).engine() as hub:
        if connection is not None:
            hub.project.connection(connection)
        book, reader = _reader(hub, model)
        if line is not None and (records is not None or trend):
            _line(hub, line)
        if records is not None:
            _records(book, reader, records, connection, line, limit, json=json)
        elif trend:
            _trend(hub, model, connection or "", line or "", json=json)
        else:
            _scorecard(hub, book, reader, connection, line, json=json)


def _reader(hub: Hub, model: str | None) -> tuple[Book, Reader]:
    from hub.quality.checks import Book
    from hub.quality.scorecard_read import Reader
    from hub.suggest import like

    off = hub.project.quality.off
    book = Book({**hub.registry.checks, **hub.registry.findings})
    for name in off:
        if name not in book.names():
            raise ConfigError(f'hub.toml: quality.off: no check "{name}"{like(name, book.names())}')
    book.off = frozenset(off)
    return book, Reader(hub.store, book, model, hub.project.quality.stale)


def _scorecard(hub: Hub, book: Book, reader: Reader, connection: str | None, line: str | None, *, json: bool) -> None:
    """Judge, keep the numbers, and show them."""
    from hub.quality.scorecard import count, scores
    from hub.quality.scorecard_store import before, keep, moved
    from hub.sync.clock import moment

    counted = scores(count(reader, book))
    at = keep(hub.store, counted)
    last = before(hub.store, at)
    if line is not None:
        _line(hub, line)
    chosen = [s for s in counted if connection in (None, s.connection) and line in (None, s.line)]
    if json:
        when = moment(at).isoformat()
        rows(
            ({**_row(s), "before": _before(s, last), "moved": moved(s, last), "at": when} for s in chosen),
            "quality",
            json=True,
        )
    elif not chosen:
        typer.echo("nothing to judge yet: read something with: hub sync")
    else:
        _people(chosen, last, connection, line)
    overall = [s for s in chosen if s.line == (line or "") and s.measure in ("validity", "uniqueness")]
    if any(score.good < score.total for score in overall):
        raise typer.Exit(1)


def _line(hub: Hub, line: str) -> None:
    """Raise ConfigError for a business line that neither hub.toml nor any record names."""
    from hub.quality.scorecard_store import lines
    from hub.suggest import like

    told = [one.line for one in hub.project.connections.values() if one.line]
    every = sorted({hub.project.line, *told, *lines(hub.store)})
    if line not in every:
        raise ConfigError(f'no business line "{line}"{like(line, every)}; there are: {", ".join(every)}')


def _people(
    chosen: Sequence[Score], last: dict[Key, tuple[int, int]], connection: str | None, line: str | None
) -> None:
    lines = {score.line for score in chosen if score.line}
    cards: dict[tuple[str, str, str], dict[str, Any]] = {}
    for score in chosen:
        if line is None and score.line and (len(lines) < 2 or score.connection):
            continue  # one line alone says what all do, and a system's lines are asked for by --line
        place = (score.model, score.connection, score.line)
        card = cards.setdefault(place, {"model": score.model, "system": score.connection or "all", "line": score.line})
        if score.measure == "validity":
            card["records"] = score.total
        if not score.measure.startswith("check:"):
            card[score.measure] = _percent(score, last)
    columns = ("model", "system", "line", "records", "completeness", "validity", "uniqueness", "timeliness")
    rows(cards.values(), "quality", json=False, columns=columns)
    checks = [
        {"check": s.measure[6:], "model": s.model, "system": s.connection or "all", "records": s.total - s.good, "of": s.total}
        for s in chosen
        if s.measure.startswith("check:") and s.line == (line or "") and (s.connection == (connection or ""))
    ]  # fmt: skip
    # what no golden record shows (a record in quarantine) is shown with its system
    shown = {(one["check"], one["model"]) for one in checks}
    checks += [
        {"check": s.measure[6:], "model": s.model, "system": s.connection, "records": s.total - s.good, "of": s.total}
        for s in chosen
        if s.measure.startswith("check:") and s.line == (line or "") and (s.measure[6:], s.model) not in shown
    ]  # fmt: skip
    if checks:
        typer.secho("\nwhat was found", bold=True)
        rows(
            sorted(checks, key=lambda one: -one["records"]),
            "quality",
            json=False,
            columns=("check", "model", "system", "records", "of"),
        )
        say(f"the records behind a number: hub quality --records {checks[0]['check']}")


def _trend(hub: Hub, model: str | None, connection: str, line: str, *, json: bool) -> None:
    from hub.quality.scorecard_store import trend
    from hub.sync.clock import moment

    found = trend(hub.store, model, connection, line)
    if json:
        rows(
            ({**_row(s), "before": None, "moved": None, "at": moment(at).isoformat()} for at, s in found),
            "quality",
            json=True,
        )
        return
    cards: dict[tuple[int, str], dict[str, Any]] = {}
    for at, score in found:
        card = cards.setdefault((at, score.model), {"at": moment(at), "model": score.model})
        card[score.measure] = _percent(score, {})
        if score.measure == "validity":
            card["records"] = score.total
    columns = ("at", "model", "records", "completeness", "validity", "uniqueness", "timeliness")
    rows(cards.values(), "quality", json=False, columns=columns, empty="no runs yet: hub quality")


def _records(
    book: Book, reader: Reader, check: str, connection: str | None, line: str | None, limit: int | None, *, json: bool
) -> None:
    from hub.quality.checks.fault import MEASURES
    from hub.quality.scorecard import found
    from hub.suggest import like

    names = [*book.names(), *MEASURES]
    if check not in names:
        raise ConfigError(f'no check "{check}"{like(check, names)}; there are: {", ".join(names)}')
    every = _found(found(reader, book, check, connection, line))
    most = limit if json or limit is not None else SHOWN
    columns = ("check", "model", "id", "connection", "stream", "key", "field", "value", "reason")
    shown = rows(itertools.islice(every, most), "quality --records", json=json, columns=columns, empty="none")
    if next(every, None) is not None:
        say(f"there are more than these {shown}; raise --limit")
    if shown:
        raise typer.Exit(1)


def _found(every: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for one in every:
        fault = one.fault
        yield {
            "check": fault.check, "model": one.model, "id": one.id or None, "connection": one.connection or None,
            "stream": one.stream or None, "key": one.key or None, "lines": one.lines, "field": fault.field or None,
            "value": fault.value, "reason": fault.reason,
        }  # fmt: skip


def _row(score: Score) -> dict[str, Any]:
    return {
        "model": score.model, "connection": score.connection or None, "line": score.line or None,
        "measure": score.measure, "good": score.good, "total": score.total, "share": score.share,
    }  # fmt: skip


def _before(score: Score, last: dict[Key, tuple[int, int]]) -> float | None:
    good, total = last.get((score.model, score.connection, score.line, score.measure), (0, 0))
    return good / total if total else None


def _percent(score: Score, last: dict[Key, tuple[int, int]]) -> str:
    """A share for people, rounded down, so that 100 % means all; behind it how far it moved in points."""
    from hub.quality.scorecard_store import moved

    if score.share is None:
        return ""
    tenths = 1000 * score.good // score.total
    step = moved(score, last)
    arrow = f" ({step * 100:+.1f})" if step is not None and abs(step) >= 0.0005 else ""
    return f"{tenths // 10}.{tenths % 10} %{arrow}"
