"""Every case of the scenario files comes out as derived by hand, whatever the order of what is given."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from hub.cli.app import app, run
from hub.finance.scenario import Case, answer, read

HERE = Path(__file__).parent / "scenarios"
FILES = sorted(HERE.glob("*.yaml"))
CASES = [pytest.param(case, id=f"{file.stem}:{case.id}") for file in FILES for case in read(file)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_command_answers_as_expected(file: Path) -> None:
    done = CliRunner().invoke(app, ["reconcile", "--scenario", str(file), "--json"])
    assert done.exit_code == 0, done.output
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    cases = [case for case in read(file) if isinstance(case, Case)]
    assert answers == [{"id": case.id, **case.expected} for case in cases]


@pytest.mark.parametrize("case", CASES)
def test_the_order_of_the_file_does_not_matter(case: Case) -> None:
    from dataclasses import replace

    first = json.dumps(answer(case))
    for seed in range(5):
        shuffled = random.Random(seed)
        mixed = replace(
            case,
            customers=tuple(shuffled.sample(case.customers, len(case.customers))),
            documents=tuple(shuffled.sample(case.documents, len(case.documents))),
            payments=tuple(shuffled.sample(case.payments, len(case.payments))),
        )
        assert json.dumps(answer(mixed)) == first


def test_a_case_is_shown_to_people() -> None:
    done = CliRunner().invoke(app, ["reconcile", "--scenario", str(HERE / "customers.yaml")])
    assert done.exit_code == 0, done.output
    assert "ambiguous_group" in done.stdout
    assert "A + B; C + D; A + D + E" in done.stdout


GOOD: dict[str, Any] = {
    "customers": [{"id": "C1", "name": "Kontor Weber"}],
    "documents": [{"id": "A", "customer": "C1", "currency": "EUR", "open": "10.00"}],
    "payments": [{"id": "P1", "amount": "10.00", "currency": "EUR", "booking_date": "2026-05-04", "text": "A"}],
}


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        (
            "policy.short_tolerence",
            "0.05",
            'case X: policy.short_tolerence: unknown key (did you mean "short_tolerance"?)',
        ),
        ("policy.short_tolerance", "a bit", 'case X: policy.short_tolerance: "a bit" is no number'),
        (
            "policy.many_to_many",
            "fifo",
            'case X: policy.many_to_many: must be one of off, fifo_when_totals_equal, not "fifo"',
        ),
        ("policy.learned_iban_alias", {"DE1": "C9"}, 'learned_iban_alias.DE1: no customer "C9"'),
        (
            "policy.rates_eur_per_unit",
            {"2026-05-04": {"USD": "0"}},
            "policy.rates_eur_per_unit.2026-05-04.USD: a rate of 0",
        ),
        ("policy.rates_eur_per_unit", {"yesterday": {"USD": "1"}}, '"yesterday" is no day'),
        ("policy.group_max_size", "40", "policy.group_max_size: groups of 40"),
        ("policy.name_auto_apply", "always", "policy.name_auto_apply: must be off or only_if_one"),
        ("documents.0.open", "10.005", "case X.documents[0].open: 10.005 has more decimals than EUR"),
        ("documents.0.open", "1e3", 'case X.documents[0].open: "1e3" is no number'),
        ("documents.0.open", "-1.00", "case X.documents[0].open: an invoice cannot be open below 0"),
        ("documents.0.currency", "EURO", 'documents[0].currency: "EURO" is no currency'),
        ("documents.0.customer", "C7", 'documents[0].customer: no customer "C7"'),
        ("documents.0.type", "bill", 'documents[0].type: must be one of invoice, credit_note, not "bill"'),
        ("documents.0.discount", {"amount": "1.00"}, "documents[0].discount.until: is missing"),
        ("payments.0.amount", "ten", 'payments[0].amount: "ten" is no number'),
        ("payments.0.booking_date", "2026-02-30", 'payments[0].booking_date: "2026-02-30" is no day'),
        ("payments.0.iban", "DE1", "payments[0].iban: unknown key"),
        ("payments.0.payout_lines", "none", 'payments[0].payout_lines: must be a list, not "none"'),
        ("payments.0.existing_allocation", {"document": "Z"}, 'existing_allocation.document: no document "Z"'),
        (
            "payments.0.existing_allocation",
            {"document": "A", "amount": "11.00", "posted": "2026-05-04"},
            "case X: more than what is open of A is allocated to it",
        ),
        ("payments.0.action", {"type": "unmatch"}, "payments[0].action: there is no existing_allocation"),
        ("payments.0", "P1", "payments[0]: must be keys with values"),
        ("customers", "nobody", 'case X.customers: must be a list, not "nobody"'),
    ],
)
def test_a_mistake_is_told_with_file_case_and_key(
    tmp_path: Path, where: str, value: Any, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = json.loads(json.dumps({"id": "X", **GOOD, "policy": {}}))
    at: Any = bad
    *steps, last = [int(step) if step.isdigit() else step for step in where.split(".")]
    for step in steps:
        at = at[step]
    at[last] = value
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"cases": [bad, {"id": "Y", **GOOD}]}))
    assert run(["reconcile", "--scenario", str(file), "--json"]) == 2
    told = capsys.readouterr()
    assert f"mine.yaml: {says}" in told.err or (told.err.startswith("mine.yaml: case X") and says in told.err)
    assert [json.loads(line)["id"] for line in told.out.splitlines()] == ["Y"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cases: [", "no YAML"),
        ("cases: {}", "cases: must be a list of cases"),
        ("- 1", "must be keys with values"),
        ("cases: [{id: A, id: B}]", 'the key "id" stands twice'),
        ("cases: [{title: no id}]", "cases[0].id: is missing"),
        ("cases: [{id: A}, {id: A}]", "there are two cases with this id"),
        ("a: &a [x]\nb: !!python/object/apply:os.system [echo]", "no YAML"),
        ("policy_defaults: 3\ncases: []", "policy_defaults: must be keys with values"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert run(["reconcile", "--scenario", str(file), "--json"]) == 2
    assert says in capsys.readouterr().err
    assert run(["reconcile", "--scenario", str(tmp_path / "none.yaml")]) == 2
    file.write_bytes(b"cases: [\xff]")
    assert run(["reconcile", "--scenario", str(file)]) == 2
    assert "byte 8 is not UTF-8" in capsys.readouterr().err
