"""An archive is a bag that others accept, and nothing in it can be changed unseen."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pyarrow.parquet as pq
import pytest
from bags import House, copy, house
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit import entries
from hub.audit import verify as audit_holds
from hub.closure.archive import Archive, listed
from hub.closure.archive.bag import Seal, signature, signed
from hub.closure.archive.outside import UNLISTED
from hub.errors import ConfigError


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("house")
    with house(root, f"sqlite:///{root}/hub.db") as made:
        made.write()
        yield made


@pytest.fixture
def bag(home: House, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return copy(Path(listed(home.store)[0].place), tmp_path / "bag")


def at(home: House, bag: Path) -> Archive:
    """The register's entry, for a copy elsewhere."""
    return replace(listed(home.store)[0], place=str(bag))


def program(bag: Path, *arguments: str, script: str = "verify.py") -> subprocess.CompletedProcess[str]:
    """Run a program of the bag as a stranger would: alone, without the hub's packages."""
    command = [sys.executable, "-I", "-S", "-B", str(bag / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env={})


def test_it_is_a_valid_bag_by_another_implementation(home: House) -> None:
    found = bagit.Bag(listed(home.store)[0].place)
    found.validate()
    assert sorted(found.algorithms) == ["sha256", "sha512"]
    assert found.version == "1.0"
    assert found.info["External-Identifier"] == listed(home.store)[0].id


def test_it_verifies_by_both_programs_and_counts_everything(home: House) -> None:
    found = home.verify()
    assert (found.ok, found.faults, found.destroyed) == (True, (), 0)
    assert found.records == {"golden": 144, "links": 144, "raw": 144, "history": 12, "figures": 5}
    archive = listed(home.store)[0]
    assert archive.counts == {"customer": 12, "contact": 12, "invoice": 72, "payment": 24, "message": 24}
    said = program(Path(archive.place), "--key", archive.public_key, "--seal", archive.seal)
    assert said.returncode == 0, said.stdout
    assert said.stdout.endswith("this archive holds\n")


def test_the_seal_stands_in_the_audit_log(home: House) -> None:
    archive = listed(home.store)[0]
    (entry,) = entries(home.store, what="archive written")
    assert (entry.data["seal"], entry.who) == (archive.seal, "jo")
    assert audit_holds(home.store)[1] is None


def test_no_name_or_address_can_be_read_without_a_key(home: House) -> None:
    for file in Path(listed(home.store)[0].place).rglob("*"):
        if file.is_file():
            text = file.read_bytes()
            for word in ("Söhne", "@c0.example", "INV-", "DE000000001", "offer-"):
                assert word.encode() not in text, (file, word)


def test_parquet_pages_carry_checksums(home: House) -> None:
    file = next(Path(listed(home.store)[0].place).glob("data/golden/invoice-*.parquet"))
    text = bytearray(file.read_bytes())
    column = pq.ParquetFile(file).metadata.row_group(0).column(3)
    text[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(
            _put(file.parent.parent.parent.parent / "flipped.parquet", bytes(text)), page_checksum_verification=True
        ).read()


def _put(file: Path, text: bytes) -> Path:
    file.write_bytes(text)
    return file


@pytest.mark.parametrize("seed", range(2))
def test_one_flipped_bit_anywhere_is_found_by_both_programs(home: House, bag: Path, seed: int) -> None:
    """In every file, at a place drawn by chance; the ends of each file too."""
    chance = random.Random(seed)
    files = [file for file in sorted(bag.rglob("*")) if file.is_file()]
    chosen = files if seed == 0 else chance.sample(files, 6)
    for number, file in enumerate(chosen):
        before = file.read_bytes()
        place = (0, len(before) - 1, chance.randrange(len(before)))[number % 3]
        after = bytearray(before)
        after[place] ^= 1 << chance.randrange(8)
        file.write_bytes(after)
        if seed == 0:
            from hub.closure.archive import outside

            archive = at(home, bag)
            assert list(outside.look(bag, archive.public_key, archive.seal)), (file, place)
            if file.name != "verify.py":  # the shipped one reads it
                assert outside.ask(bag, archive.public_key, None, trusted=False)["faults"], (file, place)
        else:
            assert not home.verify(at(home, bag)).ok, (file, place)
        file.write_bytes(before)
    assert home.verify(at(home, bag)).ok


def test_every_byte_of_the_signature_matters(home: House, bag: Path) -> None:
    from hub.closure.archive import outside

    file, archive = bag / "signature.json", at(home, bag)
    before = file.read_bytes()
    for place in range(0, len(before), 3):
        after = bytearray(before)
        after[place] ^= 0x20 if chr(before[place]).isalpha() else 1  # hexadecimal in capitals is another text
        file.write_bytes(after)
        assert list(outside.look(bag, archive.public_key, archive.seal)), place


def test_a_file_replaced_together_with_its_manifests_is_found(home: House, bag: Path) -> None:
    mapping = bag / "data/schema/invoice.json"
    mapping.write_bytes(mapping.read_bytes().replace(b"Invoice", b"invoice"))
    bagit.Bag(str(bag)).save(manifests=True)
    bagit.Bag(str(bag)).validate()  # by BagIt alone nothing is wrong
    found = home.verify(at(home, bag))
    assert not found.ok
    assert any("signature is false" in fault for fault in found.faults)
    assert program(bag).returncode == 1


def refit(bag: Path) -> None:
    """Write all manifests anew, as the archive itself would have."""
    for stem, names in (("manifest", "data/**/*"), ("tagmanifest", "*")):
        files = [file for file in bag.glob(names) if file.is_file()]
        paths = {file.relative_to(bag).as_posix(): file for file in files}
        kept = {path: file for path, file in paths.items() if path not in UNLISTED}
        for name in ("sha256", "sha512"):
            rows = [
                f"{hashlib.new(name, file.read_bytes()).hexdigest()}  {path}\n" for path, file in sorted(kept.items())
            ]
            (bag / f"{stem}-{name}.txt").write_text("".join(rows))


def test_a_forger_with_a_key_of_his_own_is_found(home: House, bag: Path) -> None:
    file = bag / "data/schema/invoice.json"
    file.write_bytes(file.read_bytes().replace(b"Invoice", b"invoice"))
    refit(bag)
    key = Ed25519PrivateKey.generate()
    hashes = [
        hashlib.new(name, (bag / f"tagmanifest-{name}.txt").read_bytes()).hexdigest() for name in ("sha256", "sha512")
    ]
    message = signed(*hashes)
    seal = Seal(hashlib.sha256(message).hexdigest(), key.public_key().public_bytes_raw().hex())
    (bag / "signature.json").write_text(signature(seal, key.sign(message)))
    assert program(bag).returncode == 0  # it cannot vouch for itself: that is why the key is compared
    archive = at(home, bag)
    said = program(bag, "--key", archive.public_key)
    assert (said.returncode, "another key" in said.stdout) == (1, True)
    found = home.verify(archive)
    assert any("is signed by" in fault for fault in found.faults)
    forged = replace(archive, seal=seal.seal, public_key=seal.public_key)  # the register is forged too
    assert any("another seal than the audit log" in fault for fault in home.verify(forged).faults)


def test_a_signature_that_was_made_up_is_found(home: House, bag: Path) -> None:
    """Everything else fits: hashes, seal, and our public key; only nobody who has our key has signed it."""
    file, archive = bag / "data/schema/invoice.json", at(home, bag)
    file.write_bytes(file.read_bytes().replace(b"Invoice", b"invoice"))
    refit(bag)
    hashes = [
        hashlib.new(name, (bag / f"tagmanifest-{name}.txt").read_bytes()).hexdigest() for name in ("sha256", "sha512")
    ]
    seal = Seal(hashlib.sha256(signed(*hashes)).hexdigest(), archive.public_key)
    old = bytes.fromhex(json.loads((bag / "signature.json").read_text())["signature"])
    for mark in (old, os.urandom(32) + bytes(32), bytes(64)):
        (bag / "signature.json").write_text(signature(seal, mark))
        said = program(bag, "--key", archive.public_key)
        assert (said.returncode, "the signature is false" in said.stdout) == (1, True)
        found = home.verify(replace(archive, seal=seal.seal))
        assert any("the signature is false" in fault for fault in found.faults)


def test_the_archives_own_program_is_not_run_once_it_was_changed(home: House, bag: Path, tmp_path: Path) -> None:
    (bag / "verify.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w'); print('{{\"ok\": true, \"faults\": []}}')")
    assert not home.verify(at(home, bag)).ok
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("what", ["missing", "extra", "extra tag", "link", "folder link", "empty"])
def test_what_is_missing_or_too_much_is_found(home: House, bag: Path, what: str) -> None:
    file = next(bag.glob("data/raw/*.parquet"))
    if what == "missing":
        file.unlink()
    elif what == "extra":
        (bag / "data/more.txt").write_text("x")
    elif what == "extra tag":
        (bag / "more.txt").write_text("x")
    elif what == "link":
        target = bag.parent / "outside.parquet"
        file.rename(target)
        file.symlink_to(target)
    elif what == "folder link":
        target = bag.parent / "raw"
        (bag / "data/raw").rename(target)
        (bag / "data/raw").symlink_to(target)
    else:
        file.write_bytes(b"")
    assert not home.verify(at(home, bag)).ok
    assert program(bag).returncode == 1


def test_a_link_among_what_is_archived_is_refused(tmp_path: Path) -> None:
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 1) as made:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "archives").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ConfigError, match="is a link"):
            made.write()
        assert not list((tmp_path / "elsewhere").iterdir())


def test_two_forms_that_differ_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault while writing that is in every hash and signed: only reading both forms tells."""
    from hub.closure.archive.parquet import Columns

    add = Columns.add

    def wrong(self: Columns, id: str, kept: str, key: Any, line: bytes) -> None:
        add(self, id, kept, key, line.replace(b"INV-00000001", b"INV-00000011"))

    monkeypatch.setattr(Columns, "add", wrong)
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 1) as made:
        made.write()
        assert made.verify(keys=False).ok
        (fault, *_) = made.verify().faults
        assert "is another one than in" in fault


def test_nothing_is_no_archive(tmp_path: Path) -> None:
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 0) as made:
        made.write()
        found = made.verify()
        assert not found.ok
        assert any("nothing was verified" in fault for fault in found.faults)


def test_it_can_be_opened_without_the_hub_and_without_any_library(home: House, tmp_path: Path) -> None:
    """By the standard library alone: -I -S leave cryptography out."""
    bag = Path(listed(home.store)[0].place)
    customer = f"customer_{3:026x}"
    out = tmp_path / "out"
    done = program(bag, str(home.root / "closing/keys"), str(out), "--customer", customer, script="open.py")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(row) for row in (out / "golden/invoice-0001.jsonl").read_text().splitlines()]
    assert {row["values"]["customer"] for row in rows} == {customer}
    assert len(rows) == 6
    about = [json.loads(row) for row in (out / "attachments/message-0001/about.jsonl").read_text().splitlines()]
    assert len(about) == 2
    for one in about:
        content = (out / "attachments/message-0001" / one["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"]


def test_the_readme_needs_no_product(home: House) -> None:
    text = (Path(listed(home.store)[0].place) / "README.txt").read_text()
    assert "@" not in text.replace("@attachment", "")
    for word in ("verify.py", "open.py", "72 of invoice", listed(home.store)[0].public_key, "HUBSEAL1"):
        assert word in text
    assert os.sep + "work" not in text


@pytest.mark.parametrize("name", ["verify.py", "open.py"])
def test_the_programs_run_on_old_pythons_and_import_nothing_that_is_not_there(home: House, name: str) -> None:
    tree = ast.parse((Path(listed(home.store)[0].place) / name).read_text(), feature_version=(3, 9))
    outer = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in outer if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in outer if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_benchmark_goes_all_the_way() -> None:
    """That says nothing of speed: it writes, verifies and restores a small line in processes of their own."""
    script = Path(__file__).resolve().parents[2] / "benchmarks/archive.py"
    done = subprocess.run(
        [sys.executable, str(script), "--customers", "20"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("archive of 20 customers with 200 documents")
    assert "written and verified in" in done.stdout
