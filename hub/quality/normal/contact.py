"""E-mail addresses and phone numbers as keys: what a mail server ignores is left out, a number is its digits."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from hub.mapping.converters.freemail import FREEMAIL
from hub.mapping.converters.identities import phone as to_e164
from hub.mapping.result import Doubt

# Providers that ignore dots in the local part, or take what follows a plus or a minus as a label.
DOTLESS = frozenset({"gmail.com"})
LABELS = {"yahoo.com": "-"}
SAME_DOMAIN = {"googlemail.com": "gmail.com"}
ROLES = frozenset({
    "info", "office", "kontakt", "contact", "mail", "email", "post", "sales", "vertrieb", "verkauf", "service", "support",
    "einkauf", "purchasing", "buchhaltung", "accounting", "accounts", "billing", "rechnung", "rechnungen", "invoice",
    "invoices", "admin", "administration", "hello", "hallo", "team", "zentrale", "sekretariat", "reception", "marketing",
    "hr", "jobs", "noreply", "no-reply", "postmaster", "webmaster", "contacto", "contatti", "amministrazione", "commercial",
    "compta", "comptabilite", "accueil", "ventas", "order", "orders", "bestellung",
})  # fmt: skip
DIGITS = re.compile(r"\D+")
EXTENSION = re.compile(
    r"\b(?:ext|extension|durchwahl|dw|poste|int|tel|x|#|分机|转)\.?\s*[:.]?\s*(\d{1,6})\s*$", re.IGNORECASE
)


class Email(NamedTuple):
    """An address as a key. `role`: it belongs to an office, not a person; `free`: its domain is open to anyone."""

    local: str
    domain: str
    role: bool
    free: bool

    @property
    def key(self) -> str:
        """Equal for two spellings that reach one mailbox for certain."""
        return f"{self.local}@{self.domain}"


def email(text: str) -> Email | None:
    """Part an address; None where it is none.

    Dots are left out where the provider ignores them, and only there: at a company's own server `a.b` and `ab` are two
    people. A label behind a plus is left out everywhere.
    """
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    local, at, domain = plain.strip().strip("<>").rpartition("@")
    if not at or not local or "." not in domain:
        return None
    domain = domain.rstrip(".")
    domain = SAME_DOMAIN.get(domain, domain)
    bare = local.partition("+")[0] or local
    if domain in LABELS:
        bare = bare.partition(LABELS[domain])[0] or bare
    if domain in DOTLESS:
        bare = bare.replace(".", "") or bare
    return Email(bare, domain, bare in ROLES, domain in FREEMAIL)


def phone(text: str, region: str | None = None) -> str | None:
    """A number as a key: E.164 where its country is known or given, else its digits; None where there are fewer than five.

    An extension is left out, so that the switchboard and the desk behind it meet.
    """
    wide = unicodedata.normalize("NFKC", text).strip()
    wide = EXTENSION.sub("", wide) or wide
    if wide.startswith("00"):
        wide = f"+{wide[2:]}"
    wide = wide.replace("(0)", "")
    try:
        return to_e164(wide, region=region)
    except Doubt as found:
        return str(found.value)
    except ValueError:
        digits = DIGITS.sub("", wide)
        return digits if len(digits) > 4 else None
