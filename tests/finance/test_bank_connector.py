"""The connector bank keeps what every connector promises, over a folder and over SFTP against a real SSH server."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import paramiko
import pytest
from bankfiles import camt, mt940, ntry, stmt, tx
from hub_bank import Bank

from hub.connect import ConfigError, Secret, Unauthorized, Unavailable
from hub.testing.contract import ConnectorContract, Make, System

TOKEN = "canary-5b1e"


class World:
    """A folder into which a bank puts a statement a movement; the bank's reference is its key."""

    page = 3
    requests = 0
    token = TOKEN

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = count(1)

    def add(self, stream: str) -> str:
        number = next(self._number)
        self._write(number, "first")
        return self.key(number)

    def key(self, number: int) -> str:
        made = Bank(files=[str(self.folder / f"s{number}.xml")])
        return next(iter(made.pull("entries"))).records[0].key

    def edit(self, stream: str, key: str, late: bool = False) -> None:
        number = next(n for n in range(1, 1000) if self.key(n) == key)
        self._write(number, f"told anew {next(self._number)}")

    def _write(self, number: int, text: str) -> None:
        file = self.folder / f"s{number}.xml"
        file.write_bytes(camt(stmt(ntry("1.00", ref=f"R{number}", details=tx("1.00", text=text)), number=number)))
        os.utime(file, (1_700_000_000 + next(self._number), 1_700_000_000 + next(self._number)))

    def remove(self, stream: str, key: str) -> None: ...

    def get(self, stream: str, key: str) -> Mapping[str, Any] | None:
        return None

    def keys(self, stream: str) -> list[str]:
        return []

    def sample(self, stream: str) -> dict[str, Any]:
        return {}

    def bad(self, stream: str) -> dict[str, Any] | None:
        return None

    def tick(self, seconds: float = 1) -> None: ...

    def fail(self) -> None:
        self.folder.rename(self.folder.with_name("away"))


class TestFolder(ConnectorContract):
    """Over a folder."""

    @pytest.fixture
    def system(self, tmp_path: Path) -> System:
        (tmp_path / "in").mkdir()
        return World(tmp_path / "in")

    @pytest.fixture
    def connector(self, system: World) -> Make:
        def make(wrong: str | None = None) -> Bank:
            return Bank(folder=str(system.folder / "nowhere" if wrong else system.folder))

        return make

    def test_check_tells_credentials_from_address(self, connector: Make, system: System) -> None:
        connector().check()
        with pytest.raises(Unavailable):
            connector("address").check()

    def test_it_does_not_retry_by_itself(self, connector: Make, system: System) -> None:
        made = connector()
        system.fail()
        with pytest.raises(Unavailable):
            list(made.pull("entries"))


class Door(paramiko.ServerInterface):
    """Lets one user in."""

    def __init__(self, key: paramiko.PKey) -> None:
        self.key = key

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL if (username, password) == ("hub", TOKEN) else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL if key.get_base64() == self.key.get_base64() else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"


class Shelf(paramiko.SFTPServerInterface):
    """Files below a folder, to be read."""

    root: Path

    def list_folder(self, path: str) -> Any:
        found = []
        for file in (self.root / path.lstrip("/")).iterdir():
            found.append(paramiko.SFTPAttributes.from_stat(file.stat(), file.name))
        return found

    def stat(self, path: str) -> Any:
        return paramiko.SFTPAttributes.from_stat((self.root / path.lstrip("/")).stat())

    def open(self, path: str, flags: int, attr: Any) -> Any:
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = (self.root / path.lstrip("/")).open("rb")  # type: ignore[attr-defined]
        return handle


class Server:
    """An SSH server on loopback, in this process."""

    def __init__(self, root: Path) -> None:
        self.host_key = paramiko.ECDSAKey.generate()
        self.user_key = paramiko.ECDSAKey.generate()
        self.shelf = type("Rooted", (Shelf,), {"root": root})
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.transports: list[paramiko.Transport] = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, self.shelf)
            self.transports.append(transport)
            transport.start_server(server=Door(self.user_key), event=threading.Event())

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for transport in self.transports:
            transport.close()

    def settings(self, **more: Any) -> dict[str, Any]:
        own = f"{self.host_key.get_name()} {self.host_key.get_base64()}"
        found = {"host": "127.0.0.1", "port": self.port, "user": "hub", "known_host": own, "path": "/out"}
        return {**found, "password": Secret(TOKEN), **more}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "out").mkdir()
    server = Server(tmp_path)
    yield server
    if server.socket.fileno() >= 0:
        server.close()


def pulled(bank: Bank, cursor: str | None = None) -> tuple[list[str], str]:
    try:
        pages = list(bank.pull("entries", cursor))
    finally:
        bank.close()
    return [record.key for page in pages for record in page.records], str(pages[-1].cursor)


def test_sftp_gives_what_a_folder_gives_and_what_was_read_is_not_read_again(server: Server, tmp_path: Path) -> None:
    world = World(tmp_path / "out")
    first, second = world.add("entries"), world.add("entries")
    (tmp_path / "out/.hidden").write_bytes(b"x")
    (tmp_path / "out/half.xml.part").write_bytes(b"x")
    (tmp_path / "out/folder").mkdir()
    keys, cursor = pulled(Bank(**server.settings()))
    assert keys == [first, second]
    assert pulled(Bank(**server.settings()), cursor)[0] == []
    third = world.add("entries")
    assert pulled(Bank(**server.settings(pattern="*.xml")), cursor)[0] == [third]
    assert pulled(Bank(**server.settings(pattern="*.sta")))[0] == []


def test_sftp_takes_a_key_too(server: Server) -> None:
    import io

    out = io.StringIO()
    server.user_key.write_private_key(out)
    Bank(**server.settings(password=None, private_key=Secret(out.getvalue()))).check()
    with pytest.raises(ConfigError, match="no Ed25519"):
        Bank(**server.settings(password=None, private_key=Secret("x"))).check()


def test_a_strange_host_is_not_spoken_to(server: Server) -> None:
    other = paramiko.ECDSAKey.generate()
    stranger = Bank(**server.settings(known_host=f"{other.get_name()} {other.get_base64()}"))
    with pytest.raises(Unauthorized, match="which is not known_host"):
        stranger.check()


def test_sftp_tells_a_wrong_password_from_a_server_that_is_away(server: Server) -> None:
    with pytest.raises(Unauthorized) as refusal:
        Bank(**server.settings(password=Secret("canary-wrong"))).check()
    assert "canary" not in str(refusal.value)
    with pytest.raises(Unavailable):
        Bank(**server.settings(path="/nowhere")).check()
    settings = server.settings()
    server.close()
    with pytest.raises(Unavailable):
        Bank(**settings).check()


def test_a_connection_wants_one_place(tmp_path: Path) -> None:
    for settings in (
        {},
        {"folder": "a", "host": "b"},
        {"host": "b"},
        {"host": "b", "user": "u", "password": Secret("p")},
    ):
        with pytest.raises(ConfigError):
            Bank(**settings)  # type: ignore[arg-type]


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    from hub.config.finance import Finance

    with (tmp_path / "big.xml").open("wb") as file:
        file.truncate(2_000_000_000)  # sparse: it takes no room
    (page,) = Bank(folder=str(tmp_path), finance=Finance(limit_mb=1)).pull("entries")
    assert [b"has 2000 MB, more than the 1 of limit_mb" in record.data for record in page.records] == [True]


def test_the_work_grows_with_the_entries_and_not_with_their_square(tmp_path: Path) -> None:
    def spent(count: int) -> float:
        lines = [f":61:260305C{n % 90 + 1},00NTRFNONREF\r\n:86:Rechnung {n}" for n in range(count)]
        total = 1000 + sum(n % 90 + 1 for n in range(count))
        (tmp_path / "day.sta").write_text(mt940(*lines, closing=f"C260305EUR{total},00"))
        begun = time.process_time()
        assert sum(len(page.records) for page in Bank(files=[str(tmp_path / "day.sta")]).pull("entries")) == count
        return time.process_time() - begun

    spent(100)
    assert spent(4_000) < 40 * spent(400)  # ten times the entries; a square would take a hundred times as long
