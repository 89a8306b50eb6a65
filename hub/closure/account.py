"""One statement of account as its customer gets it, PDF, and CSV for who counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.closure.desk import Desk
from hub.closure.letters import called, postal
from hub.closure.papers import asked, lines, sender, stated
from hub.model import Money
from hub.paper import Column, Document, Paragraph, Table
from hub.paper.pdf import pdf
from hub.paper.sheets import csv

COLUMNS = (
    Column("document", "Document", width=2.2),
    Column("issued_on", "Date", "day", 1.2),
    Column("due_on", "Due", "day", 1.2),
    Column("total", "Amount", "money", 1.4),
    Column("open", "Open", "money", 1.4),
    Column("settled", "Settled by the close", width=2.4),
)
BESIDE = (Column("customer", "Customer"), Column("customer_name", "Name"), Column("issued_by", "Issued by"))
"""What the CSV says in each row besides: on paper it stands above them."""


def write(
    desk: Desk,
    stem: Path,
    id: str,
    customer: dict[str, Any],
    rows: list[list[Any]],
    balances: Mapping[str, int],
    version: int,
) -> None:
    """Write one statement, PDF and CSV, beside each other; `stem` is their path without the suffix."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    sums = [["Balance", None, None, None, Money(minor, code), ""] for code, minor in sorted(balances.items())]
    table = Table(COLUMNS, rows, sums or [["Balance", None, None, None, None, ""]], "Documents")
    name, writes = called(customer), sender(desk.plan)
    sheet = Table((*COLUMNS, *BESIDE), [[*row, id, name, writes[0]] for row in rows])
    kind = "Final statement of account" if version == 1 else f"Amended final statement of account (No. {version})"
    title = Document(
        kind,
        (
            stated((
                *lines("From", writes),
                *lines("To", (name, *postal(customer, ("billing", "main", "legal")))),
                ("Business line", desk.line), ("As of", f"{desk.today}, {desk.plan.time_zone}"), ("Statement number", version),
            )),
            table,
            Paragraph(
                "A positive balance is owed to us, a negative one is owed to you. What the close has settled carries the "
                f"name of who decided it. If you do not agree, please tell us: {asked(desk.plan)}"
            ),
        ),
        head=desk.plan.entity, foot=f"{desk.line}: statement {version}",
    )  # fmt: skip
    for suffix, content in ((".pdf", pdf(title)), (".csv", csv(sheet))):
        part = stem.with_name(stem.name + suffix + ".part")
        part.write_bytes(content if isinstance(content, bytes) else content.encode())
        part.replace(stem.with_name(stem.name + suffix))
