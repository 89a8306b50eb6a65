"""Which customer a payer is: by IBAN, by what people taught, or by a name that only one customer has."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from hub.finance.matching.names import Names
from hub.finance.matching.types import Customer, Payment, Policy


class Payer(Struct, frozen=True, gc=False):
    """The customer a payer is, how that is known, and who else it could be where it is not certain."""

    customer: str | None = None
    how: str = ""
    several: tuple[str, ...] = ()


NOBODY = Payer()


class Payers:
    """Customers by IBAN and by name; names are indexed when the first one is asked for."""

    def __init__(self, customers: Iterable[Customer], policy: Policy) -> None:
        self.customers = {one.id: one for one in customers}
        self.policy = policy
        self.by_iban: dict[str, set[str]] = {}
        for customer in self.customers.values():
            for iban in customer.ibans:
                self.by_iban.setdefault(plain(iban), set()).add(customer.id)
        self.aliases = {plain(iban): customer for iban, customer in policy.learned_iban_alias.items()}
        self.answers: dict[tuple[str | None, str | None], Payer] = {}
        self.names: Names | None = None

    def who(self, payment: Payment) -> Payer:
        """Who paid; the same bank details always get the same answer."""
        key = (payment.debtor_iban, payment.debtor_name)
        found = self.answers.get(key)
        if found is None:
            found = self.answers[key] = self._who(*key)
        return found

    def _who(self, iban: str | None, name: str | None) -> Payer:
        if iban:
            owners = self.by_iban.get(plain(iban), set())
            if len(owners) == 1:
                return Payer(next(iter(owners)), "iban")
            if owners:  # one account of several customers: the name may tell which
                alike = owners & set(self._alike(name)) if name else set()
                if len(alike) == 1:
                    return Payer(next(iter(alike)), "iban and name")
                return Payer(several=tuple(sorted(owners)))
            if alias := self.aliases.get(plain(iban)):
                return Payer(alias, "learned alias")
        if name:
            alike_names = self._alike(name)
            if len(alike_names) == 1:
                return Payer(alike_names[0], "name")
            if alike_names:
                return Payer(several=alike_names)
        return NOBODY

    def _alike(self, name: str) -> tuple[str, ...]:
        if self.policy.name_threshold is None:
            return ()
        if self.names is None:
            pairs = ((one.id, one.name) for one in self.customers.values())
            self.names = Names(pairs, self.policy.name_threshold, wide=self.policy.fold_names)
        return self.names.alike(name)


def plain(iban: str) -> str:
    """Write an IBAN without spaces, in capitals."""
    return "".join(iban.split()).upper()
