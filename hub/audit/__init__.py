"""The audit log is append-only, and each entry carries the hash of the one before."""

from hub.audit.log import Broken, Entry, append, entries, head, now, verify

__all__ = ["Broken", "Entry", "append", "entries", "head", "now", "verify"]
