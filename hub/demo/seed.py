"""What the systems hold in the morning, as messy as life: one company under several names, gaps, junk, deletions."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from hub.demo.systems import Systems


class Company(NamedTuple):
    """One real company, and how each system has it; None where a system does not know it."""

    crm: dict[str, Any] | None = None
    erp: dict[str, Any] | None = None
    pay: dict[str, Any] | None = None


COMPANIES = {
    "mueller": Company(
        crm={"name": "Müller Maschinenbau GmbH", "vat_id": "DE811569869", "domain": "mueller-mb.example",
             "phone": "+49 40 555-0100", "city": "Hamburg", "country": "Germany", "lifecyclestage": "customer"},
        erp={"name": "Mueller Maschinenbau", "vat": "DE811569869", "email": "buchhaltung@mueller-mb.example",
             "street": "Werftstr. 3", "postal_code": "20457", "city": "Hamburg", "country": "DE"},
        pay={"name": "MUELLER MASCHINENBAU GMBH", "email": "buchhaltung@mueller-mb.example"},
    ),
    "pompage": Company(
        crm={"name": "Société Générale de Pompage", "domain": "https://www.sgp-pompes.example/fr", "city": "Besançon",
             "country": "France", "phone": "03 81 00 00 00 (demander Zoé)", "lifecyclestage": "opportunity"},
        erp={"name": "Ste Gle de Pompage", "website": "http://sgp-pompes.example", "vat": "FR40303265045",
             "city": "BESANCON", "country": "FR"},
    ),
    "hongyuan": Company(
        crm={"name": "上海宏远泵业有限公司", "domain": "hongyuan-pumps.example", "email": "sales@hongyuan-pumps.example",
             "city": "上海", "country": "China", "lifecyclestage": "customer"},
        erp={"name": "Shanghai Hongyuan Pumps Co., Ltd.", "email": "sales@hongyuan-pumps.example", "country": "CN"},
        pay={"name": "Hongyuan", "email": "Sales@Hongyuan-Pumps.example"},
    ),
    "angstrom": Company(
        crm={"name": "Ångström & Söner AB", "vat_id": "SE556188840401", "phone": "+46 8 123 456 78", "country": "Sweden"},
        erp={"name": "Angstrom & Soner", "vat": "SE556188840401", "phone": "+46812345678", "city": "Luleå", "country": "SE"},
    ),
    "acqua": Company(
        crm={"name": "Acqua Viva S.r.l.", "domain": "acquaviva.example", "country": "Italy", "lifecyclestage": "lead"},
        pay={"name": "Acqua Viva", "email": "amministrazione@acquaviva.example"},
    ),
    "browar": Company(
        crm={"name": "Browar Śląski Sp. z o.o.", "vat_id": "PL8567346215", "domain": "browar-slaski.example",
             "country": "Poland"},
    ),
    "walter": Company(erp={"name": "Walter Brunnenbau e.K.", "vat": "ATU13585627", "city": "Graz", "country": "AT"}),
    "thames": Company(pay={"name": "Thames Rowing Club", "email": "treasurer@thames-rowing.example"}),
    "junk": Company(crm={"name": "Test bitte löschen", "phone": "keine Ahnung", "domain": "gmail.com"}),
}  # fmt: skip
TWINS = ("Delft Dredging B.V.", "Delft Dredging BV (oud)")  # one domain, twice in the CRM: for a person to decide


class Seeded(NamedTuple):
    """The ids of what people will touch in the course of the day."""

    crm: dict[str, str]
    erp: dict[str, int]
    pay: dict[str, str]
    deal: str
    owners: dict[str, str]


def seed(systems: Systems) -> Seeded:
    """Let people have worked in all systems before the hub comes."""
    crm, erp, pay = systems.crm, systems.erp.people, systems.pay
    owners = {name: crm.add_owner(f"{name}@nordlicht-pumpen.example") for name in ("anna", "ben")}
    crm_ids, erp_ids, pay_ids = {}, {}, {}
    for name, company in COMPANIES.items():
        if company.crm is not None:
            crm_ids[name] = crm.add("companies", {**company.crm, "hubspot_owner_id": owners["anna"]})
        if company.erp is not None:
            erp_ids[name] = erp.add_party(**company.erp)
        if company.pay is not None:
            pay_ids[name] = pay.add_customer(**company.pay)["id"]
    for twin in TWINS:
        crm.add("companies", {"name": twin, "domain": "delft-dredging.example"})
    crm.add("companies", {"name": "", "domain": "nameless.example"})  # a record no one can use
    crm.archive("companies", crm.add("companies", {"name": "Bankrupt Ltd", "domain": "bankrupt.example"}))
    gone = erp.add_party("Doppelt angelegt")
    erp.delete_party(gone)
    erp.edit_party(erp.add_party("Stillgelegt KG"), active=False)
    crm.add(
        "contacts",
        {"firstname": "Zoë", "lastname": "Müller", "email": "zoe@mueller-mb.example", "phone": "+49 40 555-0177"},
        {"companies": [crm_ids["mueller"]]},
    )
    deal = crm.add(
        "deals",
        {"dealname": "Two pumps and valves for the shipyard", "dealstage": "contractsent", "amount": "4973.60",
         "deal_currency_code": "EUR", "closedate": f"{date.today()}T00:00:00.000Z"},
        {"companies": [crm_ids["mueller"]]},
    )  # fmt: skip
    for sku, title, quantity, price in (
        ("PUMP-250", "Pump 250 l/min", "2", "2380.50"),
        ("VALVE-15", "Valve DN 15", "10", "18.905"),
        ("TRAIN-01", "Training, half a day", "1", "23.55"),
    ):
        line = crm.add("line_items", {"hs_sku": sku, "name": title, "quantity": quantity, "price": price})
        crm.associate("deals", deal, "line_items", line)
    return Seeded(crm_ids, erp_ids, pay_ids, deal, owners)
