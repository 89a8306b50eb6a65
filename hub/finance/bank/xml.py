"""XML from strangers: no entities, no document types, no network, no huge trees; read element by element."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

from lxml import etree

from hub.finance.bank.statement import Problem


class Stop(Exception):  # noqa: N818 - it is not an error of ours, it ends the reading of a file
    """The file cannot be read any further; carries why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def walk(data: bytes, names: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield ("start" or "end", local name, element) of the elements with these local names, whatever their namespace.

    The root should be among them. Raises Stop where the file is broken or hostile.
    """
    events = etree.iterparse(
        BytesIO(data),
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    first = True
    try:
        for event, element in events:
            if first:
                first = False
                if element.getroottree().docinfo.internalDTD is not None:
                    raise Stop(Problem("declares a document type; no bank does, and it can hide an attack: refused", 1))
            yield event, local(element), element
    except etree.XMLSyntaxError as error:
        line = error.lineno or None
        raise Stop(
            Problem(f"is no well-formed XML from here on ({_short(error)}); is the file complete?", line)
        ) from None


def local(element: Any) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Any, *path: str) -> Any:
    """The first element at a path of local names in the element's own namespace, None where there is none."""
    return element.find(_path(element.tag.rpartition("}")[0], path))


def children(element: Any, name: str) -> list[Any]:
    """All children of that local name."""
    found: list[Any] = element.findall(_path(element.tag.rpartition("}")[0], (name,)))
    return found


def text(element: Any, *path: str) -> str | None:
    """The text at a path, None where there is none or it is blank."""
    found = child(element, *path) if element is not None else None
    plain = (found.text or "").strip() if found is not None else ""
    return plain or None


@lru_cache(maxsize=1024)
def _path(space: str, names: tuple[str, ...]) -> str:
    return "/".join(f"{space}}}{name}" if space else name for name in names)


def _short(error: etree.XMLSyntaxError) -> str:
    return (error.msg or "broken").partition(", line ")[0][:160]
