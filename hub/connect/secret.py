"""A text that must not be seen: in a log, a repr, an exception or a traceback with locals."""

from __future__ import annotations

SECRET_NAMES = ("token", "password", "secret", "key")


class Secret:
    """Holds a secret text; only `reveal()` gives it, everything that prints shows stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str | Secret) -> None:
        self._text = text.reveal() if isinstance(text, Secret) else text

    def reveal(self) -> str:
        """The text itself: hand it on at once, keep it in no variable."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)


def is_secret(name: str) -> bool:
    """Whether a setting of that name is masked: `password`, `api_key`, `token` and the like."""
    return name in SECRET_NAMES or name.endswith(tuple(f"_{word}" for word in SECRET_NAMES))
