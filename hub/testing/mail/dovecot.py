"""A private Dovecot on loopback, where Dovecot is installed: the server with CONDSTORE and QRESYNC."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from hub.testing.mail.imap import Mailbox, free_port, stop, wait_for
from hub.testing.mail.issuer import Issuer
from hub.testing.mail.tls import Tls

# Everything Dovecot would do as a user of its own is done as ours, and nothing is chrooted; a wrong password costs no time.
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
auth_failure_delay = 0
mail_max_userip_connections = 200
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
last_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{folder}/mail/%u
{oauth}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={login} gid={login_group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""
OAUTH = """auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {file}
}}"""
INTROSPECTION = """introspection_url = {url}/introspect
introspection_mode = post
username_attribute = username
active_attribute = active
active_value = true
"""


class Dovecot(Mailbox):
    """Dovecot in the foreground of a process of ours, for the length of a block.

    With a certificate it wants TLS: on `port` by STARTTLS, on `tls_port` from the first byte. With an issuer it takes
    that one's tokens by XOAUTH2 beside passwords.
    """

    def __init__(self, accounts: Mapping[str, str], tls: Tls | None = None, issuer: Issuer | None = None) -> None:
        super().__init__(0, accounts, tls)
        self.tls_port = 0
        self.issuer = issuer
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def installed() -> str | None:
        """Where the program is, None where it is not."""
        return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

    def __enter__(self) -> Self:
        program = self.installed()
        if program is None:
            raise RuntimeError("dovecot is not installed; on Debian: apt-get install dovecot-imapd")
        self._folder = folder = Path(tempfile.mkdtemp(prefix="hub-dc-"))  # short: its sockets live below
        self.port = free_port()
        folder.chmod(0o711)
        user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        # Neither its login process nor its mail processes may be root.
        login, login_group = (
            ("nobody", grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name) if os.getuid() == 0 else (user, group)
        )
        (folder / "users").write_text("".join(f"{u}:{p}\n" for u, p in self.accounts.items()))
        (folder / "users").chmod(0o600)
        (folder / "mail").mkdir()
        if os.getuid() == 0:
            shutil.chown(folder / "mail", login, login_group)
        config = folder / "dovecot.conf"
        tls, oauth = "ssl = no", ""
        if self.tls is not None:
            self.tls_port = free_port()
            tls = f"ssl = required\nssl_cert = <{self.tls.certificate}\nssl_key = <{self.tls.key}"
        if self.issuer is not None:
            (folder / "oauth").write_text(INTROSPECTION.format(url=self.issuer.url))
            oauth = OAUTH.format(file=folder / "oauth")
        names = {
            "tls": tls,
            "oauth": oauth,
            "tls_port": self.tls_port,
            "user": user,
            "group": group,
            "login": login,
            "login_group": login_group,
        }
        config.write_text(CONFIG.format(folder=folder, port=self.port, **names))
        self._process = subprocess.Popen([program, "-F", "-c", str(config)], stderr=subprocess.DEVNULL)  # noqa: S603  found by us
        try:
            wait_for(self.port, self._process)
        except RuntimeError as error:
            log = folder / "log"
            words = log.read_text() if log.exists() else ""
            self.__exit__()
            raise RuntimeError(f"{error}\n{words}") from None
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
