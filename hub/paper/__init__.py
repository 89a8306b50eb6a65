"""Paper: documents for people, from one small model of a document to PDF, and from its tables to CSV and XLSX.

document = Document("Statement of account", (Facts((("Customer", "Łódź Ő GmbH"),)), Table(...)))
pdf(document) -> bytes        the same document gives the same bytes
csv(table), xlsx([table])     the same tables for a spreadsheet
"""

from hub.paper.document import (
    Block,
    Column,
    Document,
    Facts,
    Heading,
    PageBreak,
    Paragraph,
    Signatures,
    Table,
)

__all__ = ["Block", "Column", "Document", "Facts", "Heading", "PageBreak", "Paragraph", "Signatures", "Table"]
