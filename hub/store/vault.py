"""Tokens that change with their use, kept for all machines that share a store.

With SQLite, which serves one machine, they stay in a folder beside the project. With PostgreSQL they are a table,
sealed by `token_key` of hub.toml, so that neither a dump nor a replica of the database shows one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hub.config.project import Project
from hub.config.tokens import sealing_keys
from hub.connect.vault import FileVault, Vault
from hub.errors import Busy, ConfigError
from hub.secret import Secret
from hub.store.store import Store
from hub.store.tables import token

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

FOLDER = Path(".hub") / "tokens"
PATIENCE = 120.0  # seconds to wait for a lock; more than a token request may take


def vault(project: Project) -> Vault:
    """Where a project's rotating tokens are kept; nothing is opened before the first one is asked for."""
    folder = FileVault(project.root / FOLDER)
    url = project.store.reveal()
    return StoreVault(Secret(url), project.token_key, folder) if url.startswith("postgresql") else folder


class StoreVault:
    """A vault in the database, values sealed; what a folder has kept so far is taken over at its first use."""

    def __init__(
        self, url: Secret, key: Secret | None, folder: FileVault | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._url = url
        self._key = key
        self._folder = folder
        self.patience = patience
        self._opened: Store | None = None

    def get(self, name: str) -> str | None:
        """The text last put under the name. Raises ConfigError where the key does not open it."""
        with self._store.read() as tx:
            rows = tx.rows("SELECT sealed FROM token WHERE name = ?", name)
        if rows:
            return self._open(name, rows[0][0])
        found = self._folder.get(name) if self._folder else None
        if found is not None and self._folder is not None:
            self.put(name, found)
            self._folder.forget(name)
        return found

    def put(self, name: str, value: str) -> None:
        """Keep the text, sealed, in a transaction of its own: not even a dry run undoes it."""
        sealed = self._cipher().encrypt(f"{name}\n{value}".encode()).decode()
        with self._store.begin(count=False) as tx:
            tx.upsert(token, ("name", "sealed"), [(name, sealed)])

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the name alone across machines: an advisory lock, which the server frees when its holder is gone.

        It hangs on a transaction, so that poolers pass it on, and a holder that fell silent loses it.
        """
        from psycopg import OperationalError
        from psycopg.errors import LockNotAvailable

        self._cipher()
        number = int.from_bytes(hashlib.blake2b(f"hub token {name}".encode(), digest_size=8).digest(), signed=True)
        milliseconds = int(self.patience * 1000)
        held = ExitStack()
        tx = held.enter_context(self._store.begin(count=False))
        try:
            tx.run(f"SET LOCAL lock_timeout = {milliseconds}")
            tx.run(f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}")
            tx.run("SELECT pg_advisory_xact_lock(?)", number)
            yield
        except LockNotAvailable:
            raise Busy(
                f"{name}: another process has held its token for {self.patience:g} s; "
                "see what it waits for (pg_locks shows who), end it, and try again"
            ) from None
        finally:
            with suppress(OperationalError):  # lost meanwhile: what was put is kept all the same
                held.close()

    @property
    def _store(self) -> Store:
        if self._opened is None:
            self._opened = Store.open(self._url.reveal())
        return self._opened

    def _open(self, name: str, sealed: str) -> str:
        from cryptography.fernet import InvalidToken

        try:
            whose, _, text = self._cipher().decrypt(sealed).decode().partition("\n")
        except InvalidToken:
            whose, text = "", ""
        if whose != name:
            raise ConfigError(
                f"{name}: its token was sealed with another key; write that one behind the new one in token_key, a blank "
                f"between them. If it is lost: DELETE FROM token WHERE name = '{name}', and authorise {name} again"
            )
        return text

    def _cipher(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        if self._key is None:
            raise ConfigError(
                "tokens that change are kept in the store, and never in the open: set HUB_TOKEN_KEY to what "
                '`openssl rand -base64 32` prints, and write under [hub]: token_key = "${HUB_TOKEN_KEY}"'
            )
        return MultiFernet([Fernet(base64.urlsafe_b64encode(one)) for one in sealing_keys(self._key)])
