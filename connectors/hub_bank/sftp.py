"""A bank's server over SFTP: the host is known by its key, or nothing is read."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

from hub.connect import ConfigError, Secret, Unauthorized, Unavailable
from hub_bank.places import Found, wanted

if TYPE_CHECKING:
    import paramiko

PATIENCE = 30.0


class Sftp:
    """A folder on a server. `known_host` is a line as in known_hosts without the host: `ssh-ed25519 AAAA...`."""

    def __init__(
        self, host: str, port: int, user: str, password: Secret | None, key: Secret | None, known_host: str,
        folder: str, pattern: str,
    ) -> None:  # fmt: skip
        self.host, self.port, self.user, self.folder, self.pattern = host, port, user, folder, pattern
        self._password, self._key = password, key
        self.known_host = known_host
        self._transport: paramiko.Transport | None = None
        self._client: paramiko.SFTPClient | None = None

    def files(self) -> Iterator[Found]:
        """All files, by name."""
        listed = self._ask(lambda client: client.listdir_attr(self.folder))
        for one in sorted(listed, key=lambda item: str(item.filename)):
            if stat.S_ISREG(one.st_mode or 0) and wanted(one.filename, self.pattern):
                yield Found(one.filename, one.st_size or 0, one.st_mtime or 0)

    def read(self, file: Found, limit: int) -> bytes | None:
        """The content; nothing beyond the limit is asked for."""
        if file.size > limit:
            return None

        def fetch(client: paramiko.SFTPClient) -> bytes:
            with client.open(f"{self.folder.rstrip('/')}/{file.name}", "rb") as stream:
                stream.prefetch(min(file.size, limit))
                return stream.read(limit + 1)

        data: bytes = self._ask(fetch)
        return None if len(data) > limit else data

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()
        self._transport = self._client = None

    def _ask(self, act: Any) -> Any:
        """Do something over the connection."""
        try:
            import paramiko
        except ModuleNotFoundError:
            raise ConfigError("SFTP needs the extra sftp: pip install 'hub[sftp]'") from None
        try:
            return act(self._connected())
        except (paramiko.SSHException, OSError, EOFError) as error:
            self.close()
            raise Unavailable(f"{self.host}: {self.folder}: {error or type(error).__name__}") from None

    def _connected(self) -> paramiko.SFTPClient:
        """The open connection, made at first use and trusted by its host key before anything is said."""
        import paramiko

        if self._client is not None:
            return self._client
        try:
            line = socket.create_connection((self.host, self.port), PATIENCE)
            transport = self._transport = paramiko.Transport(line)
            transport.banner_timeout = transport.auth_timeout = PATIENCE
            options, kind = transport.get_security_options(), self.known_host.split()[0]
            kinds = ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)
            if set(kinds) <= set(options.key_types):
                options.key_types = kinds  # a server with several keys is to show the one we know
            transport.start_client(timeout=PATIENCE)
        except (paramiko.SSHException, OSError, EOFError) as error:
            self.close()
            raise Unavailable(f"{self.host}:{self.port}: does not answer ({error or type(error).__name__})") from None
        shown = transport.get_remote_server_key()
        if f"{shown.get_name()} {shown.get_base64()}" != " ".join(self.known_host.split()[:2]):
            self.close()
            raise Unauthorized(
                f"{self.host}: shows the host key {shown.get_name()} {shown.get_base64()}, which is not known_host in "
                "hub.toml; if the bank confirms the new one, put it there"
            )
        try:
            if self._key is not None:
                transport.auth_publickey(self.user, _private(self._key, self._password))
            else:
                transport.auth_password(self.user, self._password.reveal() if self._password else "")
        except paramiko.SSHException as error:
            self.close()
            raise Unauthorized(f"{self.host}: refused the user {self.user} ({error})") from None
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise Unavailable(f"{self.host}: gives no SFTP")
        client.get_channel().settimeout(PATIENCE)  # type: ignore[union-attr]
        self._client = client
        return client


def _private(key: Secret, password: Secret | None) -> paramiko.PKey:
    """The private key from its text (PEM or OpenSSH), locked by the password where there is one."""
    import paramiko

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(StringIO(key.reveal()), password.reveal() if password else None)
        except (paramiko.SSHException, ValueError, TypeError):
            continue
    raise ConfigError("private_key: is no Ed25519, ECDSA or RSA key, or its password is wrong")
