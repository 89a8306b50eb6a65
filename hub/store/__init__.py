"""Tables, transactions and migrations; the only room that knows SQL."""

from hub.store.store import Store
from hub.store.tx import Tx

__all__ = ["Store", "Tx"]
