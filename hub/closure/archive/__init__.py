"""The archive of a business line: a signed, encrypted bag that can be verified and read without the hub."""

from hub.closure.archive.beside import Paper
from hub.closure.archive.classes import CLASSES, class_of
from hub.closure.archive.register import Archive, listed
from hub.closure.archive.restore import Restored, restore
from hub.closure.archive.verify import Verified, known, verify
from hub.closure.archive.write import Order, write

__all__ = [
    "CLASSES",
    "Archive",
    "Order",
    "Paper",
    "Restored",
    "Verified",
    "class_of",
    "known",
    "listed",
    "restore",
    "verify",
    "write",
]
