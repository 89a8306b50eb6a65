"""Reads a bank's file whatever its format: which one it is, its content says, never its name."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace

from hub.config.statements import Account, Dialect, Statements
from hub.finance.bank.bai2 import bai2
from hub.finance.bank.camt import camt
from hub.finance.bank.mt import mt
from hub.finance.bank.ofx import ofx
from hub.finance.bank.statement import Problem, Reading, Statement
from hub.finance.bank.table import columns, rows_of, table
from hub.finance.bank.values import IBAN
from hub.finance.bank.values import account as plain

MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SOME = 4096


def read(data: bytes, settings: Statements, name: str | None = None) -> Reading:
    """Read one file; `name` is the account it is of, where a person said so.

    Accounts get the number that hub.toml gives them, whatever the bank calls them.
    """
    account = (known(settings, name) or Account(plain(name) or name)) if name else None
    form = form_of(data)
    if form == "camt":
        reading = camt(data)
    elif form == "nothing":
        reading = Reading().refuse("is empty" if not data.strip() else "is no text: it holds zero bytes", 1)
    elif form == "csv":
        reading = _csv(data, settings, account)
    else:
        text, remark = decoded(data, account, settings)
        reading = {"ofx": ofx, "bai2": bai2, "mt": mt}[form](text)
        if remark:
            reading.statements = [replace(s, problems=(*s.problems, remark)) for s in reading.statements]
    reading.statements = [_ours(statement, settings, account) for statement in reading.statements]
    return reading


def form_of(data: bytes) -> str:
    """camt, ofx, bai2, mt, csv, or nothing."""
    head = data[:SOME]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = data[: 2 * SOME].decode("utf-16", "replace").encode()
    head = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not head or b"\0" in head.replace(b"\x01", b""):
        return "nothing"
    if re.match(rb"OFXHEADER|<\?OFX|<OFX>", head, re.IGNORECASE) or (
        head.startswith(b"<") and b"<OFX>" in head.upper()
    ):
        return "ofx"
    if head.startswith(b"<"):
        return "camt"
    if re.match(rb"01,[^\r\n]*,", head) and re.search(rb"(?:^|\n)02,", head):
        return "bai2"
    if re.search(rb"(?:^|\n|\r|\x01|\{4:\r?\n?):20:", head) and re.search(
        rb":(?:25|28C?|60[FM]|61):", data[: 4 * SOME]
    ):
        return "mt"
    if re.match(rb":(?:25|28C?|60[FM]|61|86):", head):
        return "mt"
    return "csv"


def decoded(data: bytes, account: Account | None, settings: Statements) -> tuple[str, Problem | None]:
    """The text of a file that does not say its encoding: UTF-8, what the account's settings say, else Windows-1252."""
    if data.startswith(MARKS):
        return data.decode("utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-16", "replace"), None
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    charset = re.search(rb"\bCHARSET:\s*(\d{3,4})", data[:SOME])
    named = account.encoding if account else None
    if named is None:
        found = {a.encoding for a in settings.accounts.values() if a.encoding and _mentions(data, a)}
        named = found.pop() if len(found) == 1 else f"cp{charset[1].decode()}" if charset else None
    if named:
        try:
            return data.decode(named), None
        except (UnicodeDecodeError, LookupError):
            return data.decode("cp1252", "replace"), Problem(f"holds bytes that are no {named}", line)
    words = "is no UTF-8 and was read as Windows-1252; say what it is with encoding in [finance.accounts]"
    return data.decode("cp1252", "replace"), Problem(words, line, fault=False)


def known(settings: Statements, number: str | None) -> Account | None:
    """The account of hub.toml that a bank calls so."""
    bare = plain(number)
    if bare is None:
        return None
    for account in settings.accounts.values():
        if bare in (account.number, *account.aliases):
            return account
    return None


def _mentions(data: bytes, account: Account) -> bool:
    return any(number and number.encode() in data for number in (account.number, *account.aliases))


def _ours(statement: Statement, settings: Statements, said: Account | None) -> Statement:
    """The statement under the number its account has in hub.toml."""
    found = said or known(settings, statement.account)
    if found is None:
        if statement.account is None:
            problem = Problem("names no account; say which it is with --account", statement.line)
            return replace(statement, problems=(*statement.problems, problem))
        return statement
    problems = statement.problems
    if said is not None and statement.account and _other(statement.account, said, settings):
        words = f"is of the account {statement.account}, and not of {said.number}"
        problems = (*problems, Problem(words, statement.line))
    if found.currency and statement.currency and found.currency != statement.currency:
        words = f"is in {statement.currency}, and the account in {found.currency}"
        problems = (*problems, Problem(words, statement.line))
    return replace(statement, account=found.number, problems=problems)


def _other(number: str, said: Account, settings: Statements) -> bool:
    """Whether a number in a file is certainly not that of the account: it is another known one, or another IBAN."""
    if number in (said.number, *said.aliases):
        return False
    return known(settings, number) is not None or bool(IBAN.fullmatch(number) and IBAN.fullmatch(said.number))


def _csv(data: bytes, settings: Statements, account: Account | None) -> Reading:
    reading = Reading()
    chosen = [account] if account and account.csv else _fitting(data, settings) if account is None else []
    if len(chosen) != 1:
        head = data[:60].decode("utf-8", "replace").splitlines()[:1]
        if len(chosen) > 1:
            names = ", ".join(found.number for found in chosen)
            return reading.refuse(f"is a CSV file that could be of {names}: say which with --account", 1)
        words = "no dialect is saved that fits: look at it with hub statements preview, which proposes one"
        return reading.refuse(
            f"is of no format of banks but perhaps CSV (it begins with {head[0] if head else ''!r}), and {words}", 1
        )
    own, dialect = chosen[0], chosen[0].csv or Dialect({})
    try:
        text = data.decode(dialect.encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return reading.refuse(f"holds bytes that are no {dialect.encoding}; mend encoding in the account's csv", line)
    reading = table(text, dialect, own.currency)
    if "account" not in dialect.columns or len(_fitting(data, settings)) == 1:
        reading.statements = [replace(s, account=s.account or own.number) for s in reading.statements]
    return reading


def _fitting(data: bytes, settings: Statements) -> list[Account]:
    """The accounts whose saved dialect has all its columns in this file; of equal dialects the file must say whose."""
    fits: list[Account] = []
    for account in settings.accounts.values():
        if account.csv is None or not account.csv.header:
            continue
        text = data.decode(account.csv.encoding, "replace")
        try:
            rows = rows_of(text, account.csv)
            columns(rows[0][1] if rows else [], account.csv)
        except ValueError:
            continue
        fits.append(account)
    if len(fits) > 1 and all(a.csv == fits[0].csv and "account" in a.csv.columns for a in fits if a.csv):
        return fits[:1]  # the rows name their account
    return fits
