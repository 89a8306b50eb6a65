"""What a token endpoint answers: a grant, or an error named by what to do next."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import msgspec

from hub.connect.retry import NotSent, retry_after
from hub.errors import RateLimited, Unauthorized
from hub.secret import Secret, received, sent


class InvalidGrant(Unauthorized):
    """The token handed in is not, or not any more, good for another one."""


class Grant(msgspec.Struct, frozen=True):
    """Tokens and when the first of them ends (Unix seconds; None: not said)."""

    access_token: Secret
    refresh_token: Secret | None = None
    expires_at: float | None = None

    def text(self) -> str:
        """The grant as the vault keeps it, secrets in the open."""
        return msgspec.json.encode(self, enc_hook=sent).decode()

    @classmethod
    def of(cls, text: str) -> Grant:
        """Read what the vault keeps; a text that is no grant is a refresh token a person put there."""
        if text.lstrip().startswith("{"):
            try:
                return msgspec.json.decode(text, type=cls, dec_hook=received)
            except msgspec.DecodeError:
                raise Unauthorized("what the vault keeps is no grant; authorise the connection again") from None
        return cls(Secret(""), Secret(text.strip()), 0.0)


class _Answer(msgspec.Struct):
    access_token: Secret
    refresh_token: Secret | None = None
    expires_in: float | None = None


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


def granted(response: httpx.Response, now: float, secrets: Sequence[Secret]) -> Grant:
    """Read the answer of a token endpoint.

    Raises InvalidGrant, Unauthorized, RateLimited, or NotSent where the endpoint cannot now: the request the token
    was for has not been sent, so it may be repeated whatever it is.
    """
    where, status = str(response.request.url.copy_with(query=None)), response.status_code
    if status == 429:
        raise RateLimited(f"{where}: asked to slow down (429)", retry_after(response))
    if status >= 500:
        raise NotSent(f"{where}: gives no token now ({status})")
    try:
        if status < 400:
            answer = msgspec.json.decode(response.content, type=_Answer, strict=False, dec_hook=received)
            ends = None if answer.expires_in is None else now + answer.expires_in
            return Grant(answer.access_token, answer.refresh_token, ends)
        refusal = msgspec.json.decode(response.content, type=_Refusal)
    except msgspec.DecodeError:
        refusal = _Refusal("no token in the answer")
    words = f"{refusal.error} {refusal.error_description}".strip()
    for secret in secrets:
        words = secret.starred(words)
    kind = InvalidGrant if refusal.error == "invalid_grant" else Unauthorized
    raise kind(f"{where}: no token ({status}): {words}; check client, secret and scope")
