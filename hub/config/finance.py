"""`[finance]` of hub.toml: how payments are matched and posted: policies by business line and account, limits, tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.config import statements
from hub.config.table import Table

STAGES = (
    "S0_return", "S0_payout_detail", "S1_structured_reference", "S2_invoice_number", "S3_customer_exact_amount",
    "S4_customer_group_sum", "S5_many_to_many", "S9_unidentified",
)  # fmt: skip
AMOUNTS = ("short_tolerance", "over_tolerance")
FLAGS = ("listed_order_allocation", "overpayment_spill", "fold_names", "payout_detail_required")
NUMBERS = ("group_max_size", "group_max_items", "window_days")
CHOICES = {
    "partial_with_reference": ("apply", "review"),
    "many_to_many": ("off", "fifo_when_totals_equal"),
    "same_customer_same_amount": ("review", "oldest_due"),
    "discount_grace": ("none", "next_business_day"),
    "discount_date_basis": ("value_date", "booking_date"),
    "kid_algorithm": ("mod10", "mod11"),
}


@dataclass(frozen=True, slots=True)
class Account:
    """One of our bank accounts: its business line, legal entity and what of the policies differs for it."""

    name: str
    line: str | None = None
    legal_entity: str | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    files: statements.Account = field(default_factory=lambda: statements.Account(""))  # how the bank's files are read


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of dunning: so many days after the due date, under a template."""

    days: int
    template: str


DUNNING = (Stage(7, "reminder"), Stage(21, "second"), Stage(35, "final"))


@dataclass(frozen=True, slots=True)
class Finance:
    """How payments are matched and posted: policies by business line and account, limits, tolerances.

    `post` names the stages that post by themselves, each up to a limit in the base currency (None: any amount).
    """

    base_currency: str = "EUR"
    policy: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    rates: Mapping[date, Mapping[str, Decimal]] = field(default_factory=dict)
    post: Mapping[str, Decimal | None] = field(default_factory=dict)
    four_eyes_over: Decimal | None = None  # what a person posts above it wants another one
    learn_after: int = 3  # confirmations by people that make an account known
    dunning: tuple[Stage, ...] = DUNNING
    templates: str = "templates"  # the folder of letters, beside hub.toml
    report_to: tuple[str, ...] = ()  # who gets the summary of the morning
    sender: str | None = None  # what stands at the head of statements
    limit_mb: int = statements.LIMIT  # of a bank's file, unpacked

    @property
    def statements(self) -> statements.Statements:
        """How the banks' files are read."""
        files = {name: account.files for name, account in self.accounts.items()}
        return statements.Statements(files, self.limit_mb)


def read(table: Table) -> Finance:
    """Read the section; mistakes are noted in the table."""
    found = Finance(
        base_currency=table.text("base_currency", "EUR") or "EUR",
        policy=_policy(table),
        lines={name: _only_policy(inner) for name, inner in table.table("lines").tables()},
        accounts={name.replace(" ", ""): _account(name, inner) for name, inner in table.table("accounts").tables()},
        rates=dict(_rates(table.table("rates"))),
        post=_post(table.table("post")),
        four_eyes_over=_amount(table, "four_eyes_over"),
        learn_after=_positive(table, "learn_after", 3),
        dunning=_dunning(table),
        templates=table.text("templates", "templates") or "templates",
        report_to=table.texts("report_to"),
        sender=table.text("sender"),
        limit_mb=_positive(table, "limit_mb", statements.LIMIT),
    )
    table.done()
    return found


def _policy(table: Table) -> dict[str, Any]:
    """The keys of a policy that stand in a table; those that do not are left to the table above."""
    found: dict[str, Any] = {key: _amount(table, key) for key in AMOUNTS}
    found |= {key: table.flag(key, False) if key in table.data else None for key in FLAGS}
    found |= {key: _positive(table, key, 0) if key in table.data else None for key in NUMBERS}
    for key, choices in CHOICES.items():
        table.known.append(key)
        found[key] = table.choice(key, choices, choices[0]) if key in table.data else None
    found["name_threshold"] = _amount(table, "name_threshold")
    threshold = found["name_threshold"]
    if threshold is not None and not Decimal("0.5") <= threshold <= 1:
        table.wrong("name_threshold", 'must be between "0.5" and "1"')
    found["number_patterns"] = _patterns(table) if "number_patterns" in table.data else None
    table.known.append("number_patterns")
    return {key: value for key, value in found.items() if value is not None}


def _only_policy(table: Table) -> dict[str, Any]:
    found = _policy(table)
    entity = table.text("legal_entity")
    table.done()
    return found | ({"legal_entity": entity} if entity else {})


def _patterns(table: Table) -> dict[str, str]:
    import re

    inner = table.table("number_patterns")
    found = {}
    for name in inner.data:
        pattern = inner.text(name) or ""
        try:
            re.compile(pattern)
            found[name] = pattern
        except re.error as error:
            inner.wrong(name, f"is no pattern: {error}")
    return found


def _account(name: str, table: Table) -> Account:
    made = Account(
        name, table.text("line"), table.text("legal_entity"), _policy(table), statements.account(name, table)
    )
    table.done()
    return made


def _post(table: Table) -> dict[str, Decimal | None]:
    found: dict[str, Decimal | None] = {}
    for stage in STAGES:
        table.known.append(stage)
        value = table.data.get(stage)
        if value is True:
            found[stage] = None
        elif value not in (None, False):
            limit = _amount(table, stage)
            if limit is not None:
                found[stage] = limit
    table.done()
    return found


def _rates(table: Table) -> Any:
    for day, inner in table.tables():
        try:
            on = date.fromisoformat(day)
        except ValueError:
            inner.wrong(None, "must be a day such as 2026-03-31")
            continue
        yield on, {code: rate for code in inner.data if (rate := _amount(inner, code)) is not None}


def _dunning(table: Table) -> tuple[Stage, ...]:
    table.known.append("dunning")
    if "dunning" not in table.data:
        return DUNNING
    found: list[Stage] = []
    for number, row in enumerate(table.get("dunning", list, [])):
        inner = Table(row if isinstance(row, dict) else {}, (*table.path, "dunning", number), table.mistakes)
        stage = Stage(_positive(inner, "days", 0), inner.text("template") or "reminder")
        inner.done()
        if found and stage.days <= found[-1].days:
            inner.wrong("days", "must be more than those of the stage before")
        found.append(stage)
    return tuple(found)


def _amount(table: Table, key: str) -> Decimal | None:
    """An amount: a text such as "0.05" or a whole number, never a float, which is not exact."""
    table.known.append(key)
    if key not in table.data:
        return None
    value = table.data[key]
    if isinstance(value, bool) or not isinstance(value, str | int):
        table.wrong(key, 'must be an amount as text, such as "0.05"')
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0:
        table.wrong(key, 'must be an amount as text, such as "0.05"')
        return None
    return found


def _positive(table: Table, key: str, default: int) -> int:
    value = int(table.get(key, int, default))
    if value < 0 or (key == "learn_after" and value < 1):
        table.wrong(key, "must be a number above 0")
    return value
