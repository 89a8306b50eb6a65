"""`token_key`: the key that seals tokens which change with their use, and those it has replaced."""

from __future__ import annotations

import base64

from hub.errors import ConfigError
from hub.secret import Secret

ALPHABET = str.maketrans("-_", "+/")  # both ways of writing base64 are taken


def sealing_keys(text: Secret) -> list[bytes]:
    """The keys of `token_key`, 32 bytes each, the one that seals first. Raises ConfigError, which does not repeat them."""
    try:
        found = [base64.b64decode(one.translate(ALPHABET), validate=True) for one in text.reveal().split()]
    except ValueError:
        found = []
    if not found or any(len(one) != 32 for one in found):
        raise ConfigError(
            "is no key: it must be 32 bytes in base64, as `openssl rand -base64 32` prints them; "
            "several have a blank between them"
        )
    return found
