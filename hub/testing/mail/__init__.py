"""Real mail servers on loopback: IMAP by pymap (or Dovecot where it is installed), SMTP by aiosmtpd."""

from hub.testing.mail.dovecot import Dovecot
from hub.testing.mail.imap import ImapServer
from hub.testing.mail.issuer import Issuer
from hub.testing.mail.servers import MailServers
from hub.testing.mail.smtp import Sent, SmtpServer
from hub.testing.mail.tls import Tls

__all__ = ["Dovecot", "ImapServer", "Issuer", "MailServers", "Sent", "SmtpServer", "Tls"]
