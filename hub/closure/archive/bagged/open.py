#!/usr/bin/env python3
"""Open this archive with nothing but Python 3.9 or newer: python3 open.py KEYS OUT [--customer ID] [--folder FOLDER].

KEYS is the folder of the hub's keys: line-NAME.key (the line's key) and data.db (the data keys, wrapped by it). OUT is
a folder to be made; it gets the sealed files as JSON Lines, and the attachments as files. AES-256-GCM and the key wrap
(RFC 3394) are written out below, so no library is needed; where `cryptography` is installed it is used and is much
quicker. What belongs to a key that was destroyed is passed over and counted: nobody can read it any more.
"""

import argparse
import json
import os
import re
import sqlite3
import struct
import sys
import zlib
from hashlib import sha256
from urllib.parse import quote

FRAME = struct.Struct(">16sQIII")
LAST, DEFLATED = 1 << 31, 1 << 30
ROUNDS = 14


def _double(byte):
    return (byte << 1 ^ (0x11B if byte & 0x80 else 0)) & 0xFF


def _tables():
    """The substitution of AES and its inverse, and the four tables that make one round a look-up."""
    log, power, x = [0] * 256, [0] * 256, 1
    for i in range(255):
        power[i], log[x] = x, i
        x ^= _double(x)
    box = [0] * 256
    for value in range(256):
        inverse = power[(255 - log[value]) % 255] if value else 0
        found = 0x63
        for turn in range(5):
            found ^= (inverse << turn | inverse >> 8 - turn) & 0xFF
        box[value] = found
    back = [0] * 256
    for value, found in enumerate(box):
        back[found] = value
    round_ = [[0] * 256 for _ in range(4)]
    for value, s in enumerate(box):
        word = _double(s) << 24 | s << 16 | s << 8 | _double(s) ^ s
        for turn in range(4):
            round_[turn][value] = (word >> 8 * turn | word << 32 - 8 * turn) & 0xFFFFFFFF
    return box, back, round_, power, log


BOX, BACK, ROUND, POWER, LOG = _tables()


class Aes:
    """AES-256 of single blocks (FIPS 197)."""

    def __init__(self, key):
        words = list(struct.unpack(">8I", key))
        constant = 1
        for i in range(8, 4 * (ROUNDS + 1)):
            word = words[-1]
            if i % 8 == 0:
                word = _substitute((word << 8 | word >> 24) & 0xFFFFFFFF) ^ constant << 24
                constant = _double(constant)
            elif i % 8 == 4:
                word = _substitute(word)
            words.append(words[-8] ^ word)
        self.words = words

    def encrypt(self, block):
        a, b, c, d = (x ^ k for x, k in zip(struct.unpack(">4I", block), self.words))
        t0, t1, t2, t3 = ROUND
        for i in range(4, 4 * ROUNDS, 4):
            k = self.words[i : i + 4]
            a, b, c, d = (
                t0[a >> 24] ^ t1[b >> 16 & 255] ^ t2[c >> 8 & 255] ^ t3[d & 255] ^ k[0],
                t0[b >> 24] ^ t1[c >> 16 & 255] ^ t2[d >> 8 & 255] ^ t3[a & 255] ^ k[1],
                t0[c >> 24] ^ t1[d >> 16 & 255] ^ t2[a >> 8 & 255] ^ t3[b & 255] ^ k[2],
                t0[d >> 24] ^ t1[a >> 16 & 255] ^ t2[b >> 8 & 255] ^ t3[c & 255] ^ k[3],
            )
        out = []
        for x, y, z, w, k in ((a, b, c, d, 56), (b, c, d, a, 57), (c, d, a, b, 58), (d, a, b, c, 59)):
            word = BOX[x >> 24] << 24 | BOX[y >> 16 & 255] << 16 | BOX[z >> 8 & 255] << 8 | BOX[w & 255]
            out.append(word ^ self.words[k])
        return struct.pack(">4I", *out)

    def decrypt(self, block):
        """The inverse, plainly written: it is used for a few blocks of each key only."""
        state = list(block)
        state = _mixed(state, self.words[4 * ROUNDS :])
        for number in range(ROUNDS - 1, -1, -1):
            state = [BACK[state[(i - 4 * (i % 4)) % 16]] for i in range(16)]
            state = _mixed(state, self.words[4 * number : 4 * number + 4])
            if number:
                state = _unmixed(state)
        return bytes(state)


def _substitute(word):
    return BOX[word >> 24] << 24 | BOX[word >> 16 & 255] << 16 | BOX[word >> 8 & 255] << 8 | BOX[word & 255]


def _mixed(state, words):
    return [x ^ y for x, y in zip(state, struct.pack(">4I", *words))]


def _unmixed(state):
    out = []
    for i in range(0, 16, 4):
        column = state[i : i + 4]
        for turn in range(4):
            found = 0
            for x, factor in zip(column[turn:] + column[:turn], (14, 11, 13, 9)):
                found ^= POWER[(LOG[x] + LOG[factor]) % 255] if x else 0
            out.append(found)
    return out


class Gcm:
    """AES-256-GCM (NIST SP 800-38D) with a nonce of 12 bytes."""

    def __init__(self, key):
        self.aes = Aes(key)
        h = int.from_bytes(self.aes.encrypt(bytes(16)), "big")
        self.table = []  # the product of h with each byte at each of the 16 places
        for _ in range(16):
            row = [0] * 256
            for bit in range(8):
                row[128 >> bit] = h
                h = h >> 1 ^ (0xE1 << 120 if h & 1 else 0)
            for value in range(1, 256):
                low = value & -value
                row[value] = row[low] ^ row[value ^ low] if value != low else row[value]
            self.table.append(row)

    def decrypt(self, nonce, sealed, bound):
        text, tag = sealed[:-16], sealed[-16:]
        total = 0
        for part in (bound, text, struct.pack(">QQ", 8 * len(bound), 8 * len(text))):
            for i in range(0, len(part), 16):
                total ^= int.from_bytes(part[i : i + 16].ljust(16, b"\0"), "big")
                total = self._times(total)
        mask = int.from_bytes(self.aes.encrypt(nonce + b"\0\0\0\1"), "big")
        if (total ^ mask).to_bytes(16, "big") != tag:
            raise ValueError("it was changed, or its key is another")
        stream = b"".join(self.aes.encrypt(nonce + struct.pack(">I", n)) for n in range(2, 2 + -(-len(text) // 16)))
        number = int.from_bytes(text, "big") ^ int.from_bytes(stream[: len(text)], "big")
        return number.to_bytes(len(text), "big")

    def _times(self, number):
        found = 0
        for row, value in zip(self.table, number.to_bytes(16, "big")):
            found ^= row[value]
        return found


def unwrap(line_key, wrapped):
    """A data key, unwrapped by the line's key (RFC 3394)."""
    aes, a = Aes(line_key), wrapped[:8]
    parts = [wrapped[i : i + 8] for i in range(8, len(wrapped), 8)]
    for turn in range(5, -1, -1):
        for i in range(len(parts) - 1, -1, -1):
            number = int.from_bytes(a, "big") ^ len(parts) * turn + i + 1
            block = aes.decrypt(number.to_bytes(8, "big") + parts[i])
            a, parts[i] = block[:8], block[8:]
    if a != b"\xa6" * 8:
        raise SystemExit("this is not the key of the line that the archive was written with")
    return b"".join(parts)


def cipher(key):
    """The quickest AES-256-GCM at hand."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        return Gcm(key)
    return AESGCM(key)


class Keys:
    """The data keys of a line, opened as they are asked for."""

    def __init__(self, folder, line, customer):
        with open(os.path.join(folder, f"line-{quote(line, safe='')}.key"), encoding="ascii") as opened:
            self.line_key = bytes.fromhex(opened.read().strip())
        self.db = sqlite3.connect(f"file:{quote(os.path.join(os.path.abspath(folder), 'data.db'))}?mode=ro", uri=True)
        self.customer = customer
        self.last = (None, None)

    def of(self, id):
        """The cipher of a key id, or None, and why there is none."""
        if self.last[0] != id:
            row = self.db.execute("SELECT wrapped, customer FROM archive_key WHERE id = ?", (id.hex(),)).fetchone()
            if row is None or row[0] is None:
                found = None, "destroyed"
            elif self.customer is not None and row[1] != self.customer:
                found = None, "not asked for"
            else:
                found = cipher(unwrap(self.line_key, bytes(row[0]))), ""
            self.last = id, found
        return self.last[1]


def units(file, keys, skipped):
    """The plain text of each unit of a sealed file."""
    head = file.read(12)
    head += file.read(struct.unpack(">I", head[8:])[0])
    bound = sha256(head).digest()
    chunks = []
    while True:
        frame = file.read(FRAME.size)
        id, _, mark, records, length = FRAME.unpack(frame)
        if not any(id):
            return
        nonce, sealed = file.read(12), file.read(length)
        opened, why = keys.of(id)
        if opened is not None:
            chunks.append(opened.decrypt(nonce, sealed, bound + frame))
        elif mark & LAST:
            skipped[why] = skipped.get(why, 0) + records
        if mark & LAST and chunks:
            text = b"".join(chunks)
            yield zlib.decompress(text) if mark & DEFLATED else text
        if mark & LAST:
            chunks = []


def attachment(folder, text, number):
    """Write one attachment under its number and a name that is safe everywhere; what it is stands in about.jsonl."""
    line, _, content = text.partition(b"\n")
    about = json.loads(line)
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", about.get("name") or "unnamed")[-80:].lstrip(".") or "unnamed"
    about["file"] = f"{number:06}-{name}"
    with open(os.path.join(folder, about["file"]), "xb") as out:
        out.write(content)
    with open(os.path.join(folder, "about.jsonl"), "a", encoding="utf-8") as out:
        out.write(json.dumps(about, ensure_ascii=False) + "\n")


def main():
    """Open what can be opened."""
    asked = argparse.ArgumentParser(description="Open this archive.")
    asked.add_argument("keys", help="the folder with the line's key and data.db")
    asked.add_argument("out", help="a folder to be made")
    asked.add_argument("--customer", help="only what is about this customer (its golden id)")
    asked.add_argument("--folder", default=os.path.dirname(os.path.abspath(__file__)), help="the archive")
    given = asked.parse_args()
    with open(os.path.join(given.folder, "contents.json"), encoding="utf-8") as opened:
        contents = json.load(opened)
    keys, skipped, count = Keys(given.keys, contents["line"], given.customer), {}, 0
    os.makedirs(given.out)
    for file in contents["files"]:
        if file["form"] != "sealed":
            continue
        target = os.path.join(given.out, *file["path"].split("/")[1:])[: -len(".sealed")]
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(os.path.join(given.folder, *file["path"].split("/")), "rb") as opened:
            for text in units(opened, keys, skipped):
                if target.endswith(".jsonl"):
                    with open(target, "ab") as out:
                        out.write(text)
                else:
                    count += 1
                    os.makedirs(target, exist_ok=True)
                    attachment(target, text, count)
    for why, number in skipped.items():
        print(f"{number} records left out: {why}")
    print(f"the rest is in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
