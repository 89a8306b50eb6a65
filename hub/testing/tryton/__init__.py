"""A real Tryton ERP for tests and the demo: started on loopback, with a company in it and people who use it."""

from hub.testing.tryton.people import MissedError, People
from hub.testing.tryton.server import Access, TrytonServer, prepare

__all__ = ["Access", "MissedError", "People", "TrytonServer", "prepare"]
