"""The secret type under its former name; import it from `hub.connect`."""

from hub.secret import Secret, is_secret

__all__ = ["Secret", "is_secret"]
