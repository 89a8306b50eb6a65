"""Messy company records over three systems, with the truth: the same seed gives the same files, byte for byte.

    python benchmarks/companies.py --count 10000 --seed 1 DIR

writes crm.csv, erp.csv and finance.csv as three departments would keep them, truth.csv with the company each record
is of, and a project (hub.toml, mappings/) that reads them through the connector `files`. Kinds say what makes a record hard
(form, abbreviation, translation, moved, shared_phone, typo, missing, freemail ...); `relation` says what two records
that are not of one company have in common (branch, namesake, shared_phone), so that failures are told by kind.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from company_ids import iban, tax_number
from company_mess import Record, blank, messy
from company_words import BRANDS_ZH, ENDS, LANDS, SYLLABLES, Land

SOURCES = {"crm": 0.8, "erp": 0.7, "finance": 0.6}  # how likely a company is in it
TWICE = {"crm": 0.08, "erp": 0.02, "finance": 0.03}  # how likely it is in it twice
COLUMNS = (
    "key", "name", "legal_name", "name_zh", "vat", "registration", "website", "email", "phone", "street", "postal_code",
    "city", "country", "iban", "parent",
)  # fmt: skip
MAPPING = """stream = "{source}"
model = "customer"
ignore = ["key"]
[fields]
kind = {{ value = "company" }}
name = "name"
legal_name = "legal_name"
"names.zh" = "name_zh"
"identifiers.vat" = "vat"
"identifiers.registration" = "registration"
website = "website"
"emails.main" = {{ theirs = "email", as = "email", bad = "skip" }}
"phones.main" = {{ theirs = "phone", as = "phone", bad = "skip" }}
"addresses.main.street" = "street"
"addresses.main.postal_code" = "postal_code"
"addresses.main.city" = "city"
"addresses.main.country" = {{ theirs = "country", as = "country", bad = "skip" }}
"bank_accounts.main" = "iban"
parent = {{ theirs = "parent", link = "{source}" }}
"""
CONNECTION = """
[connections.{source}]
connector = "files"
folder = "${{HUB_PROJECT}}"
[connections.{source}.streams.{source}]
path = "{source}.csv"
model = "customer"
key = "key"
"""


class Company(NamedTuple):
    """One real company: the best of what anyone could know of it."""

    id: int
    group: int | None  # id of the company at its head; its own at the head itself; None: it stands alone
    stem: str  # what two namesakes have in common
    land: Land
    record: Record
    old: Record  # where it was before it moved: street, postal_code, city, phone
    phone_of: str  # the phone of its accountant, or of the building it is in


class Truth(NamedTuple):
    """What a record is of, and what makes it hard."""

    source: str
    key: str
    company: int
    group: int | None
    stem: str
    office: str  # whose phone it shows, where that is not its own
    kinds: tuple[str, ...]


def companies(count: int, seed: int) -> Iterator[Company]:
    """Make that many companies: most stand alone, one in nine belongs to a group, one in twenty has a namesake in town."""
    rng = Random(seed)
    offices: dict[str, list[str]] = {}
    weights = [land.share for land in LANDS]
    id, taken = 0, set()
    while id < count:
        land = rng.choices(LANDS, weights)[0]
        one = _company(rng, id, land, offices, taken)
        yield one
        id += 1
        draw = rng.random()
        if draw < 0.035:
            for branch in _branches(rng, one, id, offices, taken):
                if id < count:
                    yield branch
                    id += 1
        elif draw < 0.085 and id < count:
            yield _namesake(rng, one, id, offices)
            id += 1


def _company(rng: Random, id: int, land: Land, offices: dict[str, list[str]], taken: set[str]) -> Company:
    for _ in range(50):  # a register refuses a name that is taken; a namesake is made on purpose
        stem, zh, english = _stem(rng, land)
        if stem not in taken:
            break
    taken.add(stem)
    forms = rng.choices(land.forms, range(len(land.forms), 0, -1))[0]
    form = forms[0]
    record = blank()
    if land.code == "CN":
        record |= {"legal_name": zh + form, "name": f"{english} Co., Ltd.", "name_zh": zh + form}
    else:
        record |= {"legal_name": f"{stem} {form}", "name": f"{stem} {form}", "name_zh": ""}
    record |= _place(rng, land, offices)
    site = "".join(c for c in _ascii(english if land.code == "CN" else stem) if c.isalnum())[:22]
    site = f"{site}{rng.choice(('', '', '', '-' + land.code.lower()))}.{land.domain}"
    record |= {
        "website": f"https://www.{site}", "vat": tax_number(rng, land.code), "registration": str(rng.randrange(10**5, 10**7)),
        "email": f"{rng.choice(('info', 'office', 'kontakt', 'mail', 'sales'))}@{site}", "iban": iban(rng, land.code),
        "country": land.code,
    }  # fmt: skip
    old = _place(rng, land, offices)
    office = rng.choice(offices[record["city"]]) if rng.random() < 0.06 else ""
    return Company(id, None, stem, land, record, old, office)


def _stem(rng: Random, land: Land) -> tuple[str, str, str]:
    """A name without its form, and for Chinese companies their Chinese and English names."""
    trade, _, english = rng.choice(land.trades)
    if land.code == "CN":
        city = rng.choice(land.cities)
        brand = rng.sample(sorted(BRANDS_ZH), 2)
        reading = BRANDS_ZH[brand[0]] + BRANDS_ZH[brand[1]].lower()
        zh = f"{city[0]}{''.join(brand)}{trade}"
        return zh, zh, f"{city[1]} {reading} {english}"
    draw = rng.random()
    family = rng.choice(land.families)
    if draw < 0.3:
        stem = f"{family} {trade}"
    elif draw < 0.4:
        sons = {"DE": "Söhne", "AT": "Söhne", "FR": "Fils", "IT": "Figli", "NL": "Zonen", "DK": "Sønner"}.get(
            land.code, "Sons"
        )
        stem = f"{family} & {sons} {trade}"
    elif draw < 0.48:
        stem = f"{family} & {rng.choice(land.families)} {trade}"
    elif draw < 0.53 and land.code in ("DE", "AT"):
        stem = f"Gebrüder {family} {trade}"
    elif draw < 0.6:
        stem = f"{trade} {rng.choice(land.cities)[0]} {family}"
    elif draw < 0.7:
        stem = f"{family}{rng.choice(('tec', 'plan', 'werk', 'line', 'pro', 'soft'))} {trade}"
    else:
        brand = "".join(rng.choices(SYLLABLES, k=rng.choice((1, 2, 2)))) + rng.choice(ENDS)
        stem = f"{brand.capitalize()} {trade}"
    return stem, "", stem


def _place(rng: Random, land: Land, offices: dict[str, list[str]]) -> Record:
    city, _, code, area = rng.choice(land.cities)
    street, number = rng.choice(land.streets)[0], rng.randrange(1, 190)
    suffix = rng.choice(("", "", "", "", "a", "b", f"-{number + 2}"))
    if land.code == "CN":
        line = f"{street}{number}号"
    elif land.code in ("FR", "GB", "US"):
        line = f"{number}{suffix} {street}"
    else:
        line = f"{street}{',' if land.code == 'IT' else ''} {number}{suffix}"
    figures = max(0, land.code_length - len(code))
    postal = code + "".join(rng.choices("0123456789", k=figures))
    postal = (
        f"{code}{rng.randrange(1, 20)} {rng.randrange(1, 10)}{rng.choice('ABDE')}{rng.choice('HJLN')}"
        if land.code == "GB"
        else postal
    )
    postal = f"{postal} {rng.choice('ABCDEK')}{rng.choice('ABCDEK')}" if land.code == "NL" else postal
    if city not in offices:  # the accountants and office buildings of a city
        offices[city] = [_phone(rng, land, area) for _ in range(6)]
    return {"street": line, "postal_code": postal, "city": city, "phone": _phone(rng, land, area)}


def _phone(rng: Random, land: Land, area: str) -> str:
    rest = {"1": 7, "45": 6, "33": 8, "31": 9 - len(area), "86": 8, "44": 10 - len(area)}.get(land.dial, 7)
    return f"+{land.dial} {area} {rng.choice('23456789')}{''.join(rng.choices('0123456789', k=rest - 1))}"


def _branches(rng: Random, head: Company, id: int, offices: dict[str, list[str]], taken: set[str]) -> Iterator[Company]:
    """Companies of one group: own register entry, own tax number, often the head's web site, address or telephone."""
    land, base = head.land, head.record
    for number in range(rng.randrange(1, 5)):
        place = _place(rng, land, offices)
        if land.code == "CN":
            added, english = rng.choice(
                (("销售", "Sales"), ("服务", "Service"), ("投资", "Investment"), ("物流", "Logistics"))
            )
            stem = head.stem + added
            name = {"legal_name": f"{stem}有限公司", "name_zh": f"{stem}有限公司"}
            name["name"] = base["name"].replace(" Co., Ltd.", f" {english} Co., Ltd.")
        else:
            words = {
                "DE": ("Vertriebs", "Service", "Verwaltungs", "Beteiligungs"),
                "AT": ("Vertriebs", "Service", "Immobilien"),
            }
            added = rng.choice((*words.get(land.code, ("Services", "Sales", "Finance", "Holding")), place["city"]))
            stem = f"{head.stem} {added}"
            form = rng.choice(land.forms)[0]
            name = {"legal_name": f"{stem} {form}", "name": f"{stem} {form}", "name_zh": ""}
        if stem in taken:
            continue
        taken.add(stem)
        if rng.random() < 0.4:
            place |= {key: base[key] for key in ("street", "postal_code", "city")}
        if rng.random() < 0.3:
            place["phone"] = base["phone"]
        record = base | place | name | {
            "vat": tax_number(rng, land.code), "registration": str(rng.randrange(10**5, 10**7)), "iban": iban(rng, land.code),
        }  # fmt: skip
        if rng.random() < 0.5:
            record["email"] = f"{rng.choice(('sales', 'service', 'invoice'))}{number}@{base['email'].partition('@')[2]}"
        yield Company(id, head.id, stem, land, record, _place(rng, land, offices), "")
        id += 1


def _namesake(rng: Random, other: Company, id: int, offices: dict[str, list[str]]) -> Company:
    """Another company of the same name in the same town: another owner, street, telephone, tax number."""
    land = other.land
    place = _place(rng, land, offices) | {key: other.record[key] for key in ("city",)}
    form = rng.choice(land.forms)[0]
    own = f"{''.join(rng.choices('abcdefghiklmnoprstuvw', k=6))}.{land.domain}"
    record = other.record | place | {
        "vat": tax_number(rng, land.code), "registration": str(rng.randrange(10**5, 10**7)), "iban": iban(rng, land.code),
        "website": f"https://www.{own}", "email": f"info@{own}",
    }  # fmt: skip
    if land.code != "CN":
        record |= {"name": f"{other.stem} {form}", "legal_name": f"{other.stem} {form}"}
    return Company(id, None, other.stem, land, record, _place(rng, land, offices), "")


def _ascii(text: str) -> str:
    for of, to in {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "ø": "oe",
        "å": "aa",
        "é": "e",
        "è": "e",
        "â": "a",
        "É": "e",
        "&": "",
    }.items():
        text = text.replace(of, to)
    return text.lower().encode("ascii", "ignore").decode()


def records(count: int, seed: int) -> Iterator[tuple[Truth, Record]]:
    """The records of all systems with their truth, company by company."""
    rng = Random(seed * 7919 + 17)
    heads: dict[tuple[str, int], str] = {}  # the head's key in each system
    numbers = dict.fromkeys(SOURCES, 0)
    for company in companies(count, seed):
        places = [source for source, share in SOURCES.items() if rng.random() < share] or [rng.choice(list(SOURCES))]
        places += [source for source in places if rng.random() < TWICE[source]]
        for source in places:
            numbers[source] += 1
            key = f"{source[0].upper()}{numbers[source]:07d}"
            record, kinds = messy(rng, source, company)
            record["key"] = key
            heads.setdefault((source, company.id), key)
            if company.group is not None and rng.random() < 0.6:
                record["parent"] = heads.get((source, company.group), "")
            office = company.phone_of if "shared_phone" in kinds else ""
            if company.group is not None:
                kinds = (*kinds, "branch")
            yield Truth(source, key, company.id, company.group, company.stem, office, kinds), record


def relation(one: Truth, other: Truth) -> str:
    """What two records have to do with each other: same, branch, namesake, shared_phone or stranger."""
    if one.company == other.company:
        return "same"
    heads = {truth.company if truth.group is None else truth.group for truth in (one, other)}
    if len(heads) == 1:
        return "branch"
    if one.stem == other.stem:
        return "namesake"
    return "shared_phone" if one.office and one.office == other.office else "stranger"


def write(folder: Path, count: int, seed: int) -> dict[str, int]:
    """Write the systems' files, the truth and a project into a folder; return how many records each has."""
    folder.mkdir(parents=True, exist_ok=True)
    written = dict.fromkeys(SOURCES, 0)
    files = {name: (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") for name in (*SOURCES, "truth")}
    try:
        sheets = {name: csv.DictWriter(files[name], COLUMNS, lineterminator="\n") for name in SOURCES}
        for sheet in sheets.values():
            sheet.writeheader()
        truths = csv.writer(files["truth"], lineterminator="\n")
        truths.writerow(Truth._fields)
        for truth, record in records(count, seed):
            sheets[truth.source].writerow(record)
            truths.writerow([*(x if x is not None else "" for x in truth[:-1]), " ".join(truth.kinds)])
            written[truth.source] += 1
    finally:
        for file in files.values():
            file.close()
    (folder / "mappings").mkdir(exist_ok=True)
    for source in SOURCES:
        (folder / f"mappings/files.{source}.toml").write_text(MAPPING.format(source=source), encoding="utf-8")
    connections = "".join(CONNECTION.format(source=source) for source in SOURCES)
    (folder / "hub.toml").write_text(f'[hub]\nstore = "sqlite:///hub.db"\n{connections}', encoding="utf-8")
    return written


def read(folder: Path) -> dict[tuple[str, str], Truth]:
    """The truth of a folder by (source, key)."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        return {
            (row["source"], row["key"]): Truth(
                row["source"], row["key"], int(row["company"]), int(row["group"]) if row["group"] else None,
                row["stem"], row["office"], tuple(row["kinds"].split()),
            )
            for row in csv.DictReader(file)
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=10_000, help="companies; records are about 2.2 times as many")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for source, number in write(given.folder, given.count, given.seed).items():
        print(f"{source}.csv: {number} records")


if __name__ == "__main__":
    main()
