"""Signs the claims of a JWT (RFC 7515): HS256 by the standard library, RS256 where `cryptography` is installed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from hub.errors import ConfigError
from hub.secret import Secret


def sign(claims: Mapping[str, Any], key: Secret, algorithm: str = "RS256", key_id: str | None = None) -> Secret:
    """The signed token. Raises ConfigError for a key that cannot be read or an unknown algorithm."""
    header = {"alg": algorithm, "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    signed = b".".join(_text(msgspec.json.encode(part)) for part in (header, claims))
    if algorithm == "HS256":
        signature = hmac.new(key.reveal().encode(), signed, hashlib.sha256).digest()
    elif algorithm == "RS256":
        signature = _rs256(signed, key)
    else:
        raise ConfigError(f"algorithm is {algorithm!r}; there are: RS256, HS256")
    return Secret((signed + b"." + _text(signature)).decode())


def _rs256(signed: bytes, key: Secret) -> bytes:
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
    except ImportError:
        raise ConfigError("signing with RS256 needs the package cryptography: pip install cryptography") from None
    try:
        private = serialization.load_pem_private_key(key.reveal().encode(), password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ConfigError("the key is no private RSA key in PEM form without a password")
    return private.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def _text(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
