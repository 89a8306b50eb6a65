"""The certificate of destruction: what was destroyed, how, by whose word, what was not, and what still exists elsewhere.

It is JSON, signed with the hub's Ed25519 key over its exact bytes, and a PDF for people with the same content. The
method is said honestly: rows deleted in a database are a logical delete, and an archive goes with its keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from hub.audit import append, head
from hub.closure.batches import step
from hub.closure.desk import Desk
from hub.closure.gates import approvals
from hub.closure.journal import note
from hub.closure.keys import keys_in, signed_by
from hub.closure.papers import asked, lines, stated
from hub.closure.times import iso, now, rewritten
from hub.errors import ConfigError
from hub.paper import Column, Document, Facts, Heading, Paragraph, Signatures, Table
from hub.paper.pdf import pdf
from hub.sync.clock import moment

METHOD = (
    "In the hub: {hub}. In source systems: as their own delete or anonymise function does it. Archive: a key "
    "that is destroyed leaves ciphertext that nobody can read, one that is kept opens its part until its day. Postings and decisions of the ledger stay as books: ids and "
    "amounts, without names, notes and texts. Statements of account, names and addresses of notices are removed from the "
    "project folder. Summaries to finance that named them are deleted in the hub, not in the mailboxes they went to. Mails of the notices stay in the mailbox that sent them, and in the hub where it reads that mailbox, "
    "as proof that people were told."
)
IN_THE_HUB = {
    "sqlite": "logical delete of all rows; the database overwrites them with zeros and its file is written anew without "
    "them, unless other programs were using it; the disk below may keep old blocks until it reuses them",
    "postgresql": "logical delete of all rows; the database overwrites the space in its own time, and its archived log "
    "keeps what it has until it expires",
}
PROVEN = {
    "records": "Records compared", "rounds": "Rounds with equal results", "sample": "Records in the sample",
    "signed_by": "Sample signed by", "tally": "Hash over all records",
}  # fmt: skip
OF_THE_MOMENT = {"number", "issued_at", "local_time", "audit"}


def certify(
    desk: Desk,
    sources: Mapping[str, Mapping[str, int]],
    detached: int,
    keys: Mapping[str, Any],
    holds: Mapping[str, int],
    source_words: Mapping[str, Mapping[str, int]] | None = None,
) -> dict[str, Any]:
    """Write, sign and register the certificate."""
    desk = desk.again()
    with desk.store.read() as tx:
        counts: dict[str, int] = dict(tx.rows(
            "SELECT s.model, count(*) FROM closing_scope s JOIN grave g ON g.golden_id = s.golden_id "
            "WHERE s.closing_id = ? AND s.gone_seq IS NOT NULL GROUP BY s.model", desk.id
        ))  # fmt: skip
        moved = int(tx.rows(
            "SELECT count(*) FROM closing_scope s JOIN golden g ON g.id = s.golden_id "
            "WHERE s.closing_id = ? AND s.kind = 'own' AND s.gone_seq IS NOT NULL", desk.id
        )[0][0])  # fmt: skip
        given = [a for a in approvals(tx, desk.store, desk.closing) if a.gate == "destroy" and a.void is None]
        proven = step(tx, desk.id, "verify")
        tasks = tx.rows(
            "SELECT id, title, proof, done_by FROM closing_task WHERE closing_id = ? AND done_seq IS NOT NULL ORDER BY id",
            desk.id,
        )
        reasons = {int(r[0]): r[1] for r in tx.rows("SELECT id, reason FROM legal_hold")}
        number = int(tx.rows("SELECT count(*) FROM certificate")[0][0]) + 1
        last, chain, _ = head(tx)
        at = now(tx, desk.store, desk.id)
    archived = _archive(desk)
    content: dict[str, Any] = {
        "certificate": "destruction of data of a business line", "number": f"{desk.line}-{number}", "line": desk.line,
        "entity": desk.plan.entity, "address": list(desk.plan.address), "contact": asked(desk.plan),
        "issued_at": iso(at), "local_time": moment(at).astimezone(desk.zone).isoformat(),
        "time_zone": desk.plan.time_zone, "scope": desk.closing.scope_hash,
        "plan": desk.closing.plan_hash, "destroyed": {"records": sum(counts.values()), "by_model": counts},
        "method": METHOD.format(hub=IN_THE_HUB[desk.store.kind]), "sources": {k: dict(v) for k, v in sources.items()}, "detached": detached,
        "carried_to": {"connection": desk.plan.migrate_to or None, "records": moved},
        "keys": dict(keys), "archive": archived, "carried_out_by": desk.who, "planned_by": desk.closing.author,
        "approved_by": [{"person": a.person, "role": a.role, "at": iso(a.at)} for a in given],
        "verification": proven.result if proven else {},
        "exceptions": [{"id": id, "hold": hold, "reason": reasons.get(hold, "")} for id, hold in sorted(holds.items())],
        "copies": [
            {"task": r[0], "what": r[1], "said": r[2], "by": r[3]} for r in tasks if r[0].startswith("backup")
        ],
        "source_words": {k: dict(v) for k, v in (source_words or sources).items()},
        "audit": {"entries": last, "head": chain},
    }  # fmt: skip
    issued = _issued(desk, content)
    if issued is None:
        return _issue(desk, content)
    _papers(desk, *issued)  # the process may have died before its files were whole
    found: dict[str, Any] = msgspec.json.decode(issued[0])
    return found


def _issued(desk: Desk, content: Mapping[str, Any]) -> tuple[str, str] | None:
    """Text and digest of a certificate that says the same: one issued just before a process died is not issued again."""
    with desk.store.read() as tx:
        rows = tx.rows("SELECT content, digest FROM certificate WHERE closing_id = ? ORDER BY id DESC LIMIT 1", desk.id)
    if not rows:
        return None
    last = msgspec.json.decode(rows[0][0])
    plain = msgspec.json.decode(msgspec.json.encode(content))
    same = all(last.get(key) == plain[key] for key in plain if key not in OF_THE_MOMENT)
    return (rows[0][0], rows[0][1]) if same else None


def check(file: Path, public: str | None = None) -> dict[str, Any]:
    """Read a certificate and hold its signature to the key inside it, or to the one given. Raises ConfigError."""
    try:
        given = bytes.fromhex(public or "")
    except ValueError:
        raise ConfigError("--key: is no public key in hexadecimal; it stands in closing/keys/signing.pub") from None
    try:
        outer = msgspec.json.decode(file.read_bytes())
        content, signature = str(outer["content"]), bytes.fromhex(outer["signature"])
        key = given or bytes.fromhex(outer["public_key"])
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, msgspec.DecodeError):
        raise ConfigError(f"{file}: is no certificate; name the JSON file that stands beside the PDF") from None
    if not signed_by(key, signature, content.encode()):
        raise ConfigError(f"{file}: the signature is not of this content and this key; it was changed")
    found: dict[str, Any] = msgspec.json.decode(content)
    return found


def _issue(desk: Desk, content: dict[str, Any]) -> dict[str, Any]:
    import hashlib

    text = msgspec.json.format(msgspec.json.encode(content, order="deterministic"), indent=2).decode()
    digest = hashlib.sha256(text.encode()).hexdigest()
    _papers(desk, text, digest)
    with desk.store.begin() as tx:
        tx.run(
            "INSERT INTO certificate (closing_id, content, digest, seq) VALUES (?, ?, ?, ?)",
            desk.id, text, digest, tx.seq,
        )  # fmt: skip
        data = {
            "line": desk.line,
            "number": content["number"],
            "digest": digest,
            "records": content["destroyed"]["records"],
        }
        append(tx, desk.who, "close certificate", data, at=desk.store.now())
        note(tx, desk.store, desk.id, "destroy", "certificate", f"certificate {content['number']}", desk.who, data)
    return content


def _papers(desk: Desk, text: str, digest: str) -> None:
    """Write the signed JSON and the PDF; Ed25519 signs the same text the same way at any time."""
    content = msgspec.json.decode(text)
    with keys_in(desk.keys) as ring:
        signature, public = ring.masters.sign(text.encode()).hex(), ring.masters.public().hex()
    outer = {"content": text, "signature": signature, "public_key": public, "algorithm": "Ed25519"}
    stem = f"certificate-{content['number']}"
    desk.folder.mkdir(parents=True, exist_ok=True)
    for suffix, written in (
        (".json", msgspec.json.format(msgspec.json.encode(outer), indent=2)),
        (".pdf", pdf(document(content, digest, public))),
    ):
        part = desk.folder / f"{stem}{suffix}.part"
        part.write_bytes(written)
        part.replace(desk.folder / f"{stem}{suffix}")


def document(content: Mapping[str, Any], digest: str, public: str) -> Document:
    """The certificate as people read it."""
    counts = content["destroyed"]["by_model"]
    said = content["source_words"] or content["sources"]
    sources = [[name, what, number] for name, told in said.items() for what, number in told.items()]
    keys, archive, zone = content["keys"], content["archive"], ZoneInfo(content.get("time_zone", "UTC"))
    return Document(
        f"Certificate of destruction {content['number']}",
        (
            stated((
                ("Business line", content["line"]), ("Legal entity", content["entity"]), *lines("Address", content.get("address", ())),
                ("Questions to", content.get("contact")),
                ("Issued at", rewritten(content["issued_at"], zone)), ("Time zone of all times", zone.key),
                ("Carried out by", content["carried_out_by"]), ("Planned by", content["planned_by"]),
                ("Scope, SHA-256", content["scope"]), ("Plan, SHA-256", content["plan"]),
            )),
            Heading("What was destroyed"),
            Table((Column("model", "Kind of record"), Column("count", "Number", "number")),
                  [[m, n] for m, n in sorted(counts.items())], [["All", content["destroyed"]["records"]]]),
            Paragraph(f"Shared with other lines, detached from this one and kept: {content['detached']}."),
            Paragraph(
                f"{content['carried_to']['records']} records live on in {content['carried_to']['connection']}; what the "
                "line's own systems said of them was destroyed." if content["carried_to"]["connection"] else ""
            ),
            Heading("How"),
            Paragraph(content["method"]),
            Table((Column("stream", "Source system", width=2), Column("what", "What it did", width=4), Column("n", "Records", "number")),
                  sources, empty="no source system held records of the line"),
            Heading("Archive"),
            stated((
                ("Archive", archive.get("archive")), ("Place", archive.get("place")), ("Seal", archive.get("seal")),
                ("Keys destroyed", keys.get("destroyed")), ("Keys kept", keys.get("kept")),
                ("Kept until", keys.get("until") or "no rule gives a day"),
                ("Kept without a rule", f"{keys.get('without_rule', 0)}; they stay until somebody decides"),
            )),
            Heading("Approved by"),
            Signatures(tuple((f"{a['role']}, {rewritten(a['at'], zone)}", a["person"]) for a in content["approved_by"])),
            Heading("Verification before"),
            stated((words, _said(content["verification"].get(key))) for key, words in PROVEN.items()),
            Heading("Exceptions"),
            Table((Column("id", "Record", width=2), Column("hold", "Hold", "number"), Column("why", "Reason", width=2)),
                  [[e["id"], e["hold"], e["reason"]] for e in content["exceptions"]], empty="none: nothing was held back"),
            Heading("Copies and backups"),
            Table((Column("what", "What", width=2), Column("said", "As stated", width=2), Column("by", "By")),
                  [[c["what"], c["said"], c["by"]] for c in content["copies"]], empty="nobody has listed any"),
            Heading("Signature"),
            Facts((
                ("Content, SHA-256", digest), ("Ed25519 public key", public),
                ("Audit log, entries", content["audit"]["entries"]), ("Audit log, last hash", content["audit"]["head"]),
            )),
            Paragraph(
                "The file of the same name in JSON is what was signed. Anybody can check it: hub close certificate FILE --key KEY, "
                "with the public key as it is known from elsewhere."
            ),
        ),
        head=content["entity"], foot=f"Certificate {content['number']}",
    )  # fmt: skip


def _said(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _archive(desk: Desk) -> dict[str, Any]:
    with desk.store.read() as tx:
        made = step(tx, desk.id, "archive")
    return {k: made.result.get(k) for k in ("archive", "place", "seal")} if made else {}
