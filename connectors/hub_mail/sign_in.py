"""How a mailbox is signed in to: with a password, or with a token by the mechanism XOAUTH2.

Google and Microsoft both want `user=USER^Aauth=Bearer TOKEN^A^A`
(https://developers.google.com/workspace/gmail/imap/xoauth2-protocol).
"""

from __future__ import annotations

import json
from base64 import b64decode

from hub.connect import ConfigError, Secret
from hub.connect.auth import ClientCredentials, GrantAuth, RefreshToken, SignedJwt
from hub.connect.bearer import Bearer
from hub.connect.vault import Vault

MECHANISM = "XOAUTH2"


class SignIn:
    """Who signs in, and by what; `password` and `bearer` are never both there."""

    def __init__(self, user: str, password: Secret | None, bearer: Bearer | None = None) -> None:
        self.user = user
        self.password = None if password is None else Secret(password)
        self.bearer = bearer

    def starred(self, words: str) -> str:
        """The words with stars where the password stands in them; a token is never repeated, since nobody stores it."""
        return self.password.starred(words) if self.password else words

    @property
    def hint(self) -> str:
        """What to look at when it is refused."""
        return "check user and password" if self.bearer is None else "check user, scope and consent of the token"

    def bears(self, token: Secret) -> Bearing:
        """One try with a token."""
        return Bearing(self.user, token)


class Bearing:
    """One try to sign in with a token by XOAUTH2, as imaplib and smtplib both call for it; `said`: why it was refused."""

    def __init__(self, user: str, token: Secret) -> None:
        self.said: list[str] = []
        self._answer = Secret(f"user={user}\1auth=Bearer {token.reveal()}\1\1")

    def __call__(self, challenge: bytes | None = None) -> str:
        """What is sent; a challenge says why the token was refused, and an empty answer ends the talk."""
        if challenge:
            self.said.append(refusal(challenge))
            return ""
        return self._answer.reveal()


def refusal(challenge: bytes | str) -> str:
    """What a server says of a token it refuses: JSON, which some put into base64 once more."""
    text = challenge if isinstance(challenge, str) else challenge.decode("utf-8", "replace")
    if not text.lstrip().startswith("{"):
        try:
            text = b64decode(text, validate=True).decode("utf-8", "replace")
        except ValueError:
            return text.strip()
    try:
        said = json.loads(text)
    except ValueError:
        return text.strip()
    return " ".join(f"{name} {said[name]}" for name in ("status", "error", "error_description") if said.get(name))


def sign_in(
    user: str,
    password: Secret | None,
    token_url: str | None,
    client_id: str | None,
    client_secret: Secret | None,
    refresh_token: Secret | None,
    private_key: Secret | None,
    scope: str | None,
    vault: Vault | None,
    connection: str,
    timeout: float,
) -> SignIn:
    """Choose by what is set. Raises ConfigError where it is too little, or both."""
    if token_url is None:
        if password is None:
            raise ConfigError(
                "password: missing; write it, or token_url with client_id for a mailbox that wants OAuth2"
            )
        return SignIn(user, password)
    if password is not None:
        raise ConfigError("password and token_url: a mailbox is signed in to by one of them; take the other away")
    if client_id is None:
        raise ConfigError("client_id: missing; it goes with token_url")
    auth: GrantAuth
    if private_key is not None:
        auth = SignedJwt(token_url, client_id, private_key, subject=user, scope=scope)
    elif client_secret is None:
        raise ConfigError("client_secret: missing; it goes with token_url, unless private_key is set")
    elif refresh_token is None:
        auth = ClientCredentials(token_url, client_id, client_secret, scope)
    elif vault is None:
        raise ConfigError("refresh_token: there is no place to keep tokens that change")
    else:
        auth = RefreshToken(token_url, client_id, client_secret, vault, connection, first=refresh_token)
    return SignIn(user, None, Bearer(auth, connection, timeout=timeout))
