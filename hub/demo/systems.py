"""The four systems of the demo: a real ERP, real mail servers, and stateful doubles of a CRM and a payment provider."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from hub.testing.hubspot import FakeHubSpot
from hub.testing.mail import MailServers
from hub.testing.stripe import FakeStripe
from hub.testing.tryton import TrytonServer

Say = Callable[[str], None]
COMPANY = "office@nordlicht-pumpen.example"


@dataclass
class Systems:
    """All systems running; `with Systems(cache, say) as systems:`."""

    cache: Path
    say: Say
    tokens: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def _start(self) -> None:
        self.tokens = {name: f"demo-{secrets.token_urlsafe(18)}" for name in ("crm", "pay", "mail")}
        self.say("mail: IMAP and SMTP servers")
        self.mail = self._stack.enter_context(MailServers({COMPANY: self.tokens["mail"]}))
        self.say("CRM: answers as HubSpot's CRM API does")
        self.crm = FakeHubSpot(token=self.tokens["crm"])
        self.crm_url = self._stack.enter_context(self.crm.serve())
        self.say("payments: answers as Stripe's API does")
        self.pay = FakeStripe(self.tokens["pay"])
        self.pay_url = self._stack.enter_context(self.pay.serve())
        self.say("ERP: Tryton (the first time its database is made, about half a minute)")
        self.erp = TrytonServer(self.cache, progress=lambda step: self.say(f"ERP: Tryton: {step}"))
        self._stack.callback(self.erp.stop)
        self.erp.start()

    def writes(self) -> int:
        """How many writes the hub has made into the systems that count them: CRM, payments, and mail sent."""
        return self.crm.writes() + self.pay.writes + len(self.mail.sent)
