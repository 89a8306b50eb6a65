"""The demo's project folder: hub.toml, the plugins that ship, and one of its own."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

from hub.config import starter
from hub.demo.systems import Systems
from hub.errors import ConfigError

TOML = """\
[hub]
store = "sqlite:///hub.db"
line = "pumps"

[connections.erp]
connector = "tryton"
base_url = "{erp.url}"
database = "{erp.database}"
user = "{erp.user}"
password = {{ file = "secrets/erp" }}
payment_method = "Card"
write_off_method = "Write-off"
discount_method = "Discount"

[connections.erp.streams]
products = {{}}
parties = {{ push = true, create = "referenced" }}
sales = {{ push = true, create = "all" }}
invoices = {{}}
payments = {{ push = true, create = "all" }}

[connections.crm]
connector = "hubspot"
base_url = "{crm}"
token = {{ file = "secrets/crm" }}
rate = 0
search_rate = 0

[connections.crm.streams]
companies = {{ push = true, create = "all" }}
contacts = {{}}
deals = {{ push = true }}
orders = {{ push = true, create = "all" }}
invoices = {{ push = true, create = "all" }}

[connections.pay]
connector = "stripe"
base_url = "{pay}"
api_key = {{ file = "secrets/pay" }}

[connections.pay.streams]
customers = {{ push = true }}
charges = {{}}

[connections.mail]
connector = "mail"
imap_host = "{imap_host}"
imap_port = {imap_port}
imap_tls = "none"
smtp_host = "{smtp_host}"
smtp_port = {smtp_port}
smtp_tls = "none"
user = "{user}"
password = {{ file = "secrets/mail" }}

[connections.mail.streams]
messages = {{ push = true, create = "all" }}

[survivorship.customer]
rule = "newest"

[survivorship.customer.fields]
name = {{ rule = "owner", order = ["crm"] }}     # sales say what a customer is called

[duplicates.on_merge]
crm = "merge"     # two companies of one customer become one there by its own call
"""


def write(folder: Path, systems: Systems) -> None:
    """Write the project folder for the systems that run."""
    shipped = starter("plugins")
    if shipped is None:
        raise ConfigError("the plugins that ship are missing; install the hub again")
    (folder / "secrets").mkdir(parents=True)
    access = systems.erp.access
    for name, text in {**systems.tokens, "erp": access.password}.items():
        secret = folder / "secrets" / name
        secret.touch(mode=0o600)
        secret.write_text(text, encoding="utf-8")
    plugins = folder / "plugins"
    plugins.mkdir()
    for name in ("won_deals", "balances", "settlement", "filing"):
        shutil.copy(shipped / f"{name}.py", plugins)
    own = resources.files("hub.demo").joinpath("acknowledge.py").read_text(encoding="utf-8")
    (plugins / "acknowledge.py").write_text(own, encoding="utf-8")
    mail = systems.mail.settings()
    places = {name: mail[name] for name in ("imap_host", "imap_port", "smtp_host", "smtp_port", "user")}
    toml = TOML.format(erp=access, crm=systems.crm_url, pay=systems.pay_url, **places)
    (folder / "hub.toml").write_text(toml, encoding="utf-8")
