"""The bag around the payload: BagIt 1.0 (RFC 8493), manifests in SHA-256 and SHA-512, the tag manifests signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.closure.archive.files import Digest
from hub.closure.archive.partial import Partial
from hub.closure.keys import Masters

ALGORITHMS = ("sha256", "sha512")
SIGNATURE = "signature.json"
CONTENTS = "contents.json"


class Seal(NamedTuple):
    """What was signed, as one hash, and by whom."""

    seal: str
    public_key: str


def close(
    partial: Partial, payload: Sequence[Digest], tags: Sequence[Digest], info: Mapping[str, str], masters: Masters
) -> Seal:
    """Write the manifests and the signature around files that are written already."""
    tags = list(tags)
    tags.append(_write(partial, "bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"))
    oxum = f"{sum(file.size for file in payload)}.{len(payload)}"
    lines = [f"{name}: {value}" for name, value in (*info.items(), ("Payload-Oxum", oxum))]
    tags.append(_write(partial, "bag-info.txt", "\n".join(lines) + "\n"))
    tags += [_write(partial, f"manifest-{kind}.txt", manifest(payload, kind)) for kind in ALGORITHMS]
    sealed = [_write(partial, f"tagmanifest-{kind}.txt", manifest(tags, kind)) for kind in ALGORITHMS]
    message = signed(sealed[0].sha256, sealed[1].sha512)
    seal = Seal(hashlib.sha256(message).hexdigest(), masters.public().hex())
    _write(partial, SIGNATURE, signature(seal, masters.sign(message)))
    return seal


def signed(sha256: str, sha512: str) -> bytes:
    """The message that is signed: the hashes of the two tag manifests."""
    return f"hub archive 1\nsha256 {sha256}\nsha512 {sha512}\n".encode()


def signature(seal: Seal, signature: bytes) -> str:
    """The text of signature.json; there is only one way to write it, so that no bit of it can differ."""
    content = {"algorithm": "Ed25519", "public_key": seal.public_key, "seal": seal.seal, "signature": signature.hex()}
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def manifest(files: Iterable[Digest], algorithm: str) -> str:
    """A manifest: hash and path of each file, by path."""
    rows = sorted((file.path, getattr(file, algorithm)) for file in files)
    return "".join(f"{digest}  {path}\n" for path, digest in rows)


def _write(partial: Partial, path: str, text: str) -> Digest:
    out = partial.create(path)
    out.write(text.encode())
    return out.digest()
