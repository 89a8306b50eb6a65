"""Real systems for a closing: a Tryton and a CRM to close, another Tryton or CRM to go to, mail, PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from line import ROOT, Company

from hub.testing.hubspot import FakeHubSpot
from hub.testing.mail import MailServers
from hub.testing.tryton import Access, People

USER = "service@hub.example"
PASSWORD = "canary-7f3a"
SHARED = "Wasserwerk Nord"
PARTIES: dict[str, dict[str, Any]] = {
    "kessel": {"name": "Kessel & Söhne GmbH", "email": "info@kessel.example", "vat": "DE811569869", "phone": "+49 431 3034567",
               "street": "Am Kai 1", "postal_code": "24103", "city": "Kiel", "country": "DE"},
    "dampf": {"name": "Dampf Łódź Sp. z o.o.", "email": "biuro@dampf.example", "street": "Piotrkowska 10", "city": "Łódź",
              "country": "PL"},
    "brandt": {"name": "Bäckerei Brandt", "street": "Markt 3", "postal_code": "24306", "city": "Plön", "country": "DE"},
    "wasser": {"name": SHARED, "email": "wasser@nord.example", "phone": "+49 4841 111111", "street": "Quellweg 2", "city": "Husum", "country": "DE"},
}  # fmt: skip


def head(name: str, values: dict[str, Any]) -> str:
    """The head of a connection in hub.toml; its secret is given by the environment."""
    secret = {k: f"${{HUB_{name.upper()}_SECRET}}" for k in values if k in ("password", "token")}
    lines = (f"{k} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in (values | secret).items())
    return f"[connections.{name}]\n{''.join(lines)}"


def streams(connection: str, **settings: str) -> str:
    """The streams of a connection."""
    return f"[connections.{connection}.streams]\n" + "".join(f"{n} = {{ {v} }}\n" for n, v in settings.items())


def erp(name: str, line: str, access: Access) -> str:
    """The part of hub.toml for a Tryton."""
    push = 'push = true, create = "never"'
    given = {"parties": push, "sales": push, "invoices": "", "payments": push}
    if name == "erp2":
        given = {n: f'{push}, mapping = "erp2.{n}"' for n in ("parties", "sales")}
    settings = {"connector": "tryton", "line": line, **access.settings, "payment_method": "Bank transfer"}
    if name == "erp2":  # what comes there was delivered and billed before: its sales stay drafts
        settings["confirm"] = False
    return head(name, settings) + streams(name, **given)


def crm(name: str, line: str, url: str, token: str = PASSWORD, only: tuple[str, ...] = ()) -> str:
    """The part of hub.toml for a CRM."""
    given = only or ("companies", "contacts", "deals", "orders", "invoices")
    settings = {"connector": "hubspot", "line": line, "base_url": url, "token": token, "rate": 0, "search_rate": 0}
    return head(name, settings) + streams(name, **dict.fromkeys(given, 'push = true, create = "never"'))


def post(servers: MailServers) -> str:
    """The part of hub.toml for a mailbox of the whole company."""
    settings = {"connector": "mail", "line": "post", **servers.settings()}
    return head("mail", settings) + streams("mail", messages="")


class Works(Company):
    """A company whose systems are real; the mappings are those that ship."""

    def start(self, *connections: str, **secrets: str) -> None:
        """Write the project; the secrets by the names of the connections."""
        self.folder.mkdir(parents=True)
        (self.folder / ".env").write_text("".join(f"HUB_{n.upper()}_SECRET={s}\n" for n, s in secrets.items()))
        self.settings(*connections)

    def other_numbers(self) -> None:
        """Mappings for a second ERP that numbers by itself as the first one does: its numbers identify nothing here.

        Nor does it hear of the states of sales, or it would deliver and bill them again.
        """
        folder = self.folder / "mappings"
        folder.mkdir()
        for stream, changes in (
            ("parties", {'"identifiers.erp"': '"identifiers.erp2"'}),
            ("sales", {"number      = ": "# number    = ", "state       = ": "# state     = "}),
        ):
            text = (ROOT / f"mappings/tryton.{stream}.toml").read_text()
            for old, new in changes.items():
                assert old in text
                text = text.replace(old, new)
            (folder / f"erp2.{stream}.toml").write_text(text)

    def people(self) -> None:
        """Add people, once the store is there."""
        self.plain("status", code=(0, 1))
        super().people()

    def move(self, *, target: str, gates: tuple[str, ...] = ("freeze", "migrate"), more: str = "", **plan: str) -> None:
        """Plan a closing that moves to the target, with everything approved up to the gates."""
        self.plan(template="migration", migrate_to=target, **plan)
        self.move_again(gates=gates, more=more, adopt=bool(more))

    def move_again(self, *, gates: tuple[str, ...] = ("freeze", "migrate"), more: str = "", adopt: bool = True) -> None:
        """Put the plan in force once more, with everything approved up to the gates."""
        if adopt:
            file = self.folder / "closing/retail.toml"
            file.write_text(file.read_text() + more)
            self("close", "plan", "retail", "--adopt", by="ana")
        self.tasks("mapping", "trial", "users", "backups")
        for gate in gates:
            self.plain("close", "approve", "retail", gate, by="ben")

    def signed(self) -> dict[str, Any]:
        """Everything that is drawn is signed, and the closing goes on."""
        self("close", "sample", "retail", "--sign", "right", by="aud", code=(0, 1))
        return self.go()

    def certificate(self) -> dict[str, Any]:
        """What the certificate says."""
        (file,) = (self.folder / "closing/retail").glob("certificate-*.json")
        found: dict[str, Any] = json.loads(json.loads(file.read_text())["content"])
        return found


def business(people: People) -> dict[str, int]:
    """Let a line have done business in Tryton: one sale paid, one unpaid, one begun, a party that never bought."""
    ids = {name: people.add_party(**given) for name, given in PARTIES.items()}
    ids["sale"] = people.add_sale(ids["kessel"], {"SERV-DAY": 1}, reference="order 4711")
    number = people.post_invoice(ids["sale"])
    ids["paid"] = people.one("account.invoice", ["number", "=", number])
    people.pay_invoice(ids["paid"])
    unpaid = people.post_invoice(people.add_sale(ids["dampf"], {"TRAIN-01": 1}))
    ids["unpaid"] = people.one("account.invoice", ["number", "=", unpaid])
    people.call("model.sale.sale.process", [ids["sale"]])
    return ids


@contextmanager
def served(token: str = PASSWORD) -> Iterator[tuple[FakeHubSpot, str]]:
    """A CRM on loopback."""
    fake = FakeHubSpot(token=token, strict=True)
    with fake.serve() as url:
        yield fake, url
