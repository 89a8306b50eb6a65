"""The process behind `ImapServer`: pymap with accounts of ours, kept in memory until its standard input closes.

Run as `python -m hub.testing.mail.imapd`; the first line of standard input is JSON, `{"port": .., "accounts": {..}, "certificate": .., "key": ..}`; with a
certificate it wants STARTTLS before a login.
"""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from contextlib import AsyncExitStack
from typing import Any


async def run(port: int, accounts: dict[str, str], certificate: str | None, key: str | None) -> None:
    """Serve the accounts on 127.0.0.1 until the parent goes away."""
    from pymap.backend.dict import Config, DictBackend, Identity, Login
    from pymap.imap import IMAPService
    from pymap.user import UserMetadata
    from pysasl.hashing import Cleartext

    args: Any = Namespace(
        host="127.0.0.1",
        port=port,
        debug=False,
        cert=certificate,
        key=key,
        tls=certificate is not None,
        passlib_cfg=None,
        proxy_protocol=None,
        inherited_sockets=None,
        demo_data=False,
        demo_user="",
        demo_password="",
    )
    # Hashing would cost every login a tenth of a second, and these passwords protect nothing.
    config = Config.from_args(args, hash_context=Cleartext())
    login = Login(config)
    for user, password in accounts.items():
        identity = Identity(user, login, None, frozenset())
        await identity.set(UserMetadata(config, user, password=password))
    config.apply_context()
    backend = DictBackend(login, config)
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), gone.set)  # readable means closed: nothing is sent
    async with AsyncExitStack() as stack:
        await backend.start(stack)
        await IMAPService(backend, config).start(stack)
        await gone.wait()


if __name__ == "__main__":
    with open(0, "rb", buffering=0, closefd=False) as stdin:  # unbuffered, or add_reader would miss what was read
        asked = json.loads(stdin.readline())
    asyncio.run(run(asked["port"], asked["accounts"], asked.get("certificate"), asked.get("key")))
