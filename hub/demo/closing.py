"""The close of a small line: told, frozen, settled, archived, proven and destroyed, with two signatures on the way."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hub.closure import tasks
from hub.closure.certificate import check
from hub.closure.closing import adopt
from hub.closure.desk import FOLDER
from hub.closure.draft import draft
from hub.closure.facts import facts, shown
from hub.closure.gates import approve
from hub.closure.phases.settle import decide, open_items
from hub.closure.plan import load
from hub.closure.run import Went, open_desk, run
from hub.closure.samples import samples, sign
from hub.closure.told import notices
from hub.config import load as project
from hub.demo.screen import Screen
from hub.people import add, grant
from hub.secret import Secret
from hub.sync import Hub
from hub.testing.mail import MailServers

LINE = "boilers"
USER = "service@nordlicht.example"
Ask = Callable[[str, str], bool]
"""Asks the person before the screen to sign: who signs, and what."""

ROWS: dict[str, tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]] = {
    "customers": (("id", "name", "mail", "street", "city", "language"), (
        (1, "Müller Heizung GmbH", "info@mueller-heizung.example", "Am Kai 1", "Kiel", "de"),
        (2, "Łódzkie Kotły Sp. z o.o.", "biuro@kotly.example", "Piotrkowska 10", "Łódź", "en"),
        (3, "Harbour Works Ltd", "office@harbour.example", "Dock Road 7", "Hull", "en"),
        (4, "Bäckerei Brandt", "", "Markt 3", "Plön", "de"),
    )),
    "contracts": (("id", "number", "customer", "end", "renewal", "days", "period", "amount", "state"), (
        (1, "W-101", 1, "2027-12-31", "automatic", 90, "year", "480.00", "active"),
        (2, "W-102", 3, "2026-06-30", "none", 30, "year", "220.00", "ended"),
    )),
    "invoices": (("id", "number", "customer", "total", "open", "state", "issued"), (
        (1, "B-2001", 1, "1190.00", "0.00", "paid", "2026-03-02"),
        (2, "B-2002", 2, "654.50", "0.00", "paid", "2026-05-11"),
        (3, "B-2003", 3, "89.90", "89.90", "open", "2026-09-01"),
        (4, "B-2004", 4, "35.70", "0.00", "paid", "2026-09-20"),
    )),
    "payments": (("id", "reference", "customer", "invoice", "amount", "paid", "state"), (
        (1, "B-2001", 1, 1, "1190.00", "2026-03-20", "succeeded"),
        (2, "B-2002", 2, 2, "654.50", "2026-06-01", "succeeded"),
        (3, "B-2004", 4, 4, "35.70", "2026-09-28", "succeeded"),
    )),
}  # fmt: skip
PUMPS = (("id", "name", "mail", "street", "city", "language"), (
    (1, "Müller Heizung GmbH", "info@mueller-heizung.example", "Am Kai 1", "Kiel", "de"),
    (2, "Wasserwerk Nord", "wasser@nord.example", "Quellweg 2", "Husum", "de"),
))  # fmt: skip
FIELDS = {
    "customers": ("customer", """name = "name"
"emails.main" = { theirs = "mail", as = "email" }
"addresses.main.street" = "street"
"addresses.main.city" = "city"
language = "language"
"""),
    "contracts": ("contract", """number = "number"
customer = { theirs = "customer", link = "customers" }
end_on = { theirs = "end", as = "date" }
renewal = "renewal"
notice_days = { theirs = "days", as = "int" }
period = "period"
amount = { theirs = "amount", as = "money", currency = "EUR" }
state = "state"
"""),
    "invoices": ("invoice", """number = "number"
customer = { theirs = "customer", link = "customers" }
total = { theirs = "total", as = "money", currency = "EUR" }
open = { theirs = "open", as = "money", currency = "EUR" }
state = "state"
issued_on = { theirs = "issued", as = "date" }
"""),
    "payments": ("payment", """reference = "reference"
customer = { theirs = "customer", link = "customers" }
invoice = { theirs = "invoice", link = "invoices" }
amount = { theirs = "amount", as = "money", currency = "EUR" }
paid_on = { theirs = "paid", as = "date" }
state = "state"
"""),
}  # fmt: skip


def live(folder: Path, screen: Screen, ask: Ask) -> None:
    """Close the line of boilers from end to end; `ask` stands for the two people who sign."""
    with MailServers({USER: secrets.token_hex(8)}) as mail:
        write(folder, mail)
        with Hub.open(project(folder)) as hub:
            Close(hub, folder, mail, screen, ask).live()


class Close:
    """One closing, told on a screen."""

    def __init__(self, hub: Hub, folder: Path, mail: MailServers, screen: Screen, ask: Ask) -> None:
        self.hub, self.folder, self.mail, self.screen, self.ask = hub, folder, mail, screen, ask
        self.papers = folder / FOLDER / LINE

    def live(self) -> None:
        """Live through all of it."""
        steps = (self.plan, self.tell, self.freeze, self.settle, self.prove, self.destroy, self.report)
        for number, step in enumerate(steps, 1):
            self.screen.step(number, str(step.__doc__).rstrip("."))
            step()

    def run(self) -> list[Went]:
        """Go on as far as the gates are open, and show it."""
        went = list(run(self.hub, LINE, "ana"))
        self.screen.table(("phase", "state", "result"), [(w.phase, w.state, w.text) for w in went])
        return went

    def task(self, id: str, proof: str) -> None:
        """Somebody does a task."""
        tasks.done(self.hub.store, LINE, id, "ana", proof)

    def signed(self, gate: Any, person: str, role: str) -> None:
        """A person other than the author signs, or does not."""
        if self.ask(person, f"{gate}, as {role}"):
            approve(self.hub.store, LINE, gate, person)
        self.screen.say(f"{person} ({role}) signs the gate: {gate}")

    def plan(self) -> None:
        """A plan is written from a template and the data."""
        for name, role in (("root", None), ("ana", "lead"), ("ben", "approver"), ("lea", "legal"), ("fin", "finance"),
                           ("aud", "auditor")):  # fmt: skip
            add(self.hub.store, name, Secret(secrets.token_urlsafe(12)), by="root")
            if role:
                grant(self.hub.store, name, role, "*", by="root")
        self.hub.sync()
        found = facts(self.hub.store, LINE, date.today())
        text = draft(
            "small", found, reason="Boilers are sold to a partner who serves them better", owner="ana",
            target_on=date.today() + timedelta(days=60), time_zone="Europe/Berlin", entity="Nordlicht Pumpen GmbH",
            address=("Hafenstraße 12", "24103 Kiel"), contact="Ana Brandt, closing@nordlicht.example, +49 431 5550100", mail="mail",
        )  # fmt: skip
        text = f'jurisdiction = "DE"\n{text}'
        text += '\n[[notices]]\nid = "closing"\nto = "customers"\ntemplate = "closing"\nreminders = [14]\n'
        file = self.folder / FOLDER / f"{LINE}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        adopt(self.hub.store, load(file), "ana")
        self.screen.table(
            ("record", "number", "still open"), [(m, n, found.open[m] or "") for m, n in found.counts.items()]
        )
        self.screen.say(f"invoiced {shown(found.invoiced)}, still owed {shown(found.receivable)}")
        self.screen.check("the customer who also buys pumps stays", len(found.shared) == 1)

    def tell(self) -> None:
        """Customers are told, each once, in their language."""
        self.run()
        told = notices(self.hub.store, LINE)
        first = [n for n in told if n["id"].endswith("/0")]
        self.screen.table(("name", "by", "language", "state", "contract ends"), [
            (n["name"], n["channel"], n["language"], n["state"], n["takes_effect_on"]) for n in first
        ])  # fmt: skip
        mails = [m.message for m in self.mail.smtp.accepted]
        self.screen.check("three mails left the house", len(mails) == 3, ", ".join(str(m["To"]) for m in mails))
        self.screen.check("who has no address gets a letter", any(n["state"] == "letter" for n in first))

    def freeze(self) -> None:
        """Two people open the gate of the freeze."""
        self.task("legal-review", "memo 14, contracts W-101 and W-102")
        self.task("post-letters", "registered letter RR 4711 DE")
        went = self.run()
        self.screen.check("the author alone cannot freeze", went[-1].state == "shut" and "approval" in went[-1].text)
        self.signed("freeze", "ben", "approver")
        self.run()

    def settle(self) -> None:
        """What is open is decided by name."""
        desk = open_desk(self.hub, LINE, "ana")
        items = list(open_items(desk))
        self.screen.table(("open", "state", "amount"), [(i.title, i.state, i.amount or "") for i in items])
        for item in items:
            how = "transferred" if item.model == "contract" else "written_off"
            decide(
                self.hub.store,
                LINE,
                item.id,
                how,
                "fin",
                "goes to the partner" if item.model == "contract" else "below 100 EUR",
            )
        self.run()
        made = sorted((self.papers / "statements").glob("*.pdf"))
        self.screen.check("each customer has a final statement of account", len(made) == 4, f"{len(made)} PDF and CSV")
        archives = list((self.folder / "archive" / LINE).rglob("bagit.txt"))
        self.screen.check("the archive is a signed, encrypted bag", len(archives) == 1)

    def prove(self) -> None:
        """Everything is compared twice, and a person looks at a sample."""
        drawn = samples(self.hub.store, LINE)
        self.screen.say(f"aud looks at {len(drawn)} records, drawn by chance and by amount")
        sign(self.hub.store, LINE, [], "right", "aud")
        went = self.run()
        done = next((w for w in went if w.phase == "verify"), None)
        self.screen.check(
            "counts, sums and hashes agree, twice", done is not None and done.state == "done", done.text if done else ""
        )

    def destroy(self) -> None:
        """Legal opens the last gate; from here there is no way back."""
        self.task("backups", "snapshot 2026-11, expires 2027-02-01")
        self.signed("destroy", "lea", "legal")
        self.run()
        with self.hub.store.read() as tx:
            ((left,),) = tx.rows(
                "SELECT count(*) FROM golden WHERE model <> 'message' AND (data LIKE '%Kotły%' OR data LIKE '%B-2002%')"
            )
        self.screen.check("nothing of the line's own is left in the hub", left == 0)
        rows = (self.folder / "data/boilers/invoices.csv").read_text(encoding="utf-8").splitlines()
        self.screen.check("nor in its source", len(rows) == 1, f"{len(rows) - 1} rows")
        self.screen.check("the shared customer is there", len(self.hub.list("customer", limit=None)) == 2)

    def report(self) -> None:
        """What a lawyer gets."""
        (certificate,) = self.papers.glob("certificate-*.json")
        content = check(certificate)
        self.screen.check("the certificate's signature holds", content["destroyed"]["records"] > 0,
                          f"{content['number']}: {content['destroyed']['records']} records")  # fmt: skip
        from hub.audit import verify

        count, broken = verify(self.hub.store)
        self.screen.check("the audit log holds", broken is None, f"{count} entries")
        files = sorted(p for p in self.papers.rglob("*") if p.suffix in (".pdf", ".html", ".json"))
        self.screen.table(("paper", "bytes"), [(str(f.relative_to(self.papers)), f.stat().st_size) for f in files])


def write(folder: Path, mail: MailServers) -> None:
    """Write the project: two lines in two folders of CSV files, and a mailbox."""
    (folder / "mappings").mkdir(parents=True)
    (folder / "secrets").mkdir()
    secret = folder / "secrets/mail"
    secret.touch(mode=0o600)
    secret.write_text(mail.password, encoding="utf-8")
    toml = ['[hub]\nstore = "sqlite:///hub.db"\n']
    for line, rows in ((LINE, ROWS), ("pumps", {"customers": PUMPS})):
        at = folder / "data" / line
        at.mkdir(parents=True)
        toml.append(f'[connections.{line}]\nconnector = "files"\nline = "{line}"\nfolder = "{at}"\n')
        for stream, (header, values) in rows.items():
            with (at / f"{stream}.csv").open("w", encoding="utf-8", newline="") as out:
                csv.writer(out).writerows([header, *values])
            model, fields = FIELDS[stream]
            text = f'stream = "{stream}"\nmodel = "{model}"\nignore = ["id", "hub_id"]\n[fields]\n{fields}'
            (folder / f"mappings/files.{stream}.toml").write_text(text, encoding="utf-8")
            toml.append(
                f'[connections.{line}.streams.{stream}]\npath = "{stream}.csv"\nmodel = "{model}"\nkey = "id"\npush = true\n'
            )
    places = mail.settings()
    shown = "\n".join(f"{k} = {v if isinstance(v, int) else repr(v)}" for k, v in places.items() if k != "password")
    toml.append(
        f'[connections.mail]\nconnector = "mail"\nline = "post"\n{shown}\npassword = {{ file = "secrets/mail" }}\n'
        "[connections.mail.streams.messages]\n"
    )
    (folder / "hub.toml").write_text("\n".join(toml), encoding="utf-8")
