"""What stands beside the golden records: raw records nobody could merge, papers, journals, schemas, mappings, figures.

And what makes the archive readable without the hub: README.txt, contents.json, verify.py and open.py.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

import hub
from hub.audit import entries, head
from hub.closure.archive.attachments import Content
from hub.closure.archive.bag import CONTENTS
from hub.closure.archive.classes import CONTROL
from hub.closure.archive.files import Digest, Hashed, plain
from hub.closure.archive.partial import Part, Partial, file_of
from hub.closure.archive.parts import Attachments, Pair, Shelf, class_owner
from hub.closure.archive.rows import RECORD, Streams, link, payload
from hub.closure.canonical import Tally
from hub.closure.keys import KeyRing
from hub.config import Project, mapping_path
from hub.errors import MappingError
from hub.model import MODELS
from hub.store import Store, Tx

PAGE = 200
BAGGED = ("README.txt", "verify.py", "open.py")


@dataclass(frozen=True, slots=True)
class Paper:
    """A finished document of one customer, such as a final statement of account."""

    customer: str  # golden id
    file: Path
    kept: str = "accounting"  # the class of retention


def write(
    draft: Partial,
    tx: Tx,
    store: Store,
    project: Project,
    line: str,
    keys: KeyRing,
    streams: Streams,
    journal: Mapping[str, Iterable[Mapping[str, Any]]],
    papers: Iterable[Paper],
) -> None:
    """Write everything that is no golden record, as the last part."""
    shelf = Shelf(draft, keys, len(draft.parts) + 1)
    _unmerged(shelf, tx, project, line, streams)
    closed = shelf.files()
    done = _papers(draft, keys, line, papers, shelf.number)
    control = keys.give(line, [CONTROL])[CONTROL]
    ours = ({**e._asdict()} for e in entries(store) if e.data.get("line") == line)
    for name, found in {"audit": ours, **journal}.items():
        pair = Pair(draft, "journal", name, shelf.number)
        for number, row in enumerate(found):
            pair.add(str(number), CONTROL, control, dict(row))
        done += pair.close()
    figures = Pair(draft, "figures", "tallies", shelf.number)
    for model, (count, text) in totals(draft.parts).items():
        figures.add(model, CONTROL, control, {"model": model, "count": count, "tally": text})
    done += figures.close()
    shown = [(f"data/schema/{model}.json", schema(model)) for model in MODELS]
    shown += [(f"data/mappings/{name}.toml", text) for name, text in _mappings(project)]
    for path, content in shown:
        out = draft.create(path)
        out.write(content)
        done.append(file_of(out.digest(), path.split("/")[1], "plain"))
    draft.note(Part([*closed, *done]))


def totals(parts: Iterable[Part]) -> dict[str, tuple[int, str]]:
    """The tallies of all parts, together."""
    found: dict[str, Tally] = {}
    for part in parts:
        for model, (count, text) in part.tallies.items():
            found.setdefault(model, Tally()).join(count, text)
    return {model: (tally.count, tally.text) for model, tally in sorted(found.items())}


def _unmerged(shelf: Shelf, tx: Tx, project: Project, line: str, streams: Streams) -> None:
    """Records of the line's connections that belong to no golden record: in quarantine, waiting, or gone again."""
    models = {id: model for id, model in tx.rows("SELECT id, model FROM stream")}  # noqa: C416 - rows are no pairs
    for stream, (connection, _) in streams.items():
        config = project.connections.get(connection)
        if config is None or (config.line or project.line) != line:
            continue
        for row in _pages(tx, stream):
            id = f"{connection}/{streams[stream][1]}/{row[1]}"
            owner = class_owner(models[stream], id)
            key = shelf.keys.give(line, [owner])[owner]
            found = link(streams, row)
            reasons = tx.rows(
                "SELECT mapping, field, value, reason, at FROM quarantine WHERE stream_id = ? AND key = ? ORDER BY id",
                stream,
                row[1],
            )
            names = ("mapping", "field", "value", "reason", "at")
            found["quarantine"] = [dict(zip(names, reason, strict=True)) for reason in reasons]
            if row[-1] is not None:
                found |= payload(streams, (row[0], row[1], None, row[-1]))
            shelf.put("unmerged", models[stream], id, owner, key, found)


def _pages(tx: Tx, stream: int) -> Iterator[Any]:
    last = ""
    while True:
        rows = tx.rows(
            f"SELECT {RECORD}, payload FROM record WHERE golden_id IS NULL AND stream_id = ? AND key > ? "
            f"ORDER BY key LIMIT {PAGE}",
            stream,
            last,
        )
        yield from rows
        if len(rows) < PAGE:
            return
        last = rows[-1][1]


def _papers(draft: Partial, keys: KeyRing, line: str, papers: Iterable[Paper], number: int) -> list[Any]:
    pack: Attachments | None = None
    for paper in papers:
        data = plain(paper.file).read_bytes()
        kind = mimetypes.guess_type(paper.file.name)[0]
        owner = (paper.customer, paper.kept)
        pack = pack or Attachments(draft, "papers", number, kind="papers")
        content = Content(hashlib.sha256(data).hexdigest(), paper.file.name, kind, data)
        pack.add(keys.give(line, [owner])[owner], content, customer=paper.customer)
    return list(pack.close()) if pack else []


def schema(model: str) -> bytes:
    """The model as JSON Schema."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(MODELS[model])}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _mappings(project: Project) -> list[tuple[str, bytes]]:
    """The mapping files in use; a link in the project is refused, since what it shows can change."""
    names = {stream.mapping for connection in project.connections.values() for stream in connection.streams.values()}
    found = []
    for name in sorted(names):
        try:
            file = mapping_path(project, name)
        except MappingError:
            continue  # the stream was never read
        mine = file.is_relative_to(project.root)  # what is shipped may be installed as links
        found.append((name, (plain(file) if mine else file).read_bytes()))
    return found


def tags(draft: Partial, contents: Mapping[str, Any], public: bytes) -> list[Digest]:
    """Write what explains the archive, and the programs that read it."""
    done = [_written(draft.create(CONTENTS), msgspec.json.format(msgspec.json.encode(contents), indent=1) + b"\n")]
    for name in BAGGED:
        text = bagged(name)
        if name == "README.txt":
            count = ", ".join(f"{n} of {model}" for model, n in contents["counts"].items()) or "nothing"
            words = {
                "ARCHIVE": contents["archive"], "LINE": contents["line"], "COUNTS": count, "KEY": public.hex(),
                "WRITTEN": contents["written_at"], "SOFTWARE": contents["software"],
            }  # fmt: skip
            for word, value in words.items():
                text = text.replace(f"@{word}@".encode(), str(value).encode())
        done.append(_written(draft.create(name), text))
    return done


def bagged(name: str) -> bytes:
    """A file that goes into every archive."""
    return files("hub.closure.archive").joinpath("bagged", name).read_bytes()


def _written(out: Hashed, text: bytes) -> Digest:
    out.write(text)
    return out.digest()


def software() -> str:
    """What wrote the archive."""
    return f"hub {hub.__version__}"


def audit_head(tx: Tx) -> dict[str, Any]:
    """Where the audit log stood: who has it can tell what was written before."""
    number, digest, _ = head(tx)
    return {"entries": number, "hash": digest}
