"""Laws of matching on drawn books: the order given does not matter, nothing is lost, a second run changes nothing."""

from __future__ import annotations

import os
import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.finance.matching import (
    Allocation,
    Customer,
    Decision,
    Discount,
    Document,
    Outcome,
    Payment,
    PayoutLine,
    Policy,
    Standing,
    UnbalancedError,
    match,
    prove,
)
from hub.finance.matching.groups import groups

DAY = date(2026, 5, 1)
REFERENCES = ("RF354001", "RF084002", "RF784003", "RF514004", "RF994003", None, None)
CUSTOMERS = (
    Customer("C1", "Kontor Weber GmbH", ("DE02120300000000202051",)),
    Customer("C2", "Werft Lund", ("FI2112345600000785",)),
    Customer("C3", "Werft Lunds"),
)
LAW = settings(
    max_examples=int(os.environ.get("HUB_BOOKS", "75")),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
AMOUNTS = st.sampled_from([100, 150, 200, 250, 300, 350, 500, 1000])


@st.composite
def document(draw: st.DrawFn, number: int) -> Document:
    """An invoice or a credit note that many things can be said of."""
    kind = draw(st.sampled_from(["invoice"] * 4 + ["credit_note"]))
    amount = draw(AMOUNTS)
    currency = draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"]))
    issued = DAY - timedelta(draw(st.integers(0, 30)))
    return Document(
        f"D{number}",
        draw(st.sampled_from(["C1", "C1", "C2", "C3"])),
        currency,
        -amount if kind == "credit_note" else amount,
        kind,  # type: ignore[arg-type]
        reference=draw(st.sampled_from(REFERENCES)),
        issued=issued,
        due=issued + timedelta(draw(st.sampled_from([10, 30]))),
        legal_entity=draw(st.sampled_from([None, "DE", "AT"])),
        booked_rate=Decimal("0.95") if currency == "USD" else None,
        discount=Discount(10, DAY + timedelta(3), Decimal("0.19")) if draw(st.integers(0, 3)) == 0 else None,
    )


@st.composite
def payment(draw: st.DrawFn, number: int, documents: int) -> Payment:
    """A movement with whatever a bank may tell of it."""
    words = st.sampled_from(["", "RF354001", "RF084002", "RF994003", "D1", "D2, D3", "D4;D1 RF784003", "thanks", "D99"])
    lines = draw(st.sampled_from([0, 0, 0, 0, 0, 2]))
    payout = tuple(PayoutLine("charge", f"D{draw(st.integers(0, documents))}", 100, 5) for _ in range(lines))
    amount = draw(AMOUNTS) - draw(st.sampled_from([0, 0, 0, 1, 5, 10]))
    back = draw(st.sampled_from([None] * 5 + ["E1", "E2"]))
    if back:
        amount = -amount
    elif payout:
        amount = sum(line.gross - line.fee for line in payout)
    return Payment(
        f"P{number}",
        amount,
        draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"])),
        DAY + timedelta(draw(st.integers(0, 6))),
        DAY + timedelta(draw(st.integers(0, 6))),
        bank_entry_ref=draw(st.sampled_from([f"E{number}", f"E{number}", "E1", None])),
        bank_account=draw(st.sampled_from([None, "X", "Y"])),
        debtor_name=draw(st.sampled_from([None, "KONTOR WEBER", "Werft Lund", "Nobody"])),
        debtor_iban=draw(st.sampled_from([None, "DE02120300000000202051", "FI2112345600000785", "GB1"])),
        text=draw(words),
        charges=draw(st.sampled_from([0, 0, 5])),
        return_of=back,
        payout_lines=payout,
    )


@st.composite
def book(draw: st.DrawFn) -> tuple[list[Document], list[Payment], Policy]:
    """Documents, payments and a policy."""
    documents = [draw(document(at)) for at in range(draw(st.integers(0, 9)))]
    payments = [draw(payment(at, len(documents))) for at in range(draw(st.integers(0, 9)))]
    rates = {DAY + timedelta(at): {"USD": Decimal("0.9137")} for at in range(draw(st.sampled_from([0, 4, 8])))}
    policy = Policy(
        rates=rates,
        short_tolerance=Decimal(draw(st.sampled_from(["0", "0.05"]))),
        over_tolerance=Decimal(draw(st.sampled_from(["0", "0.05"]))),
        listed_order_allocation=draw(st.booleans()),
        partial_with_reference=draw(st.sampled_from(["apply", "review"])),  # type: ignore[arg-type]
        overpayment_spill=draw(st.booleans()),
        many_to_many=draw(st.sampled_from(["off", "fifo_when_totals_equal"])),  # type: ignore[arg-type]
        same_customer_same_amount=draw(st.sampled_from(["review", "oldest_due"])),  # type: ignore[arg-type]
        legal_entity_of_bank_account=draw(st.sampled_from([{}, {"X": "DE", "Y": "AT"}])),
        learned_iban_alias=draw(st.sampled_from([{}, {"GB1": "C2"}])),
        locked_through=draw(st.sampled_from([None, DAY + timedelta(2)])),
    )
    return documents, payments, policy


@LAW
@given(book(), st.integers())
def test_the_order_given_does_not_matter(drawn: tuple[list[Document], list[Payment], Policy], seed: int) -> None:
    documents, payments, policy = drawn
    first = repr(match(CUSTOMERS, documents, payments, policy))
    shuffled = random.Random(seed)
    shuffled.shuffle(documents)
    shuffled.shuffle(payments)
    assert repr(match(CUSTOMERS[::-1], documents, payments, policy)) == first


@LAW
@given(book())
def test_not_a_cent_is_made_or_lost(drawn: tuple[list[Document], list[Payment], Policy]) -> None:
    documents, payments, policy = drawn
    outcome = match(CUSTOMERS, documents, payments, policy)
    before = {one.id: one for one in documents}
    prove(before, payments, outcome)
    live = [one for one in outcome.decisions if one.status not in ("review", "duplicate_ignored")]
    taken_in = sum(one.amount for one in payments if one.id in {decision.payment for decision in live})
    kept = sum(one.unapplied + one.fee for one in live)
    assert taken_in == kept + sum(part.payment_amount for one in live for part in one.allocations)
    for decision in outcome.decisions:
        for part in decision.allocations:
            assert part.stage
            assert part.rule
            assert part.version >= 1


@LAW
@given(book())
def test_a_run_on_the_result_changes_nothing(drawn: tuple[list[Document], list[Payment], Policy]) -> None:
    documents, payments, policy = drawn
    outcome = match(CUSTOMERS, documents, payments, policy)
    again, left = result(documents, payments, outcome)
    second = match(CUSTOMERS, again, left, policy)
    assert [one.open for one in second.documents] == [one.open for one in outcome.documents]
    assert not second.adjustments
    assert not second.exchanges
    standing = {one.id for one in left if one.standing}
    was = {one.payment: one for one in outcome.decisions}
    for decision in second.decisions:
        if decision.payment not in standing:
            before = was[decision.payment]
            assert (decision.status, decision.allocations) == (before.status, before.allocations), decision


def result(
    documents: list[Document], payments: list[Payment], outcome: Outcome
) -> tuple[list[Document], list[Payment]]:
    """What a run leaves for the next: documents less adjustments, payments with what stands.

    What was undone is gone, and with it the returns and repeated entries that speak of it.
    """
    adjusted: dict[str, int] = {}
    for one in outcome.adjustments:
        adjusted[one.document] = adjusted.get(one.document, 0) + one.amount
    gone = {
        one.payment
        for one in outcome.decisions
        if one.reversed_by
        or one.stage in ("S0_return", "S0_dedupe")
        or one.reason == "entry_reference_reused"  # of an entry that may be gone itself
    }
    part_back = {one.payment for one in outcome.decisions if one.stage == "S0_return" and one.allocations}
    of = {one.payment: one for one in outcome.decisions}
    changed: dict[str, int] = {}
    left = []
    for payment in payments:
        decision = of[payment.id]
        settled = decision.status in ("applied", "partially_applied")
        if payment.id in gone or (settled and part_back) or payment.return_of:
            for part in decision.allocations:
                changed[part.document] = changed.get(part.document, 0) + part.amount
        elif settled:
            left.append(replace(payment, standing=stand(decision), payout_lines=(), return_of=None))
        else:
            left.append(payment)
    after = [replace(one, open=one.open - adjusted.get(one.id, 0) - changed.get(one.id, 0)) for one in documents]
    return after, left


def stand(decision: Decision) -> tuple[Standing, ...]:
    """The allocations of a decision as the next run is given them."""

    def one(part: Allocation) -> Standing:
        return Standing(part.document, part.amount, DAY + timedelta(10), part.payment_amount, part.stage)

    return tuple(map(one, decision.allocations))


@given(st.lists(st.integers(-5, 9), max_size=9), st.integers(0, 25), st.integers(2, 5), st.integers(1, 8))
def test_groups_are_those_that_trying_all_finds(amounts: list[int], total: int, most: int, limit: int) -> None:
    tried = [
        group
        for size in range(2, most + 1)
        for group in combinations(range(len(amounts)), size)
        if sum(amounts[at] for at in group) == total
    ]
    assert groups(amounts, total, most, limit) == tried[:limit]


def test_more_open_documents_than_the_bound_are_never_settled_by_a_sum() -> None:
    documents = [Document(f"D{at}", "C1", "EUR", 3**at) for at in range(26)]
    paid = Payment("P", 3**2 + 3**7, "EUR", DAY, DAY, debtor_iban=CUSTOMERS[0].ibans[0])
    decision = match(CUSTOMERS, documents, [paid]).decisions[0]
    assert (decision.status, decision.reason) == ("review", "too_many_open_documents")
    assert decision.candidates == (("D2", "D7"),)
    decision = match(CUSTOMERS, documents[:25], [paid]).decisions[0]
    assert (decision.status, decision.stage) == ("applied", "S4_customer_group_sum")


def test_every_allocation_says_why_and_what_was_not_taken() -> None:
    documents = [
        Document("D1", "C1", "EUR", 500, reference="RF354001"),
        Document("D2", "C1", "EUR", 700),
        Document("D3", "C2", "EUR", 900),
    ]
    iban = CUSTOMERS[0].ibans[0]
    payments = [
        Payment("P1", 500, "EUR", DAY, DAY, text="RF35 4001 and D3, not RF36 4001"),
        Payment("P2", 700, "EUR", DAY, DAY, debtor_iban=iban),
    ]
    first, second = match(CUSTOMERS, documents, payments).decisions
    assert (first.allocations[0].rule, first.allocations[0].inputs) == (
        "structured_reference",
        (("reference", "RF354001"),),
    )
    assert {rejected.why for rejected in first.rejected} == {
        "RF364001: its checksum is wrong",
        "a valid reference names another customer",
    }
    assert second.allocations[0].inputs == (("customer", "C1"), ("known by", "iban"))
    assert second.allocations[0].version == 1


def test_a_policy_may_be_an_accounts_own() -> None:
    documents = [Document("D1", "C1", "EUR", 500), Document("D2", "C1", "EUR", 500)]
    payments = [
        Payment("P1", 495, "EUR", DAY, DAY, bank_account="X", text="D1"),
        Payment("P2", 495, "EUR", DAY, DAY, bank_account="Y", text="D2"),
    ]
    outcome = match(CUSTOMERS, documents, payments, Policy(), {"X": Policy(short_tolerance=Decimal("0.05"))})
    assert [one.open for one in outcome.documents] == [0, 5]


def test_returns_that_wait_for_each_other_are_left_to_a_person() -> None:
    payments = [
        Payment("P1", -5, "EUR", DAY, DAY, bank_entry_ref="A", return_of="B"),
        Payment("P2", -5, "EUR", DAY, DAY, bank_entry_ref="B", return_of="A"),
    ]
    assert {one.status for one in match((), (), payments).decisions} == {"review"}


def test_ids_are_unique_and_what_stands_is_known() -> None:
    one = Document("D", "C1", "EUR", 100)
    paid = Payment("P", 100, "EUR", DAY, DAY)
    with pytest.raises(ValueError, match="two documents have the id D"):
        match((), [one, one], [])
    with pytest.raises(ValueError, match="two payments have the id P"):
        match((), [], [paid, paid])
    with pytest.raises(ValueError, match="allocated to Z, which is not given"):
        match((), [one], [replace(paid, standing=(Standing("Z", 100, DAY),))])
    with pytest.raises(ValueError, match="more than what is open"):
        match((), [one], [replace(paid, amount=200, standing=(Standing("D", 200, DAY),))])


def test_the_proof_can_fail() -> None:
    documents = {"D": Document("D", "C1", "EUR", 100)}
    payments = [Payment("P", 100, "EUR", DAY, DAY, text="D")]
    outcome = match((), documents.values(), payments)
    decision = outcome.decisions[0]
    wrong = [
        replace(outcome, decisions=(replace(decision, unapplied=1),)),
        replace(outcome, decisions=(replace(decision, status="review"),)),
        replace(outcome, decisions=()),
        replace(outcome, documents=(replace(outcome.documents[0], open=1),)),
    ]
    for one in wrong:
        with pytest.raises(UnbalancedError):
            prove(documents, payments, one)
