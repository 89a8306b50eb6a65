"""Makes the database of a trading company on SQLite: Tryton's modules, then the company, in one process.

Run as `python -m hub.testing.tryton.build CONF PASSWORD_FILE`; each step is a line on standard output. It is a
process of its own because Tryton keeps configuration and pool for the life of the process.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

DATABASE = "hub"
LOGIN = "admin"
MODULES = ("sale", "sale_opportunity")  # with what they need: party, product, stock, account, account_invoice ...

COUNTRIES = {
    "AT": "Austria",
    "BE": "Belgium",
    "BR": "Brazil",
    "CH": "Switzerland",
    "CN": "China",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "HK": "Hong Kong",
    "IE": "Ireland",
    "IN": "India",
    "IT": "Italy",
    "JP": "Japan",
    "LU": "Luxembourg",
    "MX": "Mexico",
    "NL": "Netherlands",
    "NO": "Norway",
    "PL": "Poland",
    "PT": "Portugal",
    "SE": "Sweden",
    "SG": "Singapore",
    "TW": "Taiwan",
    "US": "United States",
}
CURRENCIES = {  # code: (name, symbol, ISO number, digits, units for one euro)
    "EUR": ("Euro", "€", "978", 2, "1"),
    "USD": ("US Dollar", "$", "840", 2, "1.10"),
    "GBP": ("Pound Sterling", "£", "826", 2, "0.85"),
    "CNY": ("Renminbi", "¥", "156", 2, "7.80"),
    "CHF": ("Swiss Franc", "CHF", "756", 2, "0.95"),
    "JPY": ("Yen", "¥", "392", 0, "160"),
}
PRODUCTS = {  # SKU: (name, type, price, with VAT)
    "PUMP-100": ("Pump 100 l/min", "goods", "1250.00", True),
    "PUMP-250": ("Pump 250 l/min", "goods", "2380.50", True),
    "VALVE-15": ("Valve DN 15", "goods", "18.9050", True),
    "VALVE-50": ("Valve DN 50", "goods", "74.25", True),
    "SENSOR-T": ("Temperature sensor", "goods", "49.90", True),
    "SENSOR-P": ("Pressure sensor 0-16 bar", "goods", "129.00", True),
    "HOSE-10M": ("Hose, 10 m", "goods", "39.00", True),
    "SERV-DAY": ("Service, one day", "service", "880.00", True),
    "TRAIN-01": ("Training, half a day", "service", "450.00", False),
    "LIC-YEAR": ("Software licence, one year", "service", "1200.00", True),
}


def say(step: str) -> None:
    """Report progress to the process that waits."""
    sys.stdout.write(step + "\n")
    sys.stdout.flush()


def build(conf: str, password: str) -> None:
    """Create tables and records of all modules, then the company, in the empty file the configuration names."""
    from trytond import config  # type: ignore[import-untyped]

    config.update_etc(conf)
    accept_any_domain()
    from trytond import backend
    from trytond.model.modelstorage import ModelStorage  # type: ignore[import-untyped]
    from trytond.pool import Pool  # type: ignore[import-untyped]

    gc.disable()  # a short process of many small objects: collecting them costs more than keeping them
    database = backend.Database(DATABASE)
    database.connect()
    database.init()
    say("tables and records of the modules")
    # The records that modules ship are valid by their authors' tests; checking them again is half of the time.
    checked = ModelStorage.__dict__["_validate"]
    ModelStorage._validate = classmethod(lambda cls, records, field_names=None: None)
    try:
        pool = Pool(DATABASE)
        pool.init(update=list(MODULES), lang=["en"], activatedeps=True)
    finally:
        ModelStorage._validate = checked

    seed(pool, password)


def accept_any_domain() -> None:
    """Let Tryton take e-mail addresses of domains that do not exist; it asks the DNS for each one otherwise."""
    from trytond.tools import email_  # type: ignore[import-untyped]

    if checks := getattr(email_, "_validate_email", None):

        def validate(address: str, **options: Any) -> Any:
            return checks(address, **options | {"check_deliverability": False, "dns_resolver": None})

        email_._validate_email = validate


def seed(pool: Any, password: str) -> None:
    """Create the administrator and the company in a database that has its modules."""
    from trytond import __series__

    def administrator() -> int:
        say("the administrator")
        language = pool.get("ir.lang").search([("code", "=", "en")])
        pool.get("ir.lang").write(language, {"translatable": True})
        configuration = pool.get("ir.configuration")(1)
        configuration.series, configuration.language = __series__, "en"
        configuration.save()
        admin = pool.get("res.user")(login=LOGIN, name="Administrator", administrator=True, active=True)
        admin.password = password
        admin.save()
        return int(admin.id)

    user = _carry_out(0, {}, administrator)
    company = _carry_out(user, {}, lambda: _company(pool, user))
    context = {"company": company, "companies": [company]}
    accounts = _carry_out(user, context, lambda: _accounts(pool, company))
    _carry_out(user, context, lambda: _products(pool, accounts))
    say("done")


def _carry_out(user: int, context: dict[str, Any], step: Callable[[], T]) -> T:
    """Run a step in a transaction; one that must lock tables at its start says so by an error and begins again."""
    from trytond.transaction import Transaction, TransactionError  # type: ignore[import-untyped]

    extras: dict[str, Any] = {}
    while True:
        with Transaction().start(DATABASE, user, context=dict(context), **extras) as transaction:
            try:
                result = step()
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)
                continue
            transaction.commit()
            return result


def _company(pool: Any, user: int) -> int:
    say("company, currencies, countries")
    today = date.today()
    currencies = pool.get("currency.currency").create(
        [
            {
                "name": name,
                "symbol": symbol,
                "code": code,
                "numeric_code": number,
                "digits": digits,
                "rounding": Decimal(1).scaleb(-digits),
                "rates": [("create", [{"date": date(today.year - 2, 1, 1), "rate": Decimal(rate)}])],
            }
            for code, (name, symbol, number, digits, rate) in CURRENCIES.items()
        ]
    )
    countries = pool.get("country.country").create([{"code": c, "name": n} for c, n in COUNTRIES.items()])
    germany = next(c for c in countries if c.code == "DE")
    (party,) = pool.get("party.party").create(
        [
            {
                "name": "Nordlicht Pumpen GmbH",
                "addresses": [
                    (
                        "create",
                        [
                            {
                                "street_unstructured": "Hafenstraße 12",
                                "postal_code": "20457",
                                "city": "Hamburg",
                                "country": germany.id,
                            }
                        ],
                    )
                ],
                "identifiers": [("create", [{"type": "eu_vat", "code": "DE136695976"}])],
            }
        ]
    )
    (company,) = pool.get("company.company").create(
        [{"party": party.id, "currency": currencies[0].id, "timezone": "UTC"}]
    )
    User = pool.get("res.user")  # noqa: N806
    User.write([User(user)], {"companies": [("add", [company.id])], "company": company.id})
    return int(company.id)


def _accounts(pool: Any, company: int) -> dict[str, Any]:
    say("chart of accounts, fiscal years, tax, payment")
    data = pool.get("ir.model.data")
    wizard = pool.get("account.create_chart", type="wizard")
    session, _, _ = wizard.create()
    chart = wizard(session)
    chart.account.account_template = data.get_id("account", "account_template_root_en")
    chart.account.company = company
    chart.transition_create_account()
    account = pool.get("account.account")

    def first(*domain: Any) -> Any:
        return account.search([("company", "=", company), ("closed", "!=", True), *domain], limit=1)[0]

    accounts = {
        "receivable": first(("type.receivable", "=", True), ("party_required", "=", True)),
        "payable": first(("type.payable", "=", True), ("party_required", "=", True)),
        "revenue": first(("type.revenue", "=", True)),
        "expense": first(("type.expense", "=", True)),
        "cash": first(("code", "=", "1.1.1")),
        "tax": first(("code", "=", "6.3.6")),
    }
    chart.properties.company = company
    chart.properties.account_receivable = accounts["receivable"]
    chart.properties.account_payable = accounts["payable"]
    chart.properties.category_account_expense = accounts["expense"]
    chart.properties.category_account_revenue = accounts["revenue"]
    chart.transition_create_properties()
    wizard.delete(session)

    (bank,) = account.copy([accounts["cash"]], default={"code": "1.1.2", "name": "Bank"})
    today = date.today()
    for year in (today.year - 1, today.year, today.year + 1):
        _fiscal_year(pool, company, year)

    (tax,) = pool.get("account.tax").create(
        [
            {
                "name": "VAT 19 %",
                "description": "VAT 19 %",
                "type": "percentage",
                "rate": Decimal("0.19"),
                "company": company,
                "invoice_account": accounts["tax"].id,
                "credit_note_account": accounts["tax"].id,
            }
        ]
    )
    accounts["vat"] = tax
    terms = pool.get("account.invoice.payment_term").create(
        [
            {
                "name": f"{days} days net",
                "lines": [("create", [{"type": "remainder", "relativedeltas": [("create", [{"days": days}])]}])],
            }
            for days in (14, 30)
        ]
    )
    pool.get("account.configuration")(1).save()
    _default_term(pool, terms[0])
    journal = pool.get("account.journal")
    (cash,) = journal.search([("type", "=", "cash")], limit=1)
    other = journal.create(
        [
            {"name": name, "code": code, "type": "cash"}
            for name, code in (("Bank", "BANK"), ("Card", "CARD"), ("Given up", "GIVEN"))
        ]
    )
    lost = account.copy([accounts["expense"]] * 2, default={"code": None})
    account.write(lost[:1], {"name": "Bad debts"}, lost[1:], {"name": "Discounts granted"})
    pool.get("account.invoice.payment.method").create(
        [
            {
                "name": name,
                "company": company,
                "journal": book.id,
                "credit_account": where.id,
                "debit_account": where.id,
            }
            for name, book, where in (
                ("Bank transfer", other[0], bank),
                ("Card", other[1], bank),
                ("Cash", cash, accounts["cash"]),
                ("Write-off", other[2], lost[0]),
                ("Discount", other[2], lost[1]),
            )
        ]
    )
    return accounts


def _default_term(pool: Any, term: Any) -> None:
    configuration = pool.get("account.configuration")(1)
    if "default_customer_payment_term" in type(configuration)._fields:
        configuration.default_customer_payment_term = term
        configuration.save()


def _fiscal_year(pool: Any, company: int, year: int) -> None:
    kinds = {
        name: pool.get("ir.sequence.type").search([("name", "=", name)], limit=1)[0].id
        for name in ("Account Move", "Invoice")
    }
    moves, invoices = pool.get("ir.sequence.strict").create(
        [
            {"name": f"{kind} {year}", "sequence_type": kinds[kind], "company": company, "prefix": prefix, "padding": 5}
            for kind, prefix in (("Account Move", f"{year}/"), ("Invoice", f"INV-{year}-"))
        ]
    )
    FiscalYear = pool.get("account.fiscalyear")  # noqa: N806
    created = FiscalYear.create(
        [
            {
                "name": str(year),
                "company": company,
                "start_date": date(year, 1, 1),
                "end_date": date(year, 12, 31),
                "move_sequence": moves.id,
                "invoice_sequences": [
                    (
                        "create",
                        [
                            {
                                f"{side}_{kind}_sequence": invoices.id
                                for side in ("in", "out")
                                for kind in ("invoice", "credit_note")
                            }
                        ],
                    )
                ],
            }
        ]
    )
    FiscalYear.create_period(created)


def _products(pool: Any, accounts: dict[str, Any]) -> None:
    say("products")
    bare, taxed = pool.get("product.category").create(
        [
            {
                "name": name,
                "accounting": True,
                "account_expense": accounts["expense"].id,
                "account_revenue": accounts["revenue"].id,
                "customer_taxes": [("add", taxes)],
            }
            for name, taxes in (("Without VAT", []), ("With VAT", [accounts["vat"].id]))
        ]
    )
    (unit,) = pool.get("product.uom").search([("name", "=", "Unit")], limit=1)
    pool.get("product.template").create(
        [
            {
                "name": name,
                "code": sku,
                "type": kind,
                "default_uom": unit.id,
                "sale_uom": unit.id,
                "salable": True,
                "list_price": Decimal(price),
                "account_category": (taxed if vat else bare).id,
                "products": [("create", [{}])],
            }
            for sku, (name, kind, price, vat) in PRODUCTS.items()
        ]
    )


if __name__ == "__main__":
    build(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8").strip())
