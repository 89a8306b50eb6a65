"""What a notice says to one person: the template of their language, their contracts and when each ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hub.closure.papers import asked, lines, sender, stated
from hub.closure.plan import Notice, Plan
from hub.errors import ConfigError
from hub.paper import Document, Paragraph
from hub.paper.pdf import pdf

SHIPPED = Path(__file__).parent / "templates" / "notices"
MONTHS = {"month": 1, "quarter": 3, "year": 12}
CONTRACT = {
    "en": "Your contract {number} ends on {day}.",
    "de": "Ihr Vertrag {number} endet am {day}.",
}
HEAD = {"en": ("From", "To", "Date", "Questions to"), "de": ("Von", "An", "Datum", "Fragen an")}


@dataclass(slots=True)
class Recipient:
    """Somebody who gets a notice: one address, whoever shares it."""

    golden_id: str
    name: str
    address: str
    language: str
    postal: tuple[str, ...] = ()
    contracts: list[Mapping[str, Any]] = field(default_factory=list)


def called(values: Mapping[str, Any]) -> str:
    """What a customer or a contact is called, empty where nothing is known."""
    names = " ".join(str(values[p]) for p in ("first_name", "last_name") if values.get(p))
    return str(values.get("name") or names)


def postal(values: Mapping[str, Any], kinds: Sequence[str] = ("legal", "main", "billing")) -> tuple[str, ...]:
    """A customer's postal address, a line each: the first of these kinds that has a street and a city, else nothing."""
    for kind in kinds:
        part = {n: values.get(f"addresses.{kind}.{n}") for n in ("street", "extra", "postal_code", "city", "country")}
        if part["street"] and part["city"]:
            place = " ".join(str(x) for x in (part["postal_code"], part["city"]) if x)
            return tuple(str(x) for x in (part["street"], part["extra"], place, part["country"]) if x)
    return ()


def takes_effect(contract: Mapping[str, Any], told_on: date, days: int) -> date:
    """The day on which a contract ends when notice is given on a day.

    The notice period is the contract's own, else `days`. One that renews itself ends with the first of its periods
    that the notice still reaches; one that does not ends with its term, or after the notice where it has none.
    """
    period = contract.get("notice_days")
    earliest = told_on + timedelta(days=int(period) if period is not None else days)
    term = contract.get("end_on")
    if not term:
        return earliest
    end = date.fromisoformat(str(term)[:10])
    step = MONTHS.get(str(contract.get("period")), 12)
    if contract.get("renewal") != "automatic":
        return max(end, told_on)
    first, count = end, 0
    while end < earliest:
        count += 1
        end = months_later(first, step * count)
    return end


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def letter(plan: Plan, notice: Notice, to: Recipient, told_on: date, own: Path) -> tuple[str, str, date | None]:
    """Subject, text, and the day on which the last of the person's contracts ends."""
    template, language = text_of(notice.template, to.language, own)
    ends = [(c, takes_effect(c, told_on, notice.days)) for c in to.contracts]
    words = CONTRACT.get(language, CONTRACT["en"])
    told = "\n".join(words.format(number=c.get("number") or "", day=day.isoformat()) for c, day in ends)
    subject, _, body = template.partition("\n")
    values = {
        "name": to.name, "line": plan.line, "line_title": plan.line, "entity": plan.entity or plan.owner,
        "owner": plan.owner, "contact": asked(plan), "sender": "\n".join(dict.fromkeys((*sender(plan), asked(plan)))),
        "target_on": plan.target_on.isoformat(), "contracts": told and f"\n{told}\n", "reason": plan.reason,
    }  # fmt: skip
    try:
        filled = body.strip("\n").format(**values)
        title = subject.removeprefix("Subject:").strip().format(**values)
    except (KeyError, IndexError, ValueError) as error:
        known = ", ".join(values)
        raise ConfigError(f"notice template {notice.template}.{language}.txt: {error}; it may name: {known}") from None
    return " ".join(title.split()), filled, max((day for _, day in ends), default=None)


def text_of(template: str, language: str, own: Path) -> tuple[str, str]:
    """A template's text in a language, in English where it is not there; the project's own goes before the shipped."""
    for wanted in dict.fromkeys((language[:2].lower() or "en", "en")):
        for folder in (own, SHIPPED):
            file = folder / f"{template}.{wanted}.txt"
            if file.is_file():
                return file.read_text(encoding="utf-8"), wanted
    raise ConfigError(f"{own / template}.en.txt: no such template; write it, with a first line Subject: ...")


def paper(plan: Plan, to: Recipient, subject: str, text: str, told_on: date) -> bytes:
    """The letter as PDF."""
    by, whom, on, ask = HEAD.get(to.language[:2].lower(), HEAD["en"])
    head = stated((*lines(by, sender(plan)), *lines(whom, (to.name, *to.postal)), (on, told_on), (ask, asked(plan))))
    return pdf(Document(subject, (head, *(Paragraph(part) for part in paragraphs(text))), head=plan.entity))


def paragraphs(text: str) -> Iterable[str]:
    """The text's paragraphs."""
    return (part.strip() for part in text.split("\n\n") if part.strip())
