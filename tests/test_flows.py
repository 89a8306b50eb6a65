"""Flows over a real Prefect server on PostgreSQL: tasks, retries, artifacts, deployments, the sweep, two workers."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

os.environ.setdefault("DO_NOT_TRACK", "1")  # read once, when Prefect is imported
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")

from tests.pg import Postgres

SHOP = '''"""A shop whose customers stand in one JSON file; it is slow as long as a file says so."""

import json
import os
import time
from pathlib import Path

from hub.connect import Connector, Page, Receipt, Record, Stream, Unauthorized, Unavailable
from hub.plugin import hookimpl


class Shop(Connector):
    """A shop whose customers stand in one JSON file."""

    name = "shop"
    streams = (Stream("people", "customer", push=True, findable=True), Stream("suppliers", "customer"))

    def __init__(self, file: str, token: str = "") -> None:
        self.file, self.token = Path(file), token

    def rows(self):
        if self.file.with_suffix(".closed").exists():
            raise Unavailable(f"{self.file.name}: closed today, said {self.token}")
        if self.file.with_suffix(".locked").exists():
            raise Unauthorized(f"{self.file.name}: the key does not fit any more")
        return json.loads(self.file.read_text())

    def check(self):
        self.rows()

    def pull(self, stream, cursor=None):
        if stream == "suppliers":
            return
        rows = self.rows()
        with self.file.with_suffix(".visits").open("a") as visits:
            visits.write(f"{os.getpid()}\\n")
        while self.file.with_suffix(".gate").exists():
            time.sleep(0.05)
        yield Page([Record(key, row) for key, row in rows.items()], None)

    def find(self, stream, our_ids):
        for key, row in self.rows().items():
            if row.get("ours") in our_ids:
                yield row["ours"], Record(key, row)

    def read(self, stream, keys):
        rows = self.rows()
        for key in keys:
            yield Record(key, rows[key]) if key in rows else Record(key, {}, deleted=True)

    def push(self, stream, writes):
        for write in writes:
            rows = self.rows()
            key = write.key or f"n{len(rows) + 1}"
            rows[key] = {"name": None, "mail": None, "ours": write.our_id, **rows.get(key, {}), **write.data}
            self.file.write_text(json.dumps(rows))
            yield Receipt(key, data=rows[key])


@hookimpl
def register_connectors(register):
    register(Shop)


@hookimpl
def on_event(event):
    with open(os.path.dirname(__file__) + "/heard", "a") as heard:
        heard.write(event.kind + ": " + event.text + "\\n")
'''
MAPPING = (
    'stream = "{0}"\nmodel = "customer"\n[fields]\nname = "name"\n"emails.main" = {{ theirs = "mail", as = "email" }}\n'
)
CONNECTION = """
[connections.{0}]
connector = "shop"
file = "${{HUB_PROJECT}}/{0}.json"
token = "${{SHOP_TOKEN}}"
[connections.{0}.streams.people]
push = true
create = "all"
"""
TOKEN = "canary-7f3a"
YEARLY = '[schedules.{0}]\ncron = "0 2 29 2 *"\ntimezone = "Europe/Berlin"\nconnections = [{1}]\n'
NORTH = {"1": {"name": "Anne", "mail": "office@anne.example"}, "2": {"name": "Bo", "mail": "bo@bo.example"}}
SOUTH = {"7": {"name": "Anne", "mail": "office@anne.example"}, "8": {"name": "Cleo", "mail": "cleo@c.example"}}


def project(folder: Path, schedules: str = "") -> Path:
    """Write a project with the shops `north` and `south`, who share one customer."""
    (folder / "plugins").mkdir(parents=True)
    (folder / "mappings").mkdir()
    (folder / "plugins/shop.py").write_text(SHOP)
    (folder / "mappings/shop.people.toml").write_text(MAPPING.format("people"))
    (folder / "mappings/shop.suppliers.toml").write_text(MAPPING.format("suppliers"))
    suppliers = "[connections.north.streams.suppliers]\n"
    (folder / "hub.toml").write_text(CONNECTION.format("north") + suppliers + CONNECTION.format("south") + schedules)
    (folder / ".env").write_text(f"SHOP_TOKEN={TOKEN}\n")
    (folder / "north.json").write_text(json.dumps(NORTH))
    (folder / "south.json").write_text(json.dumps(SOUTH))
    return folder


def mails(folder: Path, shop: str) -> list[str]:
    """The addresses a shop knows, sorted; each must be there once."""
    return sorted(row["mail"] for row in json.loads((folder / f"{shop}.json").read_text()).values())


ALL = ["bo@bo.example", "cleo@c.example", "office@anne.example"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.2)
    return found


@contextlib.contextmanager
def database(folder: Path) -> Iterator[str]:
    """A database for Prefect, which wants the extension pg_trgm: the system's PostgreSQL; without one, SQLite."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not programs:
        yield f"sqlite+aiosqlite:///{folder / 'prefect.db'}"
        return
    home = Path(tempfile.mkdtemp(prefix="hub-pg-"))  # short: a socket's path may have 107 characters at most
    root = os.geteuid() == 0  # PostgreSQL refuses to run as root
    who: dict[str, Any] = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if root else {}
    if root:
        shutil.chown(home, "nobody")
    data, quiet = str(home / "data"), {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home}
    command = [str(programs[-1]), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(command, check=True, timeout=120, **quiet, **who)
    options = ["-k", str(home), "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]
    server = subprocess.Popen([str(programs[-1].with_name("postgres")), "-D", data, *options], **quiet, **who)
    try:
        wait_for(lambda: (home / ".s.PGSQL.5432").exists(), 30)
        yield f"postgresql+asyncpg://postgres@/postgres?host={home}"
    finally:
        server.send_signal(signal.SIGINT)  # at once, whoever is connected
        server.wait(30)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prefect server on PostgreSQL, and the setting by which Prefect's client finds it."""
    from hub_flows.server import server
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, PREFECT_RESULTS_PERSIST_BY_DEFAULT, temporary_settings

    home = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch, database(home) as store:
        patch.setenv("PREFECT_HOME", str(home))
        patch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", store)
        with (
            server(home, free_port()) as url,
            temporary_settings({PREFECT_API_URL: url, PREFECT_HOME: home, PREFECT_RESULTS_PERSIST_BY_DEFAULT: False}),
        ):
            patch.setenv("PREFECT_API_URL", url)
            yield url


@pytest.fixture
def client(api: str) -> Iterator[Any]:
    from prefect import get_client

    with get_client(sync_client=True) as found:
        yield found


def sync(folder: Path, **parameters: Any) -> Any:
    """Run the flow here, without waiting between its tasks' tries."""
    from hub_flows import sync as module

    tasks = (module.sync_stream, module.what_follows)
    before = [task.retry_delay_seconds for task in tasks]
    for task in tasks:
        task.retry_delay_seconds = 0
    try:
        return module.sync_flow(str(folder), **parameters, return_state=True)
    finally:
        for task, seconds in zip(tasks, before, strict=True):
            task.retry_delay_seconds = seconds


def task_runs(client: Any, state: Any) -> dict[str, Any]:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    run = state.state_details.flow_run_id

    def found() -> dict[str, Any]:  # the server learns of task runs from events, a little later
        runs = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run])))
        ended = (task for task in runs if task.state and (task.state.is_final() or task.state.name == "NotReady"))
        return {task.name: task for task in ended}

    return dict(wait_for(lambda: len(runs := found()) == 4 and runs, 20))


def artifacts(client: Any, key: str, state: Any) -> list[str]:
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return [str(one.data) for one in found if one.flow_run_id == state.state_details.flow_run_id]


def test_the_package_is_loaded_without_prefect() -> None:
    code = "import sys, hub_flows, hub_flows.commands; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_a_task_a_stream_and_one_for_what_follows(tmp_path: Path, client: Any) -> None:
    folder = project(tmp_path / "p")
    state = sync(folder)
    assert (state.type.value, state.name, state.message) == ("COMPLETED", "Completed", "2 written")
    assert mails(folder, "north") == mails(folder, "south") == ALL
    assert set(task_runs(client, state)) == {"north people", "north suppliers", "south people", "what follows"}
    (table,) = artifacts(client, "hub-counts", state)
    assert {(row["connection"], row["stream"]): row["written"] for row in json.loads(table)} == {
        ("north", "people"): 1,
        ("north", "suppliers"): 0,
        ("south", "people"): 1,
    }
    assert artifacts(client, "hub-findings", state) == []
    again = sync(folder, connections=["south"])
    assert again.message == "0 written"


def test_findings_end_a_run_with_findings(tmp_path: Path, client: Any) -> None:
    folder = project(tmp_path / "p")
    (folder / "north.json").write_text(json.dumps({**NORTH, "3": {"name": "Dot", "mail": "no address"}}))
    state = sync(folder)
    assert (state.type.value, state.name) == ("COMPLETED", "Findings")
    (text,) = artifacts(client, "hub-findings", state)
    assert "north/people: 1 in quarantine: hub quarantine list" in text
    assert mails(folder, "south") == ALL


def test_a_shop_that_is_closed_is_tried_again_and_the_other_goes_on(tmp_path: Path, client: Any) -> None:
    folder = project(tmp_path / "p")
    (folder / "north.closed").touch()
    state = sync(folder)
    assert state.type.value == "FAILED"
    assert "north people: north.json: closed today" in state.message
    assert TOKEN not in state.message
    runs = task_runs(client, state)
    assert (runs["north people"].run_count, runs["south people"].run_count) == (6, 1)
    assert runs["north suppliers"].state.name == "NotReady"
    (text,) = artifacts(client, "hub-findings", state)
    assert "closed today, said ***" in text
    heard = (folder / "plugins/heard").read_text()
    assert "flow failed: p: sync failed: north people: north.json: closed today, said ***" in heard
    assert TOKEN not in heard.split("flow failed")[1]
    with contextlib.closing(sqlite3.connect(folder / "hub.db")) as store:
        assert store.execute("SELECT count(*) FROM golden").fetchone() == (2,)  # south was read
    (folder / "north.closed").unlink()
    assert sync(folder).type.value == "COMPLETED"
    assert mails(folder, "north") == mails(folder, "south") == ALL


def test_a_refused_key_is_not_tried_again(tmp_path: Path, client: Any) -> None:
    folder = project(tmp_path / "p")
    (folder / "north.locked").touch()
    state = sync(folder)
    assert "north people: north.json: the key does not fit any more" in state.message
    runs = task_runs(client, state)
    assert (runs["north people"].run_count, runs["south people"].state.name) == (1, "Completed")


def test_a_wrong_setting_is_not_tried_again(tmp_path: Path, client: Any) -> None:
    folder = project(tmp_path / "p")
    state = sync(folder, connections=["nroth"])
    assert (state.type.value, 'no connection "nroth"' in state.message) == ("FAILED", True)
    (folder / "hub.toml").write_text("[hub]\nstrore = 1\n")
    state = sync(folder)
    assert state.type.value == "FAILED"
    assert "hub.toml:2" in state.message


def test_a_connection_that_is_busy_is_tried_again(tmp_path: Path, client: Any) -> None:
    from hub_flows.sync import RETRIES

    from hub.config import load
    from hub.store.lease import Lease
    from hub.sync import Hub

    folder = project(tmp_path / "p")
    with Hub.open(load(folder)) as hub, Lease(hub.store, ["north"]).held():
        state = sync(folder)
    assert "north: another run works on it" in state.message
    assert task_runs(client, state)["north people"].run_count == RETRIES + 1
    assert sync(folder).type.value == "COMPLETED"


def test_schedules_become_deployments_and_go_with_them(tmp_path: Path, client: Any) -> None:
    from hub_flows.pool import deploy

    from hub.config import load

    folder = project(tmp_path / "sched", YEARLY.format("leap", '"north"') + '[schedules.often]\nevery = "15m"\n')
    name = f"pool-{uuid4().hex[:6]}"
    said = list(deploy(load(folder), name))
    assert said == [f"{name}: made", f"hub-sync/sched.leap: on {name}", f"hub-sync/sched.often: on {name}"]
    leap = client.read_deployment_by_name("hub-sync/sched.leap")
    (when,) = leap.schedules
    assert (when.schedule.cron, when.schedule.timezone, when.active) == ("0 2 29 2 *", "Europe/Berlin", True)
    assert leap.parameters == {"project": str(folder), "connections": ["north"], "full": False}
    assert (leap.entrypoint, leap.work_pool_name) == ("hub_flows.sync.sync_flow", name)
    assert (leap.global_concurrency_limit.limit, leap.concurrency_options.collision_strategy.value) == (1, "CANCEL_NEW")
    often = client.read_deployment_by_name("hub-sync/sched.often")
    assert often.schedules[0].schedule.interval.total_seconds() == 900
    assert often.parameters["connections"] is None

    (folder / "hub.toml").write_text((folder / "hub.toml").read_text().replace("schedules.leap", "schedules.jump"))
    said = list(deploy(load(folder), name))
    assert said[-1] == "hub-sync/sched.leap: no longer in hub.toml, removed"
    assert list(deploy(load(folder), name)) == [f"hub-sync/sched.jump: on {name}", f"hub-sync/sched.often: on {name}"]
    list(deploy(load(folder), name, Path("/srv/hub")))  # where the workers see it
    assert client.read_deployment_by_name("hub-sync/sched.jump").parameters["project"] == "/srv/hub"


def test_prefect_itself_puts_the_same_deployments_in_place(tmp_path: Path, client: Any) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME

    often = '[schedules.often]\nevery = "15m"\n[closing]\nrun_as = "ada"\n'  # closings have no schedule
    folder = project(tmp_path / "own", YEARLY.format("leap", '"north"') + often)
    pool = f"pool-{uuid4().hex[:6]}"
    client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
    said = subprocess.run(
        [sys.executable, "-m", "hub.cli", "-p", str(folder), "deploy", pool, "--yaml"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    (tmp_path / "prefect.yaml").write_text(said.stdout)
    env = os.environ | {"PREFECT_API_URL": str(PREFECT_API_URL.value()), "PREFECT_HOME": str(PREFECT_HOME.value())}
    deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", "prefect.yaml"]
    ran = subprocess.run(deploy, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    leap = client.read_deployment_by_name("hub-sync/own.leap")
    (when,) = leap.schedules
    assert (when.schedule.cron, when.schedule.timezone, when.slug) == ("0 2 29 2 *", "Europe/Berlin", "leap")
    assert leap.parameters == {"project": str(folder), "connections": ["north"], "full": False}
    assert (leap.entrypoint, leap.work_pool_name) == ("hub_flows.sync.sync_flow", pool)
    (quarter,) = client.read_deployment_by_name("hub-sync/own.often").schedules
    assert quarter.schedule.interval.total_seconds() == 900
    close = client.read_deployment_by_name("hub-close/own.close")
    assert close.schedules == []
    for made, strategy in ((leap, "CANCEL_NEW"), (close, "ENQUEUE")):
        assert made.global_concurrency_limit.limit == 1
        assert made.concurrency_options.collision_strategy.value == strategy


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_sweep_runs_again_what_died_a_bounded_number_of_times(tmp_path: Path, client: Any) -> None:
    import asyncio

    from hub_flows.beat import LABEL
    from hub_flows.pool import deploy
    from hub_flows.sweep import TIMES, Sweep
    from prefect import get_client
    from prefect.states import Crashed, Running, Suspended

    from hub.config import load

    folder = project(tmp_path / "swept", YEARLY.format("leap", '"north"'))
    list(deploy(load(folder), f"pool-{uuid4().hex[:6]}"))
    deployment = client.read_deployment_by_name("hub-sync/swept.leap")
    clock = Clock()
    watch = Sweep(silence=60, clock=clock)

    def sweep() -> list[UUID]:
        async def once() -> list[UUID]:
            async with get_client() as found:
                return await watch.once(found)

        return asyncio.run(once())

    def stands(id: UUID) -> tuple[str, str]:
        state = client.read_flow_run(id).state
        return state.type.value, state.name

    run = client.create_flow_run_from_deployment(deployment.id).id
    client.set_flow_run_state(run, Running(), force=True)
    assert sweep() == []
    clock.now += 59
    assert sweep() == []
    client.update_flow_run_labels(run, {LABEL: 7})  # a sign of life
    clock.now += 59
    assert sweep() == []
    clock.now += 59
    assert sweep() == []
    clock.now += 1
    assert sweep() == [run]
    assert stands(run) == ("SCHEDULED", "AwaitingRetry")
    assert sweep() == []
    for _ in range(TIMES - 1):
        client.set_flow_run_state(run, Crashed(), force=True)
        assert sweep() == [run]
    client.set_flow_run_state(run, Crashed(), force=True)
    assert sweep() == []  # enough: it stays as it is
    assert stands(run)[0] == "CRASHED"
    client.set_flow_run_state(run, Running(), force=True)
    sweep()
    clock.now += 60
    assert sweep() == [run]
    assert stands(run)[0] == "FAILED"
    waiting = client.create_flow_run_from_deployment(deployment.id).id
    client.set_flow_run_state(waiting, Suspended(timeout_seconds=3600), force=True)
    sweep()
    clock.now += 600
    assert sweep() == []  # it waits for a person, not for a process
    client.delete_flow_run(waiting)


@contextlib.contextmanager
def worker(pool: str, name: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, as `hub work` starts it; stopped at the end with all it started."""
    command = [sys.executable, "-m", "hub.cli", "work", pool, "--name", name, "--silence", "20", "--limit", "1"]
    env = {**os.environ, "PREFECT_WORKER_QUERY_SECONDS": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=log.parent)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def parents(pid: int) -> list[int]:
    """The processes above one."""
    found = []
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        found.append(pid)
    return found


def visits(folder: Path, shop: str) -> list[int]:
    """The processes that read a shop so far."""
    file = folder / f"{shop}.visits"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_two_workers_share_a_pool_and_one_does_what_the_other_died_of(
    tmp_path: Path, client: Any, postgres: Postgres
) -> None:
    from hub_flows.pool import deploy

    from hub.config import load

    folder = project(tmp_path / "work", YEARLY.format("n", '"north"') + YEARLY.format("s", '"south"'))
    with postgres.database() as url:
        settings = (folder / "hub.toml").read_text()
        (folder / "hub.toml").write_text('[hub]\nstore = "${HUB_STORE}"\n' + settings)
        with (folder / ".env").open("a") as file:
            file.write(f"HUB_STORE={url}\n")
        pool = f"pool-{uuid4().hex[:6]}"
        list(deploy(load(folder), pool))
        both = [client.read_deployment_by_name(f"hub-sync/work.{name}").id for name in "ns"]

        def run(deployment: UUID) -> UUID:
            return UUID(str(client.create_flow_run_from_deployment(deployment).id))

        def ended(id: UUID) -> Any:
            found = client.read_flow_run(id)
            return found if found.state.is_final() else None

        (folder / "north.gate").touch()
        (folder / "south.gate").touch()
        with worker(pool, "a", tmp_path / "a.log") as a, worker(pool, "b", tmp_path / "b.log") as b:
            runs = [run(deployment) for deployment in both]
            wait_for(lambda: visits(folder, "north") and visits(folder, "south"), 90)
            pids = {visits(folder, shop)[0] for shop in ("north", "south")}
            at_work = {pid for child in pids for pid in parents(child) if pid in (a.pid, b.pid)}
            assert at_work == {a.pid, b.pid}  # each worker has one of them at the same time
            (folder / "north.gate").unlink()
            (folder / "south.gate").unlink()
            done = [wait_for(lambda id=id: ended(id), 60) for id in runs]
            assert [(one.state.name, one.run_count) for one in done] == [("Completed", 1)] * 2

            # now one that dies midway, as if its machine had lost power: worker and process at once
            rows = json.loads((folder / "north.json").read_text())
            (folder / "north.json").write_text(json.dumps({**rows, "9": {"name": "Dot", "mail": "dot@d.example"}}))
            (folder / "north.gate").touch()
            before = len(visits(folder, "north"))
            doomed = run(both[0])
            wait_for(lambda: len(visits(folder, "north")) > before, 60)
            child = visits(folder, "north")[-1]
            (dead,) = (one for one in (a, b) if one.pid in parents(child))
            os.kill(dead.pid, signal.SIGKILL)
            os.kill(child, signal.SIGKILL)
            (folder / "north.gate").unlink()
            again = wait_for(lambda: ended(doomed), 100)
            assert (again.state.name, again.run_count, again.labels["hub.swept"]) == ("Completed", 2, 1)
        from hub.sync import Hub

        with Hub.open(load(folder)) as hub:
            assert hub.sync().findings == []
            assert len(hub.list("customer", limit=None)) == 4
    assert mails(folder, "north") == mails(folder, "south") == sorted([*ALL, "dot@d.example"])


def test_duplicates_are_looked_for_and_told(tmp_path: Path, client: Any) -> None:
    from hub_flows.duplicates import duplicates_flow
    from hub_flows.pool import deploy

    from hub.config import load

    nightly = '[schedules.twice]\ncron = "0 3 * * *"\nrun = "duplicates"\n'
    folder = project(tmp_path / "dup", nightly)
    twice = {
        "1": {"name": "Hansen Bootsbau GmbH", "mail": "post@hansen-bootsbau.example"},
        "2": {"name": "Hansen Bootsbau", "mail": "post@hansen-bootsbau.example"},
        "3": {"name": "Optik Lindt", "mail": "hallo@lindt.example"},
    }
    (folder / "north.json").write_text(json.dumps(twice))
    assert sync(folder).type.value == "COMPLETED"
    state = duplicates_flow(str(folder), ["customer"], return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "Findings"), state.message
    assert "1 pairs wait for a person" in state.message
    (table,) = artifacts(client, "hub-duplicates", state)
    assert [(row["model"], row["open"], row["merged"]) for row in json.loads(table)] == [("customer", 1, 0)]
    (text,) = artifacts(client, "hub-duplicates-waiting", state)
    assert "Hansen Bootsbau GmbH" in text

    toml = (folder / "hub.toml").read_text()
    (folder / "hub.toml").write_text(toml + "[duplicates]\nauto = true\nmerge_at = 0.5\n")
    state = duplicates_flow(str(folder), ["customer"], return_state=True)
    assert state.message == "no pair waits, 1 merged"
    (folder / "hub.toml").write_text(toml)

    name = f"pool-{uuid4().hex[:6]}"
    assert list(deploy(load(folder), name)) == [f"{name}: made", f"hub-duplicates/dup.twice: on {name}"]
    found = client.read_deployment_by_name("hub-duplicates/dup.twice")
    assert found.entrypoint == "hub_flows.duplicates.duplicates_flow"
    (folder / "hub.toml").write_text(toml.replace('run = "duplicates"', ""))
    said = list(deploy(load(folder), name))
    assert said[-2:] == [f"hub-sync/dup.twice: on {name}", "hub-duplicates/dup.twice: no longer in hub.toml, removed"]


def test_the_morning_of_finance_posts_once_and_tells_what_needs_a_person(
    tmp_path: Path, client: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub_flows.finance import finance_flow
    from hub_flows.schedules import deployments

    from hub.config import load
    from tests.finance.office import POST, Office

    office = Office(tmp_path / "morning", "sqlite:///hub.db", capsys, monkeypatch)
    office.customer("C1", "Alpha Bau GmbH")
    office.invoice("INV-1001", "C1", "119.00")
    office.entry("B1", "119.00", "INV-1001")
    office.entry("B2", "42.00", "thanks", payer="Nobody Known")
    office.begin(POST, '[schedules.early]\nrun = "finance"\ncron = "0 6 * * 1-5"\n')
    for posted in (1, 0):
        state = finance_flow(str(office.folder), return_state=True)
        assert (state.type.value, state.name) == ("COMPLETED", "Findings"), state.message
        assert state.message == "1 payments need a person"
        (table,) = artifacts(client, "hub-finance", state)
        rows = json.loads(table)
        assert [row["count"] for row in rows if row["kind"] == "posted"] == [posted]
        assert all(row["fine"] for row in rows if row["kind"] == "check")
    (made,) = deployments(load(office.folder))
    assert (made.entrypoint, made.flow_name) == ("hub_flows.finance.finance_flow", "hub-finance")
    office.settings("[finance.accounts]\nA = 1\n")
    failed = finance_flow(str(office.folder), return_state=True)
    assert (failed.type.value, "finance.accounts.A" in failed.message) == ("FAILED", True)
