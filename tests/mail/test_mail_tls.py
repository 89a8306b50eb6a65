"""Mail over TLS, and signed in to by a token: real servers, a certificate of our own, an issuer that rotates."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from boxes import PASSWORD, everything, letter, subjects, write
from hub_mail import Mail

from hub.connect import ConfigError, Receipt, Unauthorized, Unavailable
from hub.connect.vault import FileVault, MemoryVault
from hub.testing.mail import Dovecot, Issuer, MailServers, Tls

USER = "sales@hub.example"
ACCOUNTS = {USER: PASSWORD}
KEY = "-----BEGIN"
needs_dovecot = pytest.mark.skipif(not Dovecot.installed(), reason="apt-get install dovecot-imapd")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return Tls.made(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=["pymap", pytest.param("dovecot", marks=needs_dovecot)])
def tls_servers(request: pytest.FixtureRequest, tls: Tls) -> Iterator[tuple[MailServers, dict[str, Any]]]:
    """Servers that want TLS: pymap with STARTTLS, Dovecot from the first byte; SMTP the other way round."""
    with ExitStack() as stack:
        if request.param == "pymap":
            servers = stack.enter_context(MailServers(ACCOUNTS, tls=tls, implicit=True))
            modes = {"imap_tls": "starttls", "smtp_tls": "ssl"}
        else:
            imap = stack.enter_context(Dovecot(ACCOUNTS, tls))
            servers = stack.enter_context(MailServers(imap=imap, tls=tls))
            modes = {"imap_tls": "ssl", "imap_port": imap.tls_port, "smtp_tls": "starttls"}
        servers.deliver(letter("Over TLS"))
        yield servers, servers.settings() | {"timeout": 10} | modes


@pytest.fixture
def secured(tls_servers: tuple[MailServers, dict[str, Any]]) -> dict[str, Any]:
    """The connector's settings for them, without whom to trust."""
    return tls_servers[1]


def test_mail_goes_in_and_out_over_tls(
    tls_servers: tuple[MailServers, dict[str, Any]], secured: dict[str, Any], tls: Tls
) -> None:
    mail = Mail(**secured, ca_file=str(tls.authority))
    mail.check()
    assert "Over TLS" in subjects(everything(mail)[0])
    mail.idle(seconds=0.1)
    begun = time.monotonic()
    later = threading.Timer(0.3, tls_servers[0].deliver, [letter("Later")])
    later.start()
    assert mail.idle(seconds=20)
    assert time.monotonic() - begun < 15
    later.join()
    assert "Later" in subjects(everything(mail)[0])
    (answer,) = mail.push("messages", [write("tls")])
    assert isinstance(answer, Receipt)
    mail.close()


@pytest.mark.parametrize("side", ["imap", "smtp"])
def test_a_certificate_that_nobody_vouches_for_is_refused(secured: dict[str, Any], tls: Tls, side: str) -> None:
    trusted = Mail(**secured, ca_file=str(tls.authority))
    strange = Mail(**secured)  # the authorities of the system do not know ours
    mail = trusted if side == "imap" else strange
    if side == "imap":
        with pytest.raises(Unavailable, match="the certificate is not trusted"):
            strange.check()
    else:  # the mailbox is read over the trusted connection, so that only SMTP is at stake
        mail._open_box = trusted._open_box
        with pytest.raises(Unavailable, match=r"smtp .*certificate verify failed"):
            mail.check()
    for one in (trusted, strange):
        one.close()


def test_without_tls_no_password_is_sent(secured: dict[str, Any], tls: Tls) -> None:
    """A server that wants TLS refuses the login; a server that has none is not talked to without it."""
    plain = secured | {"imap_tls": "none", "imap_port": secured["imap_port"]}
    if secured["imap_tls"] == "starttls":
        with pytest.raises((Unauthorized, Unavailable)):
            Mail(**plain).check()
    with MailServers(ACCOUNTS) as open_ones:
        for mode in ({"imap_tls": "starttls"}, {"smtp_tls": "starttls"}, {"imap_tls": "ssl"}):
            with pytest.raises(Unavailable):
                Mail(**open_ones.settings() | {"timeout": 5, "ca_file": str(tls.authority)} | mode).check()


@pytest.fixture(scope="module")
def bearing(tls: Tls) -> Iterator[tuple[Issuer, dict[str, Any]]]:
    """Servers that take tokens: Dovecot asks the issuer whose one is, SMTP knows it."""
    with ExitStack() as stack:
        issuer = stack.enter_context(Issuer(USER))
        imap = stack.enter_context(Dovecot(ACCOUNTS, tls, issuer))
        servers = stack.enter_context(MailServers(imap=imap, tls=tls, issuer=issuer))
        servers.deliver(letter("By token"))
        given = servers.settings() | {"imap_tls": "starttls", "smtp_tls": "starttls", "ca_file": str(tls.authority)}
        del given["password"]
        yield issuer, given | {"timeout": 10, "token_url": f"{issuer.url}/token", "client_id": "hub"}


def private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@needs_dovecot
@pytest.mark.parametrize(
    "grant", ["refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"]
)
def test_a_token_signs_in_to_both_servers(bearing: tuple[Issuer, dict[str, Any]], grant: str, tmp_path: Path) -> None:
    issuer, given = bearing
    more: dict[str, Any] = {"client_secret": issuer.secret}
    if grant == "refresh_token":
        more |= {"refresh_token": issuer.refresh, "vault": FileVault(tmp_path)}
    elif grant != "client_credentials":
        more = {"private_key": private_key()}
    asked = len(issuer.asked)
    mail = Mail(**given, **more, scope="https://mail.example/", connection="post")
    mail.check()
    assert "By token" in subjects(everything(mail)[0])
    (answer,) = mail.push("messages", [write(f"token-{grant[:9]}")])
    assert isinstance(answer, Receipt)
    assert [form["grant_type"] for form in issuer.asked[asked:]] == [grant]  # one token for both, kept
    issuer.withdraw()  # the password was changed, or an administrator said so: before the token's time
    mail.close()
    mail.check()
    assert len(issuer.asked) == asked + 2
    if grant == "refresh_token":
        assert issuer.refresh in (FileVault(tmp_path).get("post") or "")
    mail.close()


@needs_dovecot
def test_what_a_server_says_of_a_token_is_told_and_the_token_is_not(bearing: tuple[Issuer, dict[str, Any]]) -> None:
    issuer, given = bearing
    stranger = Mail(**given | {"user": "other@hub.example"}, client_secret=issuer.secret)
    with pytest.raises(Unauthorized, match=r"login of other@hub.example refused: .*scope and consent") as told:
        stranger.check()
    assert "access-" not in str(told.value)
    stranger._open_box = Mail(**given, client_secret=issuer.secret)._open_box
    with pytest.raises(Unauthorized, match=r"smtp .*login of other@hub.example refused \(535\).*status 400") as told:
        stranger._smtp.connect()
    assert "access-" not in str(told.value)
    void = Mail(**given, client_secret=issuer.secret, refresh_token="void", vault=MemoryVault())
    with pytest.raises(Unauthorized, match="refused the refresh token"):
        void.check()
    nobody = Mail(**given | {"token_url": "http://127.0.0.1:9/token"}, client_secret=issuer.secret)
    with pytest.raises(Unavailable, match="gives no token"):
        nobody.check()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "password: missing"),
        ({"password": "p", "token_url": "u", "client_id": "c"}, "by one of them"),
        ({"token_url": "u"}, "client_id: missing"),
        ({"token_url": "u", "client_id": "c"}, "client_secret: missing"),
    ],
)
def test_settings_that_do_not_fit_are_told(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Mail(imap_host="i", smtp_host="s", user=USER, **settings)


@needs_dovecot
def test_a_server_without_the_mechanism_is_named(tls: Tls) -> None:
    with Issuer(USER) as issuer, MailServers(ACCOUNTS) as servers:
        given = servers.settings() | {"token_url": f"{issuer.url}/token", "client_id": "hub"}
        del given["password"]
        mail = Mail(**given, client_secret=issuer.secret)
        with pytest.raises(Unauthorized, match="offers no XOAUTH2"):
            mail._smtp.connect()
        mail.close()
