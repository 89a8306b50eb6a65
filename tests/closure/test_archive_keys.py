"""Keys are kept apart, shown to nobody, and gone when they are destroyed; sealed files hold or say what is wrong."""

from __future__ import annotations

import io
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.closure.archive.attachments import cut, put_back
from hub.closure.archive.files import Hashed
from hub.closure.archive.seal import FRAME, NONCE, Sealer, units
from hub.closure.keys import DataKey, FileMasters, KeyRing, keys_in, signed_by
from hub.errors import ConfigError, Rejected, Unauthorized
from hub.store import Store
from hub.store.apart import only
from hub.store.tables.archive import archive_key

OWNERS = [("c1", "master"), ("c1", "accounting"), ("c2", "master")]


@pytest.fixture
def ring(store: Store, tmp_path: Path) -> KeyRing:
    return KeyRing(store, FileMasters(tmp_path / "keys"))


def seals(key: DataKey) -> bytes:
    return key.cipher.encrypt(bytes(12), b"text", None)


def test_an_owner_has_one_key_for_ever(ring: KeyRing) -> None:
    first = ring.give("retail", OWNERS)
    again = ring.give("retail", reversed(OWNERS))
    assert {owner: key.id for owner, key in first.items()} == {owner: key.id for owner, key in again.items()}
    assert len({seals(key) for key in first.values()}) == 3
    opened = ring.open("retail", [key.id for key in first.values()])
    assert {id: seals(key) for id, key in opened.items() if key} == {key.id: seals(key) for key in first.values()}
    assert ring.give("retail", [("c3", "master")] * 2)
    assert ring.counts("retail") == (4, 0)
    assert ring.open("other", [first["c1", "master"].id]) == {}  # a key of another line is none


def test_a_destroyed_key_is_remembered_and_its_owner_gets_a_new_one(ring: KeyRing) -> None:
    before = ring.give("retail", OWNERS)
    assert ring.destroy("retail", ["c1"], ["master"]) == 1
    assert ring.destroy("retail", ["c1"], ["master"]) == 0
    assert ring.open("retail", [before["c1", "master"].id]) == {before["c1", "master"].id: None}
    assert seals(ring.give("retail", OWNERS)["c1", "master"]) != seals(before["c1", "master"])
    assert ring.counts("retail") == (3, 1)
    assert ring.destroy("retail") == 3


def test_a_destroyed_key_is_in_no_file_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among so many rows that pages are rewritten in part only."""
    from hub.store import store as opened

    # some builds of SQLite overwrite by themselves; here none does unless it is told to
    monkeypatch.setattr(opened, "PRAGMAS", (*opened.PRAGMAS, "secure_delete = OFF"))
    with keys_in(tmp_path, make=True) as keys:
        names = [f"c{number:03}" for number in range(300)]
        keys.give("retail", [(name, "master") for name in names])
        with keys.store.read() as tx:
            wrapped = {row[0]: bytes(row[1]) for row in tx.rows("SELECT customer, wrapped FROM archive_key")}
        assert all(_found(tmp_path, text) for text in wrapped.values())
        keys.destroy("retail", names[::2], ["master"])
        assert [name for name in names if _found(tmp_path, wrapped[name])] == names[1::2]


def _found(folder: Path, text: bytes) -> bool:
    """Whether any twelve bytes of it stand in a file."""
    pieces = [text[start : start + 12] for start in range(0, len(text) - 11, 4)]
    return any(piece in found for found in (file.read_bytes() for file in folder.iterdir()) for piece in pieces)


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    with keys_in(tmp_path / "keys", make=True) as keys:
        keys.give("a/b ü", OWNERS)
    folder = tmp_path / "keys"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("signing.key", "line-a%2Fb%20%C3%BC.key", "data.db"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    (folder / "signing.key").chmod(0o644)
    with pytest.raises(ConfigError, match="others may read it; run: chmod 600"):
        FileMasters(folder).sign(b"")


@pytest.mark.parametrize(("text", "says"), [("", "no key of 32 bytes"), ("zz" * 32, "no key"), ("ab" * 31, "no key")])
def test_a_damaged_line_key_is_told(tmp_path: Path, text: str, says: str) -> None:
    masters = FileMasters(tmp_path)
    masters.make("retail")
    (tmp_path / "line-retail.key").write_text(text)
    with pytest.raises(ConfigError, match=says) as told:
        masters.wrap("retail", [bytes(32)])
    assert not text or text not in str(told.value)


def test_a_linked_or_missing_line_key_is_refused(tmp_path: Path) -> None:
    masters = FileMasters(tmp_path / "keys")
    with pytest.raises(Unauthorized, match="no such key"):
        masters.wrap("retail", [bytes(32)])
    masters.make("retail")
    file = tmp_path / "keys/line-retail.key"
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="no link"):
        masters.wrap("retail", [bytes(32)])


def test_nothing_prints_a_key(ring: KeyRing, tmp_path: Path) -> None:
    key = ring.give("retail", OWNERS)["c1", "master"]
    secret = (tmp_path / "keys/line-retail.key").read_text().strip()
    shown = f"{ring.masters!r} {key!r} {ring!r} {vars(ring)}"
    assert secret not in shown
    assert shown.count(key.id) == 1  # only which one it is


def test_many_at_once_make_one_key(tmp_path: Path, url: str) -> None:
    only(url, archive_key).close()
    found: list[str] = []

    def give() -> None:
        with_store = Store(url)
        ring = KeyRing(with_store, FileMasters(tmp_path / "keys"))
        found.extend(key.id for key in ring.give("retail", OWNERS).values())
        with_store.close()

    threads = [threading.Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len(set(found)) == 3


def test_a_signature_is_of_one_key_and_one_text(tmp_path: Path) -> None:
    masters = FileMasters(tmp_path)
    mark = masters.sign(b"text")
    assert signed_by(masters.public(), mark, b"text")
    assert not signed_by(masters.public(), mark, b"texT")
    assert not signed_by(os.urandom(32), mark, b"text")
    assert (tmp_path / "signing.pub").read_text().strip() == masters.public().hex()


KEYS = [DataKey(f"{number:032x}", bytes([number]) * 32) for number in (1, 2, 3)]
rows = st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=40).map(lambda b: b.replace(b"\n", b""))), max_size=12)


def sealed(folder: Path, found: list[tuple[int, bytes]]) -> bytes:
    file = folder / "x"
    file.unlink(missing_ok=True)
    out = Hashed(file, "x")
    sealer = Sealer(out, {"path": "x"})
    for number, line in found:
        sealer.add(KEYS[number], line)
    sealer.close()
    out.close()
    return file.read_bytes()


def read(text: bytes, destroyed: int | None = None) -> list[tuple[str, bytes | None]]:
    kept = {key.id: None if number == destroyed else key for number, key in enumerate(KEYS)}
    found: list[tuple[str, bytes | None]] = []
    for unit in units(io.BytesIO(text), "x", lambda id: kept[id], _check):
        lines: list[bytes | None] = [None] * unit.records
        if unit.text is not None:
            lines = list(unit.text.split(b"\n")[:-1])
        assert len(lines) == unit.records
        found += [(unit.key, line) for line in lines]
    return found


def _check(header: dict[str, Any]) -> None:
    if header != {"path": "x"}:
        raise Rejected("another")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(rows, st.integers(0, 2))
def test_what_is_sealed_comes_back_and_what_is_destroyed_does_not(
    tmp_path: Path, found: list[tuple[int, bytes]], destroyed: int
) -> None:
    text = sealed(tmp_path, found)
    assert read(text) == [(KEYS[number].id, line) for number, line in found]
    assert read(text, destroyed) == [(KEYS[n].id, None if n == destroyed else line) for n, line in found]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(rows.filter(bool), st.data())
def test_no_bit_of_a_sealed_file_can_be_flipped(tmp_path: Path, found: list[tuple[int, bytes]], data: Any) -> None:
    """Even without any manifest; only the totals at the very end are guarded by being compared."""
    text = bytearray(sealed(tmp_path, found))
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        assert read(bytes(text)) is None
    except (Rejected, KeyError):
        return
    except AssertionError:
        end = len(text) - FRAME.size  # of the end's 36 bytes, the mark and the length say nothing
        assert place in range(end + 24, end + 28) or place in range(end + 32, end + 36), place


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(rows.filter(lambda r: len({n for n, _ in r}) > 1), st.data())
def test_units_cannot_be_cut_off_left_out_or_swapped(tmp_path: Path, found: list[tuple[int, bytes]], data: Any) -> None:
    text = sealed(tmp_path, found)
    with pytest.raises(Rejected):
        read(text[: data.draw(st.integers(0, len(text) - 1))])
    start, frames = 12 + int.from_bytes(text[8:12], "big"), []
    at = start
    while at < len(text) - FRAME.size:
        size = FRAME.size + NONCE + FRAME.unpack_from(text, at)[4]
        frames.append(text[at : at + size])
        at += size
    end = text[at:]
    renumbered = [
        FRAME.pack(*(found := FRAME.unpack_from(frame))[:1], number, *found[2:]) + frame[FRAME.size :]
        for number, frame in enumerate([frames[1], frames[0], *frames[2:]])
    ]
    with pytest.raises(Rejected, match="was changed"):
        read(text[:start] + b"".join(renumbered) + end)
    for order in (frames[1:], [frames[1], frames[0], *frames[2:]], [*frames, frames[-1]]):
        with pytest.raises(Rejected):
            read(text[:start] + b"".join(order) + end)


def test_large_content_goes_in_chunks(tmp_path: Path) -> None:
    content = os.urandom(3 * (1 << 20) + 17)
    file = tmp_path / "y"
    out = Hashed(file, "x")
    sealer = Sealer(out, {"path": "x"})
    sealer.unit(KEYS[0], 1, content)
    sealer.close()
    out.close()
    (unit,) = units(io.BytesIO(file.read_bytes()), "x", lambda id: KEYS[0], _check)
    assert unit.text == content
    assert file.stat().st_size < len(content) + 5 * (FRAME.size + NONCE + 16) + 100


contents = st.lists(st.binary(min_size=40, max_size=80), max_size=3, unique=True)


@given(contents, st.text(max_size=10), st.booleans())
def test_attachments_are_taken_out_and_put_back_byte_for_byte(found: list[bytes], text: str, escaped: bool) -> None:
    import base64
    import json

    listed = [{"name": text, "content": base64.b64encode(data).decode()} for data in found]
    payload = json.dumps({"text": text, "attachments": listed}).encode()
    if escaped:
        payload = payload.replace(b"/", b"\\/")  # as some systems write it
    short, out = cut(payload)
    assert put_back(short, [one.data for one in out]) == payload
    if not escaped:
        assert [one.data for one in out] == found
        assert len(short) <= len(payload) + 80 * len(found)


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\xff\xfe", b'{"attachments": 3}', b'{"attachments": [{"content": "no base64 at all, no base64 at all, no"}]}',
        b'["attachments"]', b'{"attachments": [{"content": null}, 7, {}]}',
        b'{"a": "@attachment:' + b"0" * 64 + b'", "attachments": []}',
    ],
)  # fmt: skip
def test_what_is_no_attachment_stays_as_it_is(payload: bytes) -> None:
    assert cut(payload) == (payload, [])


def test_the_same_file_sent_twice_stays_whole() -> None:
    import base64
    import json

    content = base64.b64encode(b"x" * 100).decode()
    payload = json.dumps({"attachments": [{"content": content}, {"content": content}]}).encode()
    short, out = cut(payload)
    assert put_back(short, [one.data for one in out]) == payload
