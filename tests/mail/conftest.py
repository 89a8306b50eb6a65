"""The mail tests' fixtures."""

from boxes import box, dovecot, numbers, pymap, servers

__all__ = ["box", "dovecot", "numbers", "pymap", "servers"]
