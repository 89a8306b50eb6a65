"""XML from strangers: no entities, no document types, no network, no huge trees; read element by element."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from lxml import etree

from hub.finance.bank.statement import Problem


class Stop(Exception):  # noqa: N818 - it is not an error of ours, it ends the reading of a file
    """The file cannot be read any further; carries why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def walk(data: bytes) -> Iterator[tuple[str, str, Any]]:
    """Yield ("start" or "end", local name, element). Raises Stop where the file is broken or hostile."""
    events = etree.iterparse(
        BytesIO(data),
        events=("start", "end"),
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
            if isinstance(element.tag, str):
                yield event, local(element), element
            elif event == "end":
                raise Stop(Problem("holds an entity reference; no bank needs one: refused", element.sourceline))
    except etree.XMLSyntaxError as error:
        line = error.lineno or None
        raise Stop(
            Problem(f"is no well-formed XML from here on ({_short(error)}); is the file complete?", line)
        ) from None


def local(element: Any) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Any, *path: str) -> Any:
    """The first element at a path of local names, None where there is none."""
    for name in path:
        element = next((c for c in element if isinstance(c.tag, str) and local(c) == name), None)
        if element is None:
            return None
    return element


def children(element: Any, name: str) -> list[Any]:
    """All children of that local name."""
    return [c for c in element if isinstance(c.tag, str) and local(c) == name]


def text(element: Any, *path: str) -> str | None:
    """The text at a path, None where there is none or it is blank."""
    found = child(element, *path) if element is not None else None
    plain = (found.text or "").strip() if found is not None else ""
    return plain or None


def _short(error: etree.XMLSyntaxError) -> str:
    return (error.msg or "broken").partition(", line ")[0][:160]
