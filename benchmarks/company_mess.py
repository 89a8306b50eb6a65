"""What happens to a company's data on its way into a system: each mishap has a name, so that failures are told by kind."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from company_words import FREE, TRADITIONAL, Land

if TYPE_CHECKING:
    from companies import Company

Record = dict[str, str]
FIELDS = (
    "key", "name", "legal_name", "name_zh", "vat", "registration", "website", "email", "phone", "street", "postal_code",
    "city", "country", "iban", "parent",
)  # fmt: skip
# How likely a system leaves a field empty.
LACKS = {
    "crm": {"vat": 0.75, "registration": 1, "iban": 1, "legal_name": 0.7, "name_zh": 0.3, "website": 0.2, "email": 0.15,
            "phone": 0.15, "street": 0.15, "postal_code": 0.15, "city": 0.04, "country": 0.1},
    "erp": {"vat": 0.35, "registration": 0.5, "iban": 0.7, "name_zh": 0.3, "website": 0.75, "email": 0.3, "phone": 0.25,
            "street": 0.03, "postal_code": 0.03, "city": 0.01, "country": 0.01},
    "finance": {"vat": 0.45, "registration": 0.8, "iban": 0.25, "legal_name": 0.5, "name_zh": 0.8, "website": 1,
                "email": 0.45, "phone": 0.6, "street": 0.08, "postal_code": 0.08, "city": 0.02, "country": 0.02},
}  # fmt: skip
SHORT = {"Gebrüder": "Gebr.", "Söhne": "Söhne", "Brothers": "Bros."}


def blank() -> Record:
    """A record with every field empty."""
    return dict.fromkeys(FIELDS, "")


def messy(rng: Random, source: str, company: Company) -> tuple[Record, tuple[str, ...]]:
    """A company's record as one system keeps it, and the names of what happened to it."""
    record, land = dict(company.record), company.land
    kinds: list[str] = []

    def happens(kind: str, chance: float) -> bool:
        if rng.random() >= chance:
            return False
        kinds.append(kind)
        return True

    if land.code == "CN":
        _chinese(rng, source, record, happens)
    else:
        if happens("translation", 0.05 if source == "crm" else 0.01):
            for trade, _, english in land.trades:
                record["name"] = record["name"].replace(trade, english)
        if happens("form", 0.45 if source == "crm" else 0.25):
            record["name"] = _reformed(rng, record["name"], land)
        if happens("abbreviation", 0.2):
            record["name"] = _shortened(rng, record["name"], land)
    if happens("moved", 0.1):
        record |= company.old
    if company.phone_of and happens("shared_phone", 0.8):
        record["phone"] = company.phone_of
    if happens("address", 0.35):
        _other_address(rng, record, land)
    if happens("typo", 0.1 if source == "crm" else 0.05):
        record["name"] = typo(rng, record["name"])
    if happens("transliterated", 0.25 if source == "finance" else 0.05):
        for field in ("name", "legal_name", "street", "city"):
            record[field] = _transliterated(record[field])
    if source == "finance" and happens("capitals", 0.7):
        record["name"] = record["name"].upper()[:35].strip()
        record["street"], record["city"] = record["street"].upper(), record["city"].upper()
    if happens("freemail", 0.07):
        local = "".join(c for c in record["name"].lower() if c.isascii() and c.isalnum())[:14] or "office"
        record["email"] = f"{local}{rng.randrange(10, 99)}@{rng.choice(FREE)}"
    elif happens("other_mail", 0.3):
        person = rng.choice(("j.martin", "anna.b", "einkauf", "h.meier", "p.rossi", "accounts", "li.wei"))
        record["email"] = f"{person}@{record['email'].partition('@')[2]}"
    if happens("phone_format", 0.4):
        record["phone"] = _other_phone(rng, record["phone"])
    lacking = [field for field, share in LACKS[source].items() if rng.random() < share]
    for field in lacking:
        record[field] = ""
    if len(lacking) >= (7 if source != "erp" else 5):
        kinds.append("missing")
    return record, tuple(kinds)


def _chinese(rng: Random, source: str, record: Record, happens) -> None:  # type: ignore[no-untyped-def]
    """One system keeps the Chinese name, another the English one, a third the traditional characters."""
    if happens("chinese", {"crm": 0.3, "erp": 0.6, "finance": 0.15}[source]):
        record["name"] = record["legal_name"]
        if happens("traditional", 0.15):
            record["name"] = record["name"].translate(TRADITIONAL)
    else:
        record["legal_name"] = record["name"] if rng.random() < 0.5 else record["legal_name"]
        if happens("translation", 0.25):
            record["name"] = record["name"].replace("Co., Ltd.", rng.choice(("Co Ltd", "Ltd.", "Company Limited", "")))
    if happens("form", 0.2):
        for field in ("name", "name_zh"):
            record[field] = (
                record[field].replace("有限公司", "有限责任公司")
                if rng.random() < 0.5
                else record[field].replace("有限公司", "")
            )
    record["name"] = record["name"].strip()


def _reformed(rng: Random, name: str, land: Land) -> str:
    for forms in sorted(land.forms, key=lambda forms: -len(forms[0])):
        official = forms[0]
        if name.endswith(f" {official}"):
            stem = name[: -len(official)].rstrip()
            return stem if rng.random() < 0.4 else f"{stem} {rng.choice(forms[1:] or forms)}"
    return name


def _shortened(rng: Random, name: str, land: Land) -> str:
    for trade, short, _ in land.trades:
        if f" {trade}" in name and rng.random() < 0.6:
            name = name.replace(f" {trade}", f" {short}")
    for full, short in SHORT.items():
        name = name.replace(full, short)
    if land.joins:
        name = name.replace(" & ", f" {rng.choice(land.joins)} ")
    return name


def _other_address(rng: Random, record: Record, land: Land) -> None:
    for full, short in land.streets:
        if full in record["street"]:
            record["street"] = record["street"].replace(full, short)
    for city, other, *_ in land.cities:
        if record["city"] == city and rng.random() < 0.5:
            record["city"] = other
    if land.code in ("DE", "AT") and rng.random() < 0.3:
        record["postal_code"] = f"{'D' if land.code == 'DE' else 'A'}-{record['postal_code']}"


def typo(rng: Random, text: str) -> str:
    """Leave out, double, swap or mistake one letter behind the first."""
    if len(text) < 5:
        return text
    at = rng.randrange(1, len(text) - 2)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + rng.choice("aeinrst") + text[at + 1 :]


def _transliterated(text: str) -> str:
    for of, to in {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa", "Ø": "Oe", "Å": "Aa",
                   "é": "e", "è": "e", "ê": "e", "â": "a", "î": "i", "ç": "c", "É": "E", "à": "a", "ë": "e"}.items():  # fmt: skip
        text = text.replace(of, to)
    return text


def _other_phone(rng: Random, phone: str) -> str:
    dial, _, rest = phone.partition(" ")
    return rng.choice(
        (
            f"{dial} ({rest.partition(' ')[0]}) {rest.partition(' ')[2]}",
            f"00{dial[1:]}{rest.replace(' ', '')}",
            f"{dial}-{rest.replace(' ', '-')}",
        )
    )
