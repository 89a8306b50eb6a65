"""The plugins that ship, each rule with what it must not do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hub.plugin import Derived, Golden
from hub.plugin.registry import load

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"


class Others:
    """Golden records a rule may look up."""

    def __init__(self, *golden: Golden) -> None:
        self.golden = golden

    def get(self, id: str) -> Golden | None:
        return next((g for g in self.golden if g.id == id), None)

    def list(self, model: str, **fields: Any) -> Sequence[Golden]:
        def has(g: Golden, name: str, value: Any) -> bool:
            kinds = [v for path, v in g.values.items() if path == name or path.startswith(f"{name}.")]
            return value in kinds

        return [g for g in self.golden if g.model == model and all(has(g, n, v) for n, v in fields.items())]

    def today(self) -> date:
        return date(2026, 6, 1)

    def referring(self, id: str, model: str) -> Sequence[Golden]:
        return [g for g in self.golden if g.model == model and id in g.values.values()]


@pytest.fixture(scope="module")
def derive() -> Any:
    hook = load(PLUGINS, entry_points=False).hook.derive

    def of(golden: Golden, *others: Golden) -> list[Derived]:
        given = hook(golden=golden, look=Others(golden, *others))
        return [one for some in given for one in some or ()]

    return of


def test_every_plugin_loads() -> None:
    names = {p.name for p in load(PLUGINS, entry_points=False).plugins if p.file}
    assert names >= {f"plugins/{n}.py" for n in ("won_deals", "balances", "settlement", "filing", "apprise_alerts")}


LINES = [{"sku": "A", "quantity": "2", "unit_price": "5", "amount": [1000, "EUR"]}]
WON = {
    "stage": "won",
    "customer": "c1",
    "lines": LINES,
    "amount": [1000, "EUR"],
    "name": "Pumps",
    "closed_on": "2026-03-01",
}


def test_a_won_deal_becomes_an_order(derive: Any) -> None:
    (order,) = derive(Golden("d1", "deal", WON))
    assert (order.model, order.of) == ("order", None)
    assert order.values["lines"] == [{"sku": "A", "quantity": "2", "unit_price": "5"}]
    assert order.values | {"lines": None} == {
        "deal": "d1", "customer": "c1", "description": "Pumps", "lines": None, "state": "confirmed",
        "currency": "EUR", "ordered_on": "2026-03-01",
    }  # fmt: skip


@pytest.mark.parametrize("lacks", [{"stage": "proposal"}, {"customer": None}, {"lines": []}])
def test_no_order_before_it_is_won_and_known_what_and_for_whom(derive: Any, lacks: dict[str, Any]) -> None:
    assert derive(Golden("d1", "deal", WON | lacks)) == []


def test_the_order_number_comes_back_to_the_deal(derive: Any) -> None:
    (back,) = derive(Golden("o1", "order", {"deal": "d1", "number": "SO-7"}))
    assert (back.model, back.of, back.values) == ("deal", "d1", {"order_number": "SO-7"})
    assert derive(Golden("o1", "order", {"deal": "d1"})) == []


def invoice(id: str, **values: Any) -> Golden:
    return Golden(id, "invoice", {"customer": "c1", "number": id, "state": "open"} | values)


def test_balances_add_up_by_currency_and_credit_notes_count_against(derive: Any) -> None:
    (balance,) = derive(
        Golden("c1", "customer", {"name": "A"}),
        invoice("I1", total=[1000, "EUR"], open=[400, "EUR"], due_on="2001-01-01", issued_on="2001-01-01"),
        invoice("I2", total=[500, "EUR"], issued_on="2002-01-01", due_on="2999-01-01"),
        invoice("I3", total=[300, "EUR"], kind="credit_note", due_on="2999-01-01"),
        invoice("I4", total=[70, "JPY"], state="paid"),
        invoice("I5", total=[9999, "EUR"], state="draft"),
        Golden("p1", "payment", {"customer": "c1", "state": "succeeded", "paid_on": "2001-02-03"}),
        Golden("p2", "payment", {"customer": "c1", "state": "failed", "paid_on": "2001-09-09"}),
        Golden(
            "p3", "payment", {"customer": "c1", "state": "succeeded", "paid_on": "2001-09-09", "amount": [-5, "EUR"]}
        ),
        Golden("p4", "payment", {"customer": "c1", "state": "succeeded", "paid_on": "2001-09-09", "kind": "write_off"}),
    )
    assert balance.of == "c1"
    values = balance.values
    assert values["balance.eur"] == [600, "EUR"]
    assert values["overdue.eur"] == [400, "EUR"]
    assert values["balance.jpy"] == [0, "JPY"]
    assert (values["last_invoice"], values["payment_state"]) == ("I2", "overdue")
    assert values["last_payment_on"] == "2001-02-03"


def test_a_credit_note_with_a_negative_total_counts_once(derive: Any) -> None:
    (balance,) = derive(
        Golden("c1", "customer", {}),
        invoice("I1", total=[1000, "EUR"]),
        invoice("C1", total=[-300, "EUR"], kind="credit_note"),
    )
    assert balance.values["balance.eur"] == [700, "EUR"]


def test_a_customer_never_billed_has_no_balance(derive: Any) -> None:
    assert derive(Golden("c1", "customer", {"name": "A"})) == []


PAID = Golden("p1", "payment", {"reference": "I1", "amount": [1000, "EUR"], "state": "succeeded"})


@pytest.mark.parametrize("bank", [{"identifiers.bank": "k1"}, {"account": "DE02"}])
def test_an_entry_of_a_bank_account_is_left_to_reconciliation(derive: Any, bank: dict[str, Any]) -> None:
    bill = invoice("I1", total=[1000, "EUR"])
    assert derive(Golden("p1", "payment", PAID.values | bank), bill) == []


def test_a_payment_that_names_an_open_invoice_is_for_it(derive: Any) -> None:
    bill = invoice("I1", total=[1000, "EUR"])
    for cause, other in ((PAID, bill), (bill, PAID)):
        (settled,) = derive(cause, other)
        assert (settled.model, settled.of) == ("payment", "p1")
        assert settled.values == {
            "invoice": "I1", "customer": "c1", "allocations": [{"invoice": "I1", "amount": [1000, "EUR"]}],
        }  # fmt: skip


@pytest.mark.parametrize(
    "bill",
    [
        {"total": [999, "EUR"]},  # more money than the invoice asks
        {"total": [1000, "USD"]},
        {"total": [1000, "EUR"], "state": "paid"},
        {"total": [1000, "EUR"], "number": "I10"},
        {"total": None},
    ],
)
def test_what_is_less_than_certain_is_left_to_reconciliation(derive: Any, bill: dict[str, Any]) -> None:
    assert derive(PAID, invoice("I1", **bill)) == []


@pytest.mark.parametrize("changed", [{"state": "pending"}, {"invoice": "other"}, {"amount": None}])
def test_a_payment_not_ready_is_for_nothing(derive: Any, changed: dict[str, Any]) -> None:
    assert derive(Golden("p1", "payment", PAID.values | changed), invoice("I1", total=[1000, "EUR"])) == []


CUSTOMER = Golden("c1", "customer", {"domain": "acme.example", "emails.main": "info@acme.example"})
CONTACT = Golden("k1", "contact", {"emails.main": "zoe@private.example", "customer": "c1"})


@pytest.mark.parametrize(
    ("mail", "filed"),
    [
        ({"sender": "info@acme.example"}, {"customer": "c1"}),
        ({"sender": "New.Person@ACME.example"}, {"customer": "c1"}),
        ({"sender": "zoe@private.example"}, {"customer": "c1", "contact": "k1"}),
        ({"direction": "out", "recipients": ["info@acme.example"]}, {"customer": "c1"}),
        ({"sender": "someone@else.example", "thread": "t1"}, {"customer": "c1"}),
        ({"sender": "someone@else.example"}, None),
        ({}, None),
    ],
)
def test_a_mail_is_filed_by_address_domain_or_thread(derive: Any, mail: dict[str, Any], filed: Any) -> None:
    earlier = Golden("m0", "message", {"thread": "t1", "customer": "c1"})
    found = [d.values for d in derive(Golden("m1", "message", mail), CUSTOMER, CONTACT, earlier)]
    assert found == ([filed] if filed else [])


def test_a_domain_two_customers_share_files_nothing(derive: Any) -> None:
    twin = Golden("c2", "customer", {"domain": "acme.example"})
    assert derive(Golden("m1", "message", {"sender": "x@acme.example"}), CUSTOMER, twin) == []


def test_the_demos_answer_never_answers_an_answer() -> None:
    from hub.demo import acknowledge

    mail = {"direction": "in", "sender": "zoe@acme.example", "customer": "c1", "message_id": "a@b", "subject": "Hi"}

    def answers(module: ModuleType, **changed: Any) -> list[Derived]:
        return list(module.derive(Golden("m1", "message", mail | changed), Others(CUSTOMER)))

    (answer,) = answers(acknowledge)
    assert answer.values["recipients"] == ["zoe@acme.example"]
    assert (answer.values["in_reply_to"], answer.values["references"]) == ("a@b", ["a@b"])
    for changed in (
        {"in_reply_to": "x@y"},
        {"direction": "out"},
        {"customer": None},
        {"sender": "noreply@acme.example"},
    ):
        assert answers(acknowledge, **changed) == []
