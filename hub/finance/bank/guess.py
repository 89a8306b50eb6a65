"""Proposes how a CSV file of a bank is to be read, for a person to check and save: nothing is imported by a guess."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from io import StringIO

from hub.config.statements import Dialect

LINES = 200
NAMES: Mapping[str, Sequence[str]] = {
    "booked": ("booking date", "buchungstag", "buchungsdatum", "boekdatum", "posting date", "date posted", "transaction date",
               "date opération", "date operation", "fecha", "datum", "date", "data"),
    "value": ("value date", "valuta", "valutadatum", "wertstellung", "rentedatum", "date valeur", "fecha valor"),
    "amount": ("amount", "betrag", "umsatz", "bedrag", "montant", "importe", "importo", "betrag (eur)", "amount (eur)"),
    "credit": ("credit", "haben", "gutschrift", "crédit", "paid in", "deposit", "bij", "einzahlung"),
    "debit": ("debit", "soll", "belastung", "débit", "paid out", "withdrawal", "af", "auszahlung"),
    "sign": ("soll/haben", "s/h", "d/c", "debit/credit", "credit/debit", "af bij", "dr/cr", "kennzeichen"),
    "currency": ("currency", "währung", "waehrung", "ccy", "munt", "devise", "valuta code", "muntsoort"),
    "balance": ("balance", "saldo", "running balance", "kontostand", "solde", "saldo nach buchung"),
    "party": ("counterparty", "name", "beguenstigter/zahlungspflichtiger", "auftraggeber/empfänger", "payee", "naam",
              "auftraggeber / begünstigter", "zahlungsempfänger", "tegenpartij", "counterparty name"),
    "party_account": ("counterparty iban", "iban counterparty", "kontonummer/iban", "tegenrekening", "counterparty account"),
    "text": ("description", "details", "verwendungszweck", "buchungstext", "omschrijving", "memo", "libellé", "text",
             "reference text", "mededelingen", "narrative"),
    "reference": ("reference", "ref", "transaction id", "transaktions-id", "bank reference", "referenz", "transactie id"),
    "end_to_end": ("end-to-end", "end to end id", "kundenreferenz (end-to-end)", "endtoendid"),
    "account": ("account", "iban", "konto", "account number", "rekening", "auftragskonto", "iban auftragskonto"),
}  # fmt: skip


def guess(data: bytes) -> tuple[Dialect | None, list[str]]:
    """A dialect that fits, None where no day or no amount is found; and what a person has to check."""
    encoding, doubts = _encoding(data)
    lines = data.decode(encoding, "replace").splitlines()[:LINES]
    delimiter = max(";,\t|", key=lambda sign: _steady(lines, sign))
    rows = list(csv.reader(StringIO("\n".join(lines)), delimiter=delimiter))
    at = next(
        (number for number, row in enumerate(rows) if _known(row).keys() >= {"booked"} and len(_known(row)) > 1), None
    )
    if at is None:
        return None, ["no line names a column for the booking day and one for the amount"]
    columns = _known(rows[at])
    if "amount" not in columns and not {"credit", "debit"} <= columns.keys():
        return None, ["no column for the amount was found"]
    body = [row for row in rows[at + 1 :] if len(row) == len(rows[at])]
    places = {name: rows[at].index(theirs) for name, theirs in columns.items()}
    order, doubt = _order([row[places["booked"]] for row in body])
    doubts += doubt
    amounts = [row[places[name]] for row in body for name in ("amount", "credit", "debit", "balance") if name in places]
    decimal, thousands, doubt = _signs(amounts)
    doubts += doubt
    found = {name: (theirs,) for name, theirs in columns.items()}
    return Dialect(found, encoding, delimiter, '"', decimal, thousands, order, at), doubts


def toml(dialect: Dialect, account: str) -> str:
    """The dialect as a person saves it in hub.toml."""
    lines = [f'[finance.accounts."{account}".csv]']
    lines += [f'{key} = "{value}"' for key, value in (("encoding", dialect.encoding),
              ("delimiter", dialect.delimiter.replace("\t", "\\t")), ("decimal", dialect.decimal),
              ("thousands", dialect.thousands), ("date", dialect.order))]  # fmt: skip
    lines.append(f"skip = {dialect.skip}")
    lines += ["", f'[finance.accounts."{account}".csv.columns]']
    lines += [f'{name} = "{theirs[0].replace(chr(34), chr(92) + chr(34))}"' for name, theirs in dialect.columns.items()]
    return "\n".join(lines)


def _encoding(data: bytes) -> tuple[str, list[str]]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", []
    try:
        data.decode()
    except UnicodeDecodeError:
        return "cp1252", ["the encoding is no UTF-8; Windows-1252 is assumed: look at the accents"]
    return "utf-8-sig", []


def _steady(lines: Sequence[str], sign: str) -> int:
    """How many lines agree on their number of delimiters, counted by how many those are."""
    counts = Counter(line.count(sign) for line in lines if line.count(sign))
    return max((count * number for number, count in counts.items()), default=0)


def _known(row: Sequence[str]) -> dict[str, str]:
    """Our columns by the names that a row of them holds, the likeliest name first."""
    found: dict[str, str] = {}
    plain = {cell.strip().casefold(): cell for cell in row if cell.strip()}
    for ours, names in NAMES.items():
        theirs = next((plain[name] for name in names if name in plain and plain[name] not in found.values()), None)
        if theirs is not None:
            found[ours] = theirs
    return found


def _order(days: Sequence[str]) -> tuple[str, list[str]]:
    parts = [re.findall(r"\d+", day) for day in days if day.strip()]
    parts = [part for part in parts if len(part) >= 3]
    if any(len(part[0]) == 4 for part in parts):
        return "ymd", []
    if any(int(part[0]) > 12 for part in parts):
        return "dmy", []
    if any(int(part[1]) > 12 for part in parts):
        return "mdy", []
    return "dmy", ["whether the day or the month stands first cannot be seen from these days: check date"]


def _signs(amounts: Sequence[str]) -> tuple[str, str, list[str]]:
    """The decimal sign is the last one in amounts that have two kinds, or that leaves two digits behind it."""
    plain = [re.sub(r"[^\d.,]", "", amount) for amount in amounts]
    for amount in plain:
        if "." in amount and "," in amount:
            last = max(amount.rfind("."), amount.rfind(","))
            return amount[last], ",."[amount[last] == ","], []
    for sign in ",.":
        if any(re.search(rf"\{sign}\d{{1,2}}$", amount) for amount in plain):
            return sign, "", []
    return ".", "", ["no amount shows which sign parts the decimals: check decimal"] if plain else []
