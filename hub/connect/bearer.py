"""Bearer: the tokens of an auth flow for protocols other than HTTP, such as IMAP and SMTP."""

from __future__ import annotations

from contextlib import closing

import httpx

from hub.connect.auth import GrantAuth
from hub.connect.retry import NotSent
from hub.secret import Secret


class Bearer:
    """Fetches tokens by a grant; renewing and keeping them is the grant's."""

    def __init__(
        self, auth: GrantAuth, where: str, *, timeout: float = 30.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.auth = auth
        self.where = where
        self.timeout = timeout
        self.transport = transport

    def token(self, refused: Secret | None = None) -> Secret:
        """A token that should hold; `refused` is one that was not taken, so that another is fetched.

        Raises Unauthorized where none is given, and NotSent where the endpoint does not answer.
        """
        with closing(self.auth.token(refused)) as asking:  # a generator that holds locks while it waits
            try:
                request = next(asking)
                with httpx.Client(timeout=self.timeout, transport=self.transport) as client:
                    while True:
                        request = asking.send(client.send(request))
            except StopIteration as done:
                return Secret(done.value)
            except httpx.HTTPError as error:
                raise NotSent(
                    f"{self.where}: {self.auth.token_url} gives no token ({error or type(error).__name__}); "
                    "is the address right?"
                ) from None
