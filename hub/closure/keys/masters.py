"""The line's key and the signing key: who holds them wraps, unwraps and signs, and never hands them out.

`FileMasters` keeps them as files that only their owner may read. Another place (a key management service, a hardware
module) is another class with the methods of `Masters`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from hub.errors import ConfigError, Unauthorized

SIZE = 32


class Masters(Protocol):
    """What holds the keys that open all others."""

    def has(self, line: str) -> bool:
        """Whether the line has a key."""

    def make(self, line: str) -> None:
        """Make the line's key; one that is there is kept."""

    def wrap(self, line: str, keys: Sequence[bytes]) -> list[bytes]:
        """Encrypt data keys under the line's key (RFC 3394)."""

    def unwrap(self, line: str, wrapped: Sequence[bytes]) -> list[bytes]:
        """Decrypt data keys. Raises Unauthorized where one was wrapped by another key."""

    def destroy(self, line: str) -> None:
        """Destroy the line's key: nothing of the line's archives can be read any more."""

    def sign(self, message: bytes) -> bytes:
        """Sign with the hub's Ed25519 key."""

    def public(self) -> bytes:
        """The public key to the signatures, 32 bytes."""


class FileMasters:
    """Keys as files in one folder, in hexadecimal, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"FileMasters({str(self.folder)!r})"

    def has(self, line: str) -> bool:
        return self._file(line).is_file()

    def make(self, line: str) -> None:
        self._make(self._file(line), "line")

    def wrap(self, line: str, keys: Sequence[bytes]) -> list[bytes]:
        mine = self._read(self._file(line))
        return [aes_key_wrap(mine, key) for key in keys]

    def unwrap(self, line: str, wrapped: Sequence[bytes]) -> list[bytes]:
        mine = self._read(self._file(line)) if wrapped else b""
        try:
            return [aes_key_unwrap(mine, one) for one in wrapped]
        except InvalidUnwrap:
            raise Unauthorized(
                f"{self._file(line)}: this is not the key of the archives of {line}; put back the one they were written with"
            ) from None

    def destroy(self, line: str) -> None:
        file = self._file(line)
        if not file.exists():
            return
        with file.open("r+b", buffering=0) as opened:
            opened.write(b"0" * file.stat().st_size)
            os.fsync(opened.fileno())
        file.unlink()

    def sign(self, message: bytes) -> bytes:
        return self._signing().sign(message)

    def public(self) -> bytes:
        return self._signing().public_key().public_bytes_raw()

    def _signing(self) -> Ed25519PrivateKey:
        file = self.folder / "signing.key"
        if not file.exists() and not (self.folder / "signing.pub").exists():  # else it is lost, and no new one is made
            self._make(file, "signing")
            public = Ed25519PrivateKey.from_private_bytes(self._read(file)).public_key().public_bytes_raw()
            (self.folder / "signing.pub").write_text(public.hex() + "\n")
        return Ed25519PrivateKey.from_private_bytes(self._read(file))

    def _file(self, line: str) -> Path:
        return self.folder / f"line-{quote(line, safe='')}.key"

    def _make(self, file: Path, kind: str) -> None:
        """Write a key that is whole or not there; of two who make it at once, the first counts."""
        if file.exists():
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = file.with_name(f".{file.name}.{os.urandom(8).hex()}")
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
                opened.write(os.urandom(SIZE).hex() + "\n")
                opened.flush()
                os.fsync(opened.fileno())
            try:
                os.link(fresh, file)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        except OSError as error:
            raise ConfigError(f"{file}: cannot write the {kind} key: {error.strerror}") from None

    def _read(self, file: Path) -> bytes:
        try:
            found = file.lstat()
        except FileNotFoundError:
            raise Unauthorized(f"{file}: no such key; bring it back from where its copy is kept") from None
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(f"{file}: must be a plain file, no link")
        if found.st_mode & 0o077:
            raise ConfigError(f"{file}: others may read it; run: chmod 600 {file}")
        text = file.read_text().strip()
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != SIZE:
            raise ConfigError(f"{file}: this is no key of {SIZE} bytes in hexadecimal")
        return key


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is the one of this key for the message."""
    from cryptography.exceptions import InvalidSignature

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
