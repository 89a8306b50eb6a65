"""One run a connection at a time, across processes; who was killed loses what it held."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from yard import Yard, ledger

SLOW = '''"""A ledger that takes its time."""

import time

from hub.plugin import hookimpl
from hub_plugin_ledger import Ledger


class Slow(Ledger):
    """A ledger that takes its time."""

    name = "slow"

    def pull(self, stream, cursor=None):
        while self.book.settings().get("slow"):
            time.sleep(0.02)
        yield from super().pull(stream, cursor)


@hookimpl
def register_connectors(register):
    register(Slow)
'''


def begin(yard: Yard) -> subprocess.Popen[str]:
    """Start `hub sync` in a process of its own and wait until it holds its leases."""
    command = [sys.executable, "-m", "hub.cli", "--project", str(yard.folder), "sync", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while time.monotonic() < end and not yard.sql("SELECT 1 FROM lease"):
        time.sleep(0.05)
    return process


def slow(yard: Yard) -> None:
    yard.plugin("slow", SLOW)
    yard.settings(ledger("north").replace('"ledger"', '"slow"') + ledger("south"))
    (yard.folder / "mappings/slow.clients.toml").write_text((yard.folder / "mappings/ledger.clients.toml").read_text())
    (yard.folder / "mappings/slow.bills.toml").write_text((yard.folder / "mappings/ledger.bills.toml").read_text())
    yard.book("north").add("clients", name="Anne", mail="anne@x.example")
    yard("status")
    yard.book("north").set(slow=True)


def test_a_second_run_is_sent_away_and_another_connection_is_free(yard: Yard) -> None:
    slow(yard)
    process = begin(yard)
    try:
        yard.sync("north", code=1)
        assert f"north: another run works on it (process {process.pid} on " in yard.err
        assert "try again when it is done" in yard.err
        yard.book("north").set(slow=False)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert '"written":1' in out
    finally:
        process.kill()
    assert yard.sql("SELECT 1 FROM lease") == []
    yard.quiet()


def test_the_lease_of_a_killed_run_is_taken_over(yard: Yard) -> None:
    slow(yard)
    process = begin(yard)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(10) == -9
    assert yard.sql("SELECT 1 FROM lease")
    yard.book("north").set(slow=False)
    yard.sync()
    assert len(yard.book("south").rows("clients")) == 1
    yard.quiet()
