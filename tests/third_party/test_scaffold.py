"""A connector made by a stranger, in a distribution of its own, is found and works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.testing.scaffold import scaffold

REPO = Path(__file__).parents[2]

USE = """
import json
from hub.config.project import ConnectionConfig
from hub.plugin.registry import load
from hub.plugin.settings import connect
registry = load()
made = connect(ConnectionConfig("z", "zebra_crm", {"base_url": "https://z", "token": "canary-7f3a"}), registry)
from hub_zebra_crm.fake import ZebraCrmFake
fake = ZebraCrmFake()
made.transport = fake.transport()
made.check()
keys = [fake.add("customers") for _ in range(7)]
pulled = [record.key for page in made.pull("customers") for record in page.records]
print(json.dumps({"who": registry.who("zebra_crm"), "all": pulled == keys, "from": type(made).__module__}))
"""


SERVED = """
import os, sys
from hub.cli.app import run
from hub.testing.serve import Served
from hub_zebra_crm.fake import ZebraCrmFake
from threading import Thread
sys.stderr = sys.stdout
fake = ZebraCrmFake()
for _ in range(3):
    fake.add("customers")
with Served(fake.transport().handler) as server:
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    os.environ |= {"ZEBRA_TOKEN": "canary-7f3a", "ZEBRA_URL": server.base_url}
    codes = [run(["--project", "shop", *verb]) for verb in (["check"], ["preview", "z", "customers"], ["sync"])]
    codes.append(run(["--project", "shop", "mapping", "copy", "zebra_crm.customers"]))
    codes.append(run(["--project", "shop", "mapping", "check"]))
sys.exit(any(codes))
"""
SHOP = """
[connections.z]
connector = "zebra_crm"
base_url = "${ZEBRA_URL}"
token = "${ZEBRA_TOKEN}"
"""


def run(*command, cwd, path=()):
    """Run in a process of its own, as the stranger would."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPO), *map(str, path)])}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    into = tmp_path_factory.mktemp("elsewhere")
    root = scaffold("zebra_crm", into)
    assert root == into / "hub-zebra-crm"
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == {
        "README.md",
        "pyproject.toml",
        "hub_zebra_crm/__init__.py",
        "hub_zebra_crm/fake.py",
        "hub_zebra_crm/mappings/zebra_crm.customers.toml",
        "tests/test_zebra_crm.py",
    }
    return root


def test_it_passes_the_whole_contract_as_written(package):
    out = run(sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", cwd=package)
    assert re.search(r"^\d+ passed, \d skipped", out, re.M), out
    assert set(re.findall(r"SKIPPED.*: (.*)", out)) == {"no stream promises it"}, out  # nothing lags there


def test_a_fault_in_it_is_caught(package, tmp_path):
    """The tests of the package look at the connector, not only at themselves."""
    module = package / "hub_zebra_crm" / "__init__.py"
    good = module.read_text()
    try:
        module.write_text(good.replace('{"If-Match": write.expect} if write.expect else None', "None"))
        with pytest.raises(AssertionError, match="test_a_stale_version_is_a_conflict"):
            run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package)
    finally:
        module.write_text(good)


def test_installed_it_is_found_by_its_entry_point_and_works(package, tmp_path):
    site = tmp_path / "site"
    uv = Path(sys.executable).with_name("uv")
    installer = [str(uv), "pip"] if uv.exists() else [sys.executable, "-m", "pip"]
    options = ["--no-deps", "--no-build-isolation", "--target", str(site)]
    python = ["--python", sys.executable] if uv.exists() else []
    run(*installer, "install", "-q", *python, *options, str(package), cwd=tmp_path)
    assert (site / "hub_zebra_crm" / "mappings" / "zebra_crm.customers.toml").exists()
    said = json.loads(run(sys.executable, "-c", USE, cwd=tmp_path, path=[site]))
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "hub.toml").write_text(SHOP)
    out = run(sys.executable, "-c", SERVED, cwd=tmp_path, path=[site])  # with the mapping that the package brings
    assert out.count('"connection":"z","stream":"customers"') == 3
    assert (tmp_path / "shop" / "mappings" / "zebra_crm.customers.toml").exists()
    assert "canary" not in out
    assert "no row of" not in out  # the template's own fields are no news
    assert said == {"who": "hub-zebra-crm 0.1.0 (hub_zebra_crm)", "all": True, "from": "hub_zebra_crm"}


def test_the_connector_is_short_and_in_our_style(package):
    module = package / "hub_zebra_crm" / "__init__.py"
    assert len(module.read_text().splitlines()) < 80
    ruff = Path(sys.executable).with_name("ruff")
    run(str(ruff), "check", "--config", str(REPO / "pyproject.toml"), str(module), cwd=package)
    run(str(ruff), "format", "--check", "--config", str(REPO / "pyproject.toml"), str(package), cwd=package)


def test_its_mapping_is_valid(package):
    mapping = pytest.importorskip("hub.mapping")
    if not hasattr(mapping, "load"):
        pytest.skip("no mappings in this checkout")
    mapping.load(package / "hub_zebra_crm" / "mappings" / "zebra_crm.customers.toml")


@pytest.mark.parametrize("name", ["Acme", "9x", "a-b", "", "../x"])
def test_a_name_that_cannot_be_a_module_is_refused(name, tmp_path):
    with pytest.raises(ConfigError, match="no name for a connector"):
        scaffold(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path):
    scaffold("acme", tmp_path)
    with pytest.raises(ConfigError, match="already there"):
        scaffold("acme", tmp_path)
