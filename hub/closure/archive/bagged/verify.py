#!/usr/bin/env python3
"""Verify this archive with nothing but Python 3.9 or newer: python3 verify.py [FOLDER] [--key HEX] [--seal HEX].

Every file is read and compared with both manifests, the manifests with their signature (Ed25519, RFC 8032), the
records of every sealed file are counted. No key to the content is needed. Give --key (the public key) or --seal from
somewhere else than this archive, the hub's audit log or the certificate: an archive cannot vouch for itself alone.
Exit code 0 says that all of it holds.
"""

import argparse
import hashlib
import json
import os
import re
import stat
import struct
import sys

ALGORITHMS = ("sha256", "sha512")
UNLISTED = {"tagmanifest-sha256.txt", "tagmanifest-sha512.txt", "signature.json"}
FRAME = struct.Struct(">16sQIII")
BLOCK = 1 << 20

# Ed25519 (RFC 8032, section 5.1), in extended coordinates
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    """The sum of two points."""
    w, x = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    y, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = x - w, z - y, z + y, x + w
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    """A point added to itself so many times."""
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def point(text):
    """The point that 32 bytes stand for, None where they stand for none."""
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public, signature, message):
    """Whether the signature of the message is by the holder of this public key."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    left, right = times(s, BASE), add(r, times(h, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


class Check:
    """One reading of one archive; `faults` are what does not hold."""

    def __init__(self, folder):
        self.folder = folder
        self.faults = []
        self.files, self.bytes, self.records = 0, 0, {}
        self.seal = self.public_key = None

    def fault(self, path, why):
        self.faults.append(f"{path}: {why}")

    def found(self):
        """Every file, as paths with /."""
        out = []
        for at, folders, names in os.walk(self.folder):
            for name in folders + names:
                full = os.path.join(at, name)
                path, mode = os.path.relpath(full, self.folder).replace(os.sep, "/"), os.lstat(full).st_mode
                if stat.S_ISREG(mode):
                    out.append(path)
                elif not stat.S_ISDIR(mode):
                    self.fault(path, "is a link or a device, not a file")
        return out

    def text(self, path):
        """A small file as text, empty where it cannot be read."""
        try:
            with open(os.path.join(self.folder, path), encoding="utf-8", newline="") as opened:
                return opened.read()
        except (OSError, UnicodeDecodeError) as error:
            self.fault(path, f"cannot be read: {error}")
            return ""

    def manifest(self, path, length):
        """What a manifest lists: path to hash."""
        listed = {}
        for line in self.text(path).splitlines():
            row = re.fullmatch(r"([0-9a-f]{" + str(length) + r"})  ([^\s/][^\r\n]*)", line)
            if row is None or ".." in row[2].split("/") or row[2] in listed:
                self.fault(path, f"a line is damaged: {line[:80]!r}")
            else:
                listed[row[2]] = row[1]
        return listed

    def hashes(self, path):
        """Both hashes of a file and its size, read once."""
        states, size = [hashlib.new(name) for name in ALGORITHMS], 0
        with open(os.path.join(self.folder, path), "rb") as opened:
            while True:
                block = opened.read(BLOCK)
                if not block:
                    return [state.hexdigest() for state in states], size
                size += len(block)
                for state in states:
                    state.update(block)

    def compare(self, stem, there):
        """Hold files against the two manifests of a stem."""
        lists = [self.manifest(f"{stem}-{name}.txt", length) for name, length in zip(ALGORITHMS, (64, 128))]
        for path in sorted(set(lists[0]) ^ set(lists[1])):
            self.fault(path, "is in one manifest only")
        for path in sorted(set(lists[0]) | set(lists[1]) | there):
            if path not in there:
                self.fault(path, "is missing")
            elif path not in lists[0]:
                self.fault(path, "is in no manifest")
            else:
                try:
                    digests, size = self.hashes(path)
                except OSError as error:
                    self.fault(path, f"cannot be read: {error}")
                    continue
                self.files, self.bytes = self.files + 1, self.bytes + size
                if digests != [listed.get(path) for listed in lists]:
                    self.fault(path, "was changed: its hash is another")

    def signature(self, key, seal):
        """Hold the tag manifests against the signature, and the signature against what is known from elsewhere."""
        text = self.text("signature.json")
        try:
            content = json.loads(text)
            public, signature = bytes.fromhex(content["public_key"]), bytes.fromhex(content["signature"])
            exact = json.dumps(content, indent=1, sort_keys=True) + "\n" == text and set(content) == {
                "algorithm",
                "public_key",
                "seal",
                "signature",
            }
        except (ValueError, KeyError, TypeError):
            self.fault("signature.json", "is damaged")
            return
        hashes = []
        for number, name in enumerate(ALGORITHMS):
            try:
                hashes.append(self.hashes(f"tagmanifest-{name}.txt")[0][number])
            except OSError:
                return
        message = "hub archive 1\nsha256 {}\nsha512 {}\n".format(*hashes).encode()
        self.seal, self.public_key = hashlib.sha256(message).hexdigest(), public.hex()
        if not exact or content["algorithm"] != "Ed25519" or content["public_key"] != public.hex():
            self.fault("signature.json", "is not as it was written")
        if content["seal"] != self.seal or content["signature"] != signature.hex():
            self.fault("signature.json", "is the signature of something else")
        if not signed(public, signature, message):
            self.fault("signature.json", "the signature is false: the manifests are not those that were signed")
        if key is not None and key.strip().lower() != self.public_key:
            self.fault("signature.json", "is signed by another key than the one expected")
        if seal is not None and seal.strip().lower() != self.seal:
            self.fault("signature.json", "is the seal of another archive than the one expected")

    def contents(self, payload):
        """Hold the list of contents against the files, and count the records in them."""
        try:
            listed = json.loads(self.text("contents.json"))
            files = {file["path"]: file for file in listed["files"]}
        except (ValueError, KeyError, TypeError):
            self.fault("contents.json", "is damaged")
            return
        for path in sorted(set(files) ^ payload):
            self.fault(path, "is in contents.json or in the archive, not in both")
        counted = {}
        for path in sorted(set(files) & payload):
            file = files[path]
            if file["form"] == "sealed":
                units, records = self.sealed(path)
                if (units, records) != (file["units"], file["records"]):
                    self.fault(
                        path, f"holds {records} records in {units} units, not {file['records']}, {file['units']}"
                    )
                if file["kind"] == "golden":
                    counted[file["model"]] = counted.get(file["model"], 0) + records
                self.records[file["kind"]] = self.records.get(file["kind"], 0) + records
            elif file["form"] == "parquet":
                twin = path[: -len(".parquet")] + ".jsonl.sealed"
                if twin not in files or files[twin]["records"] != file["records"]:
                    self.fault(path, "has not the records of its sealed file")
        expected = {}
        for part in listed["records"].values():
            for model, count in part.items():
                expected[model] = expected.get(model, 0) + count
        if counted != expected:
            self.fault("contents.json", f"promises {expected}, there are {counted}")
        if not counted:
            self.fault("data/golden", "there is no record at all, so nothing was verified")

    def sealed(self, path):
        """Units and records of a sealed file; its frames tell them without a key."""
        units = records = 0
        with open(os.path.join(self.folder, path), "rb") as opened:
            head = opened.read(12)
            if head[:8] != b"HUBSEAL1" or len(head) < 12:
                self.fault(path, "is no sealed file")
                return 0, 0
            opened.seek(struct.unpack(">I", head[8:])[0], os.SEEK_CUR)
            while True:
                frame = opened.read(FRAME.size)
                if len(frame) < FRAME.size:
                    self.fault(path, "ends too early")
                    return units, records
                key, unit, mark, held, length = FRAME.unpack(frame)
                if not any(key):
                    if (unit, held) != (units, records) or opened.read(1):
                        self.fault(path, "its end does not say what it holds")
                    return units, records
                if unit != units:
                    self.fault(path, f"unit {units} is out of order")
                    return units, records
                opened.seek(12 + length, os.SEEK_CUR)
                if mark >> 31:
                    units, records = units + 1, records + held

    def run(self, key=None, seal=None):
        """Check everything."""
        found = set(self.found())
        payload = {path for path in found if path.startswith("data/")}
        if "signature.json" not in found:
            self.fault("signature.json", "is missing; without it this is no whole archive")
        if self.text("bagit.txt") != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
            self.fault("bagit.txt", "does not say BagIt 1.0")
        self.compare("tagmanifest", found - payload - UNLISTED)
        self.compare("manifest", payload)
        size = sum(os.lstat(os.path.join(self.folder, path)).st_size for path in payload)
        if f"Payload-Oxum: {size}.{len(payload)}\n" not in self.text("bag-info.txt"):
            self.fault("bag-info.txt", "promises another size or number of files")
        self.signature(key, seal)
        self.contents(payload)
        return not self.faults


def main():
    """Verify and tell."""
    here = os.path.dirname(os.path.abspath(__file__))
    asked = argparse.ArgumentParser(description="Verify this archive.")
    asked.add_argument("folder", nargs="?", default=here)
    asked.add_argument("--key", help="the public key it must be signed by, 64 hexadecimal digits")
    asked.add_argument("--seal", help="the seal it must have, 64 hexadecimal digits")
    asked.add_argument("--json", action="store_true", help="tell it as JSON")
    given = asked.parse_args()
    check = Check(given.folder)
    fine = check.run(given.key, given.seal)
    if given.json:
        names = ("faults", "files", "bytes", "records", "seal", "public_key")
        print(json.dumps({"ok": fine, **{name: getattr(check, name) for name in names}}))
        return 0 if fine else 1
    for fault in check.faults:
        print(fault)
    print(f"{check.files} files, {check.bytes} bytes; records: {check.records}")
    print(f"seal {check.seal}\nsigned by {check.public_key}")
    if fine and not (given.key or given.seal):
        print("compare seal or key with the hub's audit log or the certificate: nobody has done that yet")
    print("this archive holds" if fine else f"THIS ARCHIVE DOES NOT HOLD: {len(check.faults)} faults")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
