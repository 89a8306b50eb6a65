"""`[finance]` of hub.toml: what is read, and that each mistake is told with its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hub.config import load
from hub.errors import ConfigError

GOOD = """
[hub]
store = "sqlite:///hub.db"
[finance]
base_currency = "CHF"
short_tolerance = "0.05"
group_max_size = 3
four_eyes_over = 10000
learn_after = 2
report_to = ["finance@example.com"]
number_patterns = { "*" = "INV-[0-9]{4}" }
dunning = [{ days = 5, template = "mild" }, { days = 30 }]
[finance.post]
S1_structured_reference = "5000.00"
S2_invoice_number = true
S4_customer_group_sum = false
[finance.lines.pumps]
over_tolerance = "1"
legal_entity = "DE"
[finance.accounts."DE89 3704 0044 0532 0130 00"]
line = "pumps"
many_to_many = "fifo_when_totals_equal"
[finance.rates.2026-03-20]
USD = "0.92"
"""


def test_what_is_set_is_read_exactly(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text(GOOD)
    finance = load(tmp_path).finance
    assert finance.base_currency == "CHF"
    assert finance.policy["short_tolerance"] == Decimal("0.05")
    assert finance.policy["number_patterns"] == {"*": "INV-[0-9]{4}"}
    assert finance.post == {"S1_structured_reference": Decimal(5000), "S2_invoice_number": None}
    assert finance.lines == {"pumps": {"over_tolerance": Decimal(1), "legal_entity": "DE"}}
    account = finance.accounts["DE89370400440532013000"]
    assert (account.line, account.policy) == ("pumps", {"many_to_many": "fifo_when_totals_equal"})
    assert finance.rates == {date(2026, 3, 20): {"USD": Decimal("0.92")}}
    assert [(s.days, s.template) for s in finance.dunning] == [(5, "mild"), (30, "reminder")]
    assert (finance.learn_after, finance.four_eyes_over) == (2, Decimal(10000))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("short_tolerance = 0.05", "as text"),
        ('short_tolerance = "-1"', "as text"),
        ('short_tolerance = "NaN"', "as text"),
        ('many_to_many = "fifo"', "must be one of off"),
        ("learn_after = 0", "above 0"),
        ("tolerence = 1", "unknown key"),
        ('post = { S7_magic = "1" }', "unknown key"),
        ('number_patterns = { "*" = "(" }', "is no pattern"),
        ('rates = { "20.3.2026" = { USD = "1" } }', "must be a day"),
        ("dunning = [{ days = 9 }, { days = 9 }]", "more than those"),
        ('name_threshold = "0.2"', "between"),
    ],
)
def test_each_mistake_is_told_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "hub.toml").write_text(f'[hub]\nstore = "sqlite:///hub.db"\n[finance]\n{line}\n')
    with pytest.raises(ConfigError, match="finance") as raised:
        load(tmp_path)
    assert said in str(raised.value)


def test_without_the_section_nothing_posts_by_itself(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('[hub]\nstore = "sqlite:///hub.db"\n')
    assert load(tmp_path).finance.post == {}
