"""Authentication as httpx auth flows: a token, OAuth2 client credentials, a rotating refresh token, a signed JWT.

A flow is a generator: what it yields is sent by the connector's own client, so a test's transport serves it too.
Basic authentication is httpx's own, `BasicAuth`.
"""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Generator
from typing import Any

import httpx
import msgspec
from httpx import BasicAuth

from hub.connect.grant import Grant, InvalidGrant, granted
from hub.connect.vault import Vault
from hub.errors import Unauthorized
from hub.secret import Secret

Flow = Generator[httpx.Request, httpx.Response, None]
Asking = Generator[httpx.Request, httpx.Response, Grant]


class TokenAuth(httpx.Auth):
    """A token that does not change: `Authorization: Bearer TOKEN`, or another scheme or header."""

    def __init__(self, token: str | Secret, scheme: str = "Bearer", header: str = "Authorization") -> None:
        self._token = Secret(token)
        self.scheme = scheme
        self.header = header

    def auth_flow(self, request: httpx.Request) -> Flow:
        """Put the header on."""
        _authorize(request, self._token, self.scheme, self.header)
        yield request


class GrantAuth(httpx.Auth):
    """The base of flows that fetch a token, keep it until shortly before it ends, and fetch it anew after a 401.

    A 401 is followed by one renewal and one repetition: the request was refused, so it was not carried out.
    """

    requires_response_body = True

    def __init__(
        self,
        token_url: str,
        *,
        scheme: str = "Bearer",
        header: str = "Authorization",
        margin: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.token_url = token_url
        self.scheme = scheme
        self.header = header
        self.margin = margin  # seconds before its end from which on a token counts as ended: clocks differ
        self.clock = clock
        self._grant: Grant | None = None
        self._one = threading.Lock()

    def ask(self, refused: Secret | None) -> Asking:
        """Fetch a grant; `refused` is the token that was answered with 401, if that is why."""
        raise NotImplementedError

    def auth_flow(self, request: httpx.Request) -> Flow:
        """Send the request with a token that should hold, and once more with a new one where it did not."""
        token = yield from self.token(None)
        _authorize(request, token, self.scheme, self.header)
        response = yield request
        if response.status_code == 401:
            token = yield from self.token(token)
            _authorize(request, token, self.scheme, self.header)
            yield request

    def holds(self, grant: Grant | None, refused: Secret | None) -> bool:
        """Whether the grant's token is good for another request."""
        if grant is None or grant.access_token == refused:
            return False
        return grant.expires_at is None or grant.expires_at - self.margin > self.clock()

    def token(self, refused: Secret | None) -> Generator[httpx.Request, httpx.Response, Secret]:
        """A token that should hold and is not the refused one; what is yielded is to be sent to the token endpoint."""
        grant = self._grant
        if grant is not None and self.holds(grant, refused):
            return grant.access_token
        with self._one:  # the other threads wait here and then find the new token
            if self._grant is None or not self.holds(self._grant, refused):
                self._grant = yield from self.ask(refused)
            return self._grant.access_token


class ClientCredentials(GrantAuth):
    """OAuth2 client credentials (RFC 6749, 4.4)."""

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str | Secret,
        scope: str | None = None,
        *,
        basic: bool = False,  # the client's name and secret in a header instead of the body
        **more: Any,
    ) -> None:
        super().__init__(token_url, **more)
        self.client_id = client_id
        self._secret = Secret(client_secret)
        self.scope = scope
        self.basic = basic

    def ask(self, refused: Secret | None) -> Asking:
        """Ask for a token in our own name."""
        response = yield _form(
            self.token_url, self.client_id, self._secret, self.basic, grant_type="client_credentials", scope=self.scope
        )
        return granted(response, self.clock(), (self._secret,))


class RefreshToken(GrantAuth):
    """OAuth2 refresh token (RFC 6749, 6), also one that changes with every use.

    The vault keeps the newest grant under `name`: it is stored before it is used, and one refresh at a time is made
    across threads and processes. `first` is the token a person obtained, used where the vault has none or its own is
    refused.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str | Secret,
        vault: Vault,
        name: str,
        *,
        first: str | Secret | None = None,
        basic: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(token_url, **more)
        self.client_id = client_id
        self._secret = Secret(client_secret)
        self.vault = vault
        self.name = name
        self._first = Secret(first) if first else None
        self.basic = basic

    def ask(self, refused: Secret | None) -> Asking:
        """Refresh, unless another process has just done so."""
        with self.vault.lock(self.name):
            tried: list[Secret] = []
            while True:
                kept = self._kept()
                if kept is not None and self.holds(kept, refused):
                    return kept
                token = next((t for t in (kept and kept.refresh_token, self._first) if t and t not in tried), None)
                if token is None:
                    raise Unauthorized(
                        f"{self.name}: {self.token_url} {'refused the refresh token' if tried else 'needs one'}; "
                        f"authorise the connection again, put the new token into its settings, and run: "
                        f"hub check {self.name}"
                    )
                tried.append(token)
                response = yield _form(
                    self.token_url,
                    self.client_id,
                    self._secret,
                    self.basic,
                    grant_type="refresh_token",
                    refresh_token=token,
                )
                try:
                    grant = granted(response, self.clock(), (self._secret, token))
                except InvalidGrant:
                    continue  # perhaps a process without our lock was faster: look again at what is kept
                if grant.refresh_token is None:
                    grant = msgspec.structs.replace(grant, refresh_token=token)
                self.vault.put(self.name, grant.text())
                return grant

    def _kept(self) -> Grant | None:
        text = self.vault.get(self.name)
        return None if text is None else Grant.of(text)


class SignedJwt(GrantAuth):
    """The JWT bearer grant (RFC 7523): a claim signed with our key is exchanged for a token."""

    def __init__(
        self,
        token_url: str,
        issuer: str,
        key: str | Secret,
        *,
        audience: str | None = None,
        subject: str | None = None,
        scope: str | None = None,
        algorithm: str = "RS256",
        lifetime: float = 300.0,
        key_id: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(token_url, **more)
        self.issuer = issuer
        self._key = Secret(key)
        self.audience = audience or token_url
        self.subject = subject
        self.scope = scope
        self.algorithm = algorithm
        self.lifetime = lifetime
        self.key_id = key_id

    def ask(self, refused: Secret | None) -> Asking:
        """Exchange a fresh claim for a token."""
        from hub.connect.jwt import sign

        now = int(self.clock())
        claims = {"iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + int(self.lifetime)}
        claims |= {name: value for name, value in (("sub", self.subject), ("scope", self.scope)) if value}
        claim = sign(claims, self._key, self.algorithm, self.key_id)
        response = yield httpx.Request(
            "POST",
            self.token_url,
            data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": claim.reveal()},
            headers={"Accept": "application/json"},
        )
        return granted(response, self.clock(), (claim,))


def _authorize(request: httpx.Request, token: Secret, scheme: str, header: str) -> None:
    request.headers[header] = f"{scheme} {token.reveal()}" if scheme else token.reveal()


def _form(url: str, client: str, secret: Secret, basic: bool, **fields: str | Secret | None) -> httpx.Request:
    """A token request; the secrets are unveiled inside one expression, so that no local variable holds them."""
    if not basic:
        fields |= {"client_id": client, "client_secret": secret}
    request = httpx.Request(
        "POST",
        url,
        data={k: v.reveal() if isinstance(v, Secret) else v for k, v in fields.items() if v is not None},
        headers={"Accept": "application/json"},
    )
    if basic:
        request.headers["Authorization"] = "Basic " + b64encode(f"{client}:{secret.reveal()}".encode()).decode()
    return request


__all__ = ["BasicAuth", "ClientCredentials", "GrantAuth", "RefreshToken", "SignedJwt", "TokenAuth"]
