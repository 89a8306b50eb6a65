"""The outside of an archive, read without any key: files, manifests, signature; by the hub, and by the archive itself.

The second reading is by another program in another process: the verify.py that every archive carries. It is run only
after the hub has seen that it is the one it shipped, or one that our own key has signed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from hub.closure.archive.bag import ALGORITHMS, SIGNATURE, Seal, signature, signed
from hub.closure.archive.beside import bagged
from hub.closure.archive.files import Digest, hashed, walk
from hub.closure.keys import signed_by
from hub.errors import ConfigError

UNLISTED = {"tagmanifest-sha256.txt", "tagmanifest-sha512.txt", SIGNATURE}


def look(folder: Path, key: str | None, seal: str | None) -> Iterator[str]:
    """Everything that is wrong with the outside, as the hub reads it; `key` and `seal` are those expected."""
    try:
        there = {file.relative_to(folder).as_posix(): file for file in walk(folder)}
    except ConfigError as error:
        yield str(error)
        return
    digests: dict[str, Digest] = {}
    for path, file in there.items():
        try:
            digests[path] = hashed(file, path)
        except OSError as error:
            yield f"{path}: cannot be read: {error.strerror}"
    for stem, inside in (("manifest", True), ("tagmanifest", False)):
        wanted = {p: d for p, d in digests.items() if p.startswith("data/") is inside and p not in UNLISTED}
        for algorithm in ALGORITHMS:
            name = f"{stem}-{algorithm}.txt"
            yield from _held(wanted, name, _listed(folder / name), algorithm)
    yield from _signature(folder, digests, key, seal)


def _listed(file: Path) -> dict[str, str]:
    try:
        rows = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {path: digest for digest, _, path in (row.partition("  ") for row in rows)}


def _held(digests: Mapping[str, Digest], name: str, listed: Mapping[str, str], algorithm: str) -> Iterator[str]:
    for path in sorted(digests.keys() | listed.keys()):
        if path not in digests:
            yield f"{path}: is in {name}, but not there"
        elif path not in listed:
            yield f"{path}: is not in {name}"
        elif getattr(digests[path], algorithm) != listed[path]:
            yield f"{path}: was changed: {name} has another hash"


def _signature(folder: Path, digests: Mapping[str, Digest], key: str | None, seal: str | None) -> Iterator[str]:
    try:
        text = (folder / SIGNATURE).read_text(encoding="utf-8")
        said = {name: str(value) for name, value in msgspec.json.decode(text, type=dict[str, Any]).items()}
        signed_with, mark = bytes.fromhex(said["public_key"]), bytes.fromhex(said["signature"])
        message = signed(digests["tagmanifest-sha256.txt"].sha256, digests["tagmanifest-sha512.txt"].sha512)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, KeyError, ValueError):
        yield f"{SIGNATURE}: is missing or damaged, so this is no whole archive"
        return
    found = Seal(hashlib.sha256(message).hexdigest(), signed_with.hex())
    if text != signature(found, mark) or not signed_by(signed_with, mark, message):
        yield f"{SIGNATURE}: the signature is false: the manifests are not those that were signed"
    if key is not None and found.public_key != key:
        yield f"{SIGNATURE}: is signed by {found.public_key[:16]}..., expected was {key[:16]}..."
    if seal is not None and found.seal != seal:
        yield f"{SIGNATURE}: the seal is {found.seal[:16]}..., the register has {seal[:16]}..."


def ask(folder: Path, key: str | None, seal: str | None, *, trusted: bool) -> dict[str, Any]:
    """What verify.py says, run in a process of its own; `trusted` runs the archive's own copy, else the shipped one."""
    with asked(folder, key, seal, trusted=trusted) as answer:
        return answer()


@contextmanager
def asked(folder: Path, key: str | None, seal: str | None, *, trusted: bool) -> Iterator[Callable[[], dict[str, Any]]]:
    """Have verify.py look meanwhile, on another processor; what is yielded waits for what it says."""
    arguments = [*(("--key", key) if key else ()), *(("--seal", seal) if seal else ()), "--json"]
    with tempfile.TemporaryDirectory(prefix="hub-verify-") as scratch:
        program = folder / "verify.py"
        if not trusted:
            program = Path(scratch) / "verify.py"
            program.write_bytes(bagged("verify.py"))
        with subprocess.Popen(  # noqa: S603 - a program we shipped or signed
            [sys.executable, "-I", "-B", str(program), str(folder), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=scratch,
        ) as running:  # fmt: skip
            try:
                yield lambda: _said(running)
            finally:
                if running.poll() is None:
                    running.kill()


def _said(running: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = running.communicate()
    try:
        found: dict[str, Any] = json.loads(out)
        return found
    except ValueError:
        said = (err or out).strip().splitlines()
        return {
            "ok": False,
            "faults": [f"verify.py: ended with {running.returncode}: {said[-1] if said else 'no word'}"],
        }
