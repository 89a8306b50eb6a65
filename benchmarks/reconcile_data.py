"""Customers, invoices and payments for the benchmark of matching, with the truth of every payment.

Everything is drawn from a seed. What a payment is, and how it is written, is told by its kind:

    reference   the invoice's RF reference, half of them in groups of four, a third in the bank's own field
    number      the invoice's number among other words
    amount      nothing but the payer, by account or by name, and the exact amount
    group       nothing but the payer, and the sum of two to four invoices
    part        a reference with less than is open, then the rest and something over
    hostile     strangers, numbers inside other words, slips in references, names that are nearly a customer's,
                and customers who pay some amount on account
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from hub.finance.matching import Customer, Document, Payment

DAY = date(2026, 6, 1)
SHARES = {"reference": 0.60, "number": 0.15, "amount": 0.10, "group": 0.05, "part": 0.05, "hostile": 0.05}
SOUNDS = "ba do fe gi hu jo ka le mi no pu ra so ti vu wa xe yo zi bran stel grim hold kern lund mark nord pfan"
SYLLABLES = SOUNDS.split()
FORMS = ("GmbH", "AG", "Ltd", "A/S", "SARL", "B.V.", "")
TALK = ("Rechnung", "invoice", "vom 03.05.2026", "thank you", "Kundennr. 4711", "EUR", "our order 88-1", "SEPA", "Mai")


@dataclass(slots=True)
class Data:
    """What is given to matching, and what is true: payment -> kind, and document -> amount settled by it."""

    customers: list[Customer] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    truth: dict[str, dict[str, int]] = field(default_factory=dict)


def rf(number: int) -> str:
    """An RF reference for a number."""
    return f"RF{98 - (number * 1_000_000 + 271_500) % 97:02}{number}"  # R is 27, F is 15, then 00


def make(count: int, seed: int = 1) -> Data:
    """Draw so many payments and invoices, and a tenth as many customers."""
    dice = random.Random(seed)
    data = Data()
    owners = count // 10
    for number in range(owners):
        words = " ".join("".join(dice.choices(SYLLABLES, k=dice.randint(2, 4))).title() for _ in range(2))
        iban = f"DE{dice.randint(10, 99)}{dice.randint(10**17, 10**18 - 1)}"
        data.customers.append(Customer(f"C{number}", f"{words} {dice.choice(FORMS)}".strip(), (iban,)))
    for number in range(count):
        issued = DAY - timedelta(dice.randint(5, 60))
        data.documents.append(
            Document(
                f"D{number}",
                f"C{number % owners}",
                "EUR",
                dice.randint(500, 900_000),
                number=f"INV-2026-{number:07}",
                reference=rf(26_000_000 + number),
                issued=issued,
                due=issued + timedelta(30),
            )
        )
    Draw(data, dice, count).all()
    dice.shuffle(data.payments)
    return data


class Draw:
    """Draws payments; every invoice is meant by the payments of one kind at most."""

    def __init__(self, data: Data, dice: random.Random, count: int) -> None:
        self.data, self.dice, self.count = data, dice, count
        self.unpaid: list[list[Document]] = [[] for _ in data.customers]
        for document in data.documents:
            self.unpaid[int(document.customer[1:])].append(document)
        for documents in self.unpaid:
            dice.shuffle(documents)

    def all(self) -> None:
        """All kinds in turn: groups first, since they need several invoices of one customer."""
        for kind in ("group", "amount", "part", "number", "reference", "hostile"):
            wanted = round(self.count * SHARES[kind])
            draw = getattr(self, kind)
            while wanted > 0:
                wanted -= draw()

    def one(self, several: int = 1) -> list[Document]:
        """Invoices of one customer that no payment means yet."""
        while True:
            documents = self.unpaid[self.dice.randrange(len(self.unpaid))]
            if len(documents) >= several:
                return [documents.pop() for _ in range(several)]

    def pay(self, kind: str, amount: int, truth: dict[str, int], **told: str | None) -> int:
        """Add a payment."""
        id = f"P{len(self.data.payments)}"
        day = DAY + timedelta(len(self.data.payments) % 20)
        self.data.payments.append(
            Payment(id, amount, "EUR", day, day, bank_entry_ref=f"E{id}", bank_account="ACC", **told)  # type: ignore[arg-type]
        )
        self.data.kinds[id] = kind
        self.data.truth[id] = truth
        return 1

    def payer(self, document: Document, *, sure: bool = False) -> dict[str, str | None]:
        """The payer by account, or by the name alone, as a bank writes it."""
        customer = self.data.customers[int(document.customer[1:])]
        if sure or self.dice.random() < 0.7:
            return {"debtor_iban": customer.ibans[0], "debtor_name": customer.name.upper()}
        return {"debtor_name": customer.name.upper().replace("GMBH", "").strip()}

    def talk(self, *words: str) -> str:
        """Words among others."""
        return " ".join([*self.dice.sample(TALK, self.dice.randint(0, 3)), *words, *self.dice.sample(TALK, 1)])

    def reference(self) -> int:
        """A clean reference."""
        (document,) = self.one()
        reference = document.reference or ""
        truth = {document.id: document.open}
        written = self.dice.random()
        if written < 0.33:
            return self.pay("reference", document.open, truth, structured_reference=reference)
        if written < 0.66:
            reference = " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
        payer = self.payer(document) if self.dice.random() < 0.5 else {}
        return self.pay("reference", document.open, truth, text=self.talk(reference), **payer)

    def number(self) -> int:
        """A number among other words."""
        (document,) = self.one()
        number = document.number or ""
        return self.pay(
            "number", document.open, {document.id: document.open}, text=self.talk(number), **self.payer(document)
        )

    def amount(self) -> int:
        """The payer and the amount."""
        (document,) = self.one()
        return self.pay("amount", document.open, {document.id: document.open}, text=self.talk(), **self.payer(document))

    def group(self) -> int:
        """The payer and a sum."""
        documents = self.one(self.dice.choices((2, 3, 4), (70, 20, 10))[0])
        truth = {one.id: one.open for one in documents}
        return self.pay("group", sum(truth.values()), truth, text=self.talk(), **self.payer(documents[0], sure=True))

    def part(self) -> int:
        """A part, then the rest and at times something over."""
        (document,) = self.one()
        first = self.dice.randint(1, document.open - 1)
        rest, over = document.open - first, self.dice.choice((0, 0, self.dice.randint(1, 5_000)))
        reference = document.reference or ""
        self.pay("part", first, {document.id: first}, text=self.talk(reference))
        return 1 + self.pay("part", rest + over, {document.id: rest}, text=self.talk(reference))

    def hostile(self) -> int:
        """What must not be applied."""
        document = self.data.documents[self.dice.randrange(self.count)]
        return next(self._hostile(document, self.dice.randrange(6)))

    def _hostile(self, document: Document, way: int) -> Iterator[int]:
        amount, stranger = document.open, {"debtor_iban": f"XX{self.dice.randint(10**9, 10**10)}"}
        if way == 0:
            yield self.pay("hostile", amount, {}, text=self.talk(), **stranger)
        elif way == 1:
            number = document.number or ""
            inside = self.dice.choice((f"X{number}", f"{number}9", f"{number}-A", number[4:], number.replace("-", "")))
            yield self.pay("hostile", amount, {}, text=self.talk(inside), **stranger)
        elif way == 2:
            right = document.reference or ""
            place = self.dice.randrange(2, len(right))
            wrong = self.dice.choice(string.digits.replace(right[place], ""))
            slip = right[:place] + wrong + right[place + 1 :]
            yield self.pay("hostile", amount, {}, text=self.talk(slip), structured_reference=slip)
        elif way == 3:
            name = self.data.customers[int(document.customer[1:])].name
            letters = list(name)
            for place in self.dice.sample(range(len(name)), 5):  # less than 0.90 alike: no name has 50 letters
                letters[place] = "q"
            yield self.pay("hostile", amount, {}, text=self.talk(), debtor_name="".join(letters))
        elif way == 4:
            other = rf(99_000_000 + self.dice.randrange(10**6))  # right, but nobody's
            yield self.pay("hostile", amount, {}, text=self.talk(other), **stranger)
        else:
            yield self.pay("hostile", 7 + amount // 3, {}, text=self.talk("a conto"), **self.payer(document, sure=True))
