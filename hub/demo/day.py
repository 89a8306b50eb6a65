"""The day: eight things happen, and each is shown where people would look for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from hub.config import load
from hub.demo.duplicates import decide
from hub.demo.screen import Screen
from hub.demo.seed import Seeded
from hub.demo.systems import COMPANY, Systems
from hub.sync import Hub
from hub.sync.report import Run


class Day:
    """One day of the company, told on a screen."""

    def __init__(self, hub: Hub, systems: Systems, ids: Seeded, screen: Screen) -> None:
        self.hub = hub
        self.systems = systems
        self.ids = ids
        self.screen = screen
        self.number = ""

    def live(self) -> None:
        """Live through all of it."""
        steps: tuple[Callable[[], None], ...] = (
            self.first_contact, self.won_deal, self.invoice, self.payment, self.mail, self.two_edits, self.quiet,
            self.duplicates,
        )  # fmt: skip
        for step in steps:
            step()

    def sync(self) -> Run:
        """Run the hub once, and show what it did."""
        with self.screen.working() as progress:
            run = self.hub.sync(progress=progress)
        self.screen.ran(run)
        return run

    def golden(self, name: str) -> dict[str, Any]:
        """The golden record of one of the companies, by its record in the CRM."""
        with self.hub.store.read() as tx:
            (row,) = tx.rows(
                "SELECT r.golden_id FROM record r JOIN stream s ON s.id = r.stream_id "
                "WHERE s.connection = 'crm' AND s.name = 'companies' AND r.key = ?",
                self.ids.crm[name],
            )
        return next(g for g in self.hub.list("customer", limit=None) if g["id"] == row[0])

    def company(self, name: str) -> dict[str, Any]:
        """What the CRM shows of a company."""
        properties: dict[str, Any] = self.systems.crm.row("companies", self.ids.crm[name])["properties"]
        return properties

    def first_contact(self) -> None:
        """Everything is read; what is one customer becomes one golden record."""
        s = self.screen
        s.step(1, "First contact: who is who?")
        parties = len(self.systems.erp.people.find("party.party"))
        s.say("A dry run shows it before anything is written:")
        with s.working() as progress:
            rehearsal = self.hub.sync(dry_run=True, progress=progress)
        rows = [(c.connection, c.stream, c.matched + c.alone, c.matched, c.alone, c.absent) for c in rehearsal.contact]
        s.table(
            ("connection", "stream", "records", "matched", "only here", "not here"), [r for r in rows if any(r[2:])]
        )
        s.say(
            f"[dim]it would write {len({(d.connection, d.stream, d.id) for d in rehearsal.differences})} records; so far: 0[/dim]"
        )
        s.check("the dry run wrote nothing anywhere", self.systems.writes() == 0)
        run = self.sync()
        links = self.links("mueller")
        s.check("Müller, Mueller and MUELLER are one customer", {"crm", "erp", "pay"} <= set(links), ", ".join(links))
        names = Counter(g["values"].get("name") for g in self.hub.list("customer", limit=None))
        s.check("no name stands twice among the golden records", max(names.values()) == 1, f"{len(names)} customers")
        after = len(self.systems.erp.people.find("party.party"))
        s.check("nothing was doubled in the ERP", after == parties, f"{after} parties, as before")
        bad = self.hub.quarantine.list()
        s.check("the nameless company waits in quarantine", len(bad) == 1, bad[0]["reason"] if bad else "")
        twice = [f for f in run.findings if "twice" in f]
        s.check("two records of one domain in the CRM are left to a person", bool(twice), f"{len(twice)} finding")

    def links(self, name: str) -> list[str]:
        """The connections that hold a record of the company."""
        shown = self.hub.show("customer", self.golden(name)["id"]) or []
        return sorted({row["connection"] for row in shown if row["kind"] == "link"} - {"hub"})

    def won_deal(self) -> None:
        """A won deal becomes a sale in the ERP."""
        s = self.screen
        s.step(2, "A deal is won: the ERP gets its sale without anyone typing it")
        self.systems.crm.edit("deals", self.ids.deal, {"dealstage": "closedwon"})
        s.say("anna sets the deal to closed won in the CRM")
        self.sync()
        fields = ["number", "state", "party.name", "untaxed_amount", "currency.code", "lines"]
        sales = self.systems.erp.people.find("sale.sale", fields=fields)
        s.check("one sale stands in the ERP", len(sales) == 1)
        if sales:
            sale = sales[0]
            self.number = sale["number"]
            s.check("with customer, three lines and currency", len(sale["lines"]) == 3 and sale["currency."]["code"] == "EUR",
                    f"{sale['number']}: {sale['party.']['name']}, {sale['untaxed_amount']} EUR, {sale['state']}")  # fmt: skip
        deal = self.systems.crm.row("deals", self.ids.deal)["properties"]
        s.check(
            "its number came back to the deal in the CRM",
            deal.get("order_number") == self.number != "",
            deal.get("order_number"),
        )

    def invoice(self) -> None:
        """The ERP posts the invoice; the CRM shows it."""
        s = self.screen
        s.step(3, "The ERP posts the invoice: sales see it in the CRM")
        people = self.systems.erp.people
        self.billed = people.post_invoice(people.one("sale.sale", ["number", "=", self.number]))
        s.say(f"the accountant posts invoice {self.billed} in Tryton")
        self.sync()
        shown = self.company("mueller")
        s.check("number, amount, due date and state stand on the CRM's company",
                shown.get("last_invoice") == self.billed and shown.get("payment_state") == "open",
                ", ".join(str(shown.get(f)) for f in ("last_invoice", "last_invoice_amount", "last_invoice_due_on", "payment_state")))  # fmt: skip
        rows = self.systems.crm.rows("invoices")
        s.check(
            "and as an invoice of its own", len(rows) == 1, rows[0]["properties"].get("open_amount") if rows else ""
        )

    def payment(self) -> None:
        """A payment arrives; the invoice is paid in the ERP and in the CRM."""
        s = self.screen
        s.step(4, "The customer pays by card: nobody has to ask finance")
        invoice = self.hub.list("invoice", {"number": self.billed})[0]["values"]
        self.systems.pay.charge(
            self.ids.pay["mueller"], invoice["total"][0], "eur", metadata={"invoice_number": self.billed}
        )
        s.say(f"Stripe has a charge of {invoice['total'][0] / 100:.2f} EUR that names {self.billed}")
        self.sync()
        found = self.systems.erp.people.find("account.invoice", ["number", "=", self.billed], fields=["state"])
        s.check(
            "the payment is booked and the invoice is paid in the ERP", found[0]["state"] == "paid", found[0]["state"]
        )
        self.sync()
        shown = self.company("mueller")
        s.check("the CRM shows it as paid", shown.get("payment_state") == "paid",
                f"{shown.get('payment_state')}, open {shown.get('open_balance')}, last payment {shown.get('last_payment_on')}")  # fmt: skip

    def mail(self) -> None:
        """A customer's mail is filed, and answered."""
        s = self.screen
        s.step(5, "A customer writes: the mail is filed with its customer, and an answer goes out")
        mail = EmailMessage()
        mail["From"], mail["To"] = "Zoë Müller <zoe@mueller-mb.example>", COMPANY
        mail["Subject"], mail["Message-ID"] = "Delivery to pier 7?", "<pier-7@mueller-mb.example>"
        mail.set_content("Could the pumps go to pier 7? The plan is attached.\n\nZoë")
        mail.add_attachment(b"%PDF-1.4 plan of the pier", maintype="application", subtype="pdf", filename="pier-7.pdf")
        self.systems.mail.deliver(mail)
        self.sync()
        filed = self.hub.list("message", {"direction": "in"})[0]["values"]
        s.check(
            "it is filed with Müller, by the contact's address", filed.get("customer") == self.golden("mueller")["id"]
        )
        names = [a.get("name") for a in filed.get("attachments") or ()]
        s.check("with its attachment", names == ["pier-7.pdf"], ", ".join(map(str, names)))
        sent = [m.message for m in self.systems.mail.sent]
        threaded = [m for m in sent if m["In-Reply-To"] == "<pier-7@mueller-mb.example>"]
        s.check(
            "one answer went out by SMTP, in its thread",
            len(sent) == len(threaded) == 1,
            sent[0]["Subject"] if sent else "",
        )

    def two_edits(self) -> None:
        """Two people change one customer at the same time."""
        s = self.screen
        s.step(6, "Two people change one customer at the same time")
        erp, crm = self.systems.erp.people, self.systems.crm
        party = self.ids.erp["angstrom"]
        erp.edit_phone(party, "+46 8 999 000 11")
        erp.edit_party(party, name="Angstroem och Soener")
        crm.edit(
            "companies",
            self.ids.crm["angstrom"],
            {"hubspot_owner_id": self.ids.owners["ben"], "name": "Ångström Söner AB"},
        )
        s.say("ERP: another phone, another name.  CRM: another owner, another name")
        self.sync()
        shown, values = self.company("angstrom"), self.golden("angstrom")["values"]
        s.check("the ERP's phone reached the CRM", shown.get("phone") == "+46899900011", shown.get("phone"))
        s.check("the CRM's owner stands", values.get("owner") == "ben@nordlicht-pumpen.example", values.get("owner"))
        name = erp.call("model.party.party.read", [party], ["name"])[0]["name"]
        s.check("of the two names the CRM's won, by the rule", name == "Ångström Söner AB", name)
        lost = [
            r["value"]
            for r in self.hub.show("customer", self.golden("angstrom")["id"]) or ()
            if r["kind"] == "lost" and r["field"] == "name"
        ]
        s.check("and the other one is on record as lost", "Angstroem och Soener" in lost, ", ".join(map(str, lost)))

    def duplicates(self) -> None:
        """The same customer stands in two systems under two names."""
        decide(self)

    def quiet(self) -> None:
        """A second pass changes nothing."""
        s = self.screen
        s.step(7, "Once more: no echo")
        self.hub.sync()
        before = self.systems.writes()
        run = self.sync()
        s.check("0 written anywhere", run.written == 0 and self.systems.writes() == before)


def live(folder: Path, systems: Systems, ids: Seeded, screen: Screen) -> None:
    """Open the project and live the day in it."""
    with Hub.open(load(folder / "hub.toml")) as hub:
        Day(hub, systems, ids, screen).live()
