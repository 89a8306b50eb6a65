"""Verifying an archive: by the hub, by the archive's own program in another process, and inside with the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.audit import entries
from hub.closure.archive import inside, outside, register
from hub.closure.archive.places import fetched
from hub.closure.archive.reading import Opened, contents
from hub.closure.archive.register import Archive
from hub.closure.keys import KeyRing
from hub.errors import ConfigError, HubError, Unauthorized
from hub.store import Store
from hub.suggest import like

SHOWN = 50  # faults that are told; a bag with every file broken need not name them all


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found; `ok` only where nothing is wrong and at least one record was read.

    `destroyed` counts records whose keys were destroyed on purpose: they are no fault, and nobody can read them.
    """

    archive: str
    place: str
    ok: bool
    faults: tuple[str, ...]
    files: int
    bytes: int
    records: Mapping[str, int] = field(default_factory=dict)
    destroyed: int = 0
    seal: str | None = None


def verify(store: Store, archive: Archive, root: Path, keys: KeyRing | None, who: str = "hub") -> Verified:
    """Verify an archive of the register, and note it there and in the audit log where it holds.

    Every file is read twice, by two programs; with `keys` every record is decrypted from both of its forms. Without
    keys the outside alone is verified, which is not noted as a verification.
    """
    with fetched(archive.place, root) as folder:
        found = look(folder, archive, _audited(store, archive), keys)
    if found.ok and keys is not None:
        register.note(store, archive, who, "archive verified", records=dict(found.records), destroyed=found.destroyed)
    return found


def look(folder: Path, archive: Archive, audited: str | None, keys: KeyRing | None) -> Verified:
    """Verify a folder against what the register and the audit log know of it."""
    faults = list(outside.look(folder, archive.public_key, archive.seal))
    if audited != archive.seal:
        has = f"has another seal than the audit log, {audited[:16]}..." if audited else "is unknown to the audit log"
        faults.append(f"{archive.id}: the register {has}" if audited else f"{archive.id}: {has}")
    looked = inside.Looked()
    with outside.asked(folder, archive.public_key, archive.seal, trusted=not faults) as answer:
        if keys is not None and not faults:  # damaged files are not worth decrypting, and may mislead
            try:
                looked = inside.look(folder, contents(folder), Opened(keys, archive.line))
                faults += looked.faults
            except (ConfigError, Unauthorized):  # the keys are at fault, not the archive: nothing is proven either way
                raise
            except HubError as error:
                faults.append(str(error))
        said = answer()
    faults += [f"verify.py: {fault}" for fault in said["faults"]]
    records = looked.records or said.get("records") or {}
    if not faults and not records:
        faults.append(f"{archive.id}: no record was read, so nothing was verified")
    return Verified(
        archive.id, archive.place, not faults, tuple(faults[:SHOWN]), said.get("files", 0), said.get("bytes", 0),
        records, looked.destroyed, said.get("seal"),
    )  # fmt: skip


def _audited(store: Store, archive: Archive) -> str | None:
    """The seal that the audit log has of an archive; the register alone could be changed with the files."""
    for entry in entries(store, what="archive written"):
        if entry.data.get("archive") == archive.id:
            return str(entry.data.get("seal"))
    return None


def known(store: Store, name: str) -> Archive:
    """An archive of the register, by its name. Raises ConfigError that says which there are."""
    found = {archive.id: archive for archive in register.listed(store)}
    if name not in found:
        raise ConfigError(f'no archive "{name}"{like(name, found)}; list them with: hub archive list')
    return found[name]
