"""The wheel, installed into an empty environment far from the checkout, is all a person needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("hub", "connectors", "flows", "mappings", "plugins", "pyproject.toml", "README.md", "LICENSE")


def call(*arguments: str | Path, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a program outside of the checkout's environment."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    }
    done = subprocess.run([str(a) for a in arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == code, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that nothing is written into the checkout."""
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    if not uv.exists():
        pytest.skip("building needs uv: pip install uv")
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    call(uv, "build", "--wheel", "--quiet", "--out-dir", source / "dist", source, cwd=source)
    (found,) = (source / "dist").glob("hub-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `hub` program of an environment that holds the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder, with_pip=False)
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    call(uv, "pip", "install", "--quiet", "--python", folder / "bin/python", wheel, cwd=folder.parent)
    return folder / "bin/hub"


def test_the_wheel_puts_no_common_names_into_site_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} <= {"hub"} | {
        t for t in tops if t.startswith("hub_")
    }
    assert "hub/starter/project/hub.toml" in names
    assert any(name.startswith("hub/starter/mappings/") and name.endswith(".toml") for name in names)


def test_a_person_begins_with_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    assert (
        str(ROOT) not in call(installed.parent / "python", "-c", "import hub; print(hub.__file__)", cwd=tmp_path).stdout
    )
    call(installed, "init", "company", cwd=tmp_path)
    project = tmp_path / "company"
    call(installed, "check", cwd=project)
    found = [json.loads(line) for line in call(installed, "plugins", "--json", cwd=project).stdout.splitlines()]
    assert {"hubspot", "stripe"} <= {row["name"] for row in found if row["kind"] == "connector"}
    mappings = call(installed, "mapping", "check", "--json", cwd=project).stdout.splitlines()
    assert mappings
    assert all(json.loads(line)["level"] == "ok" for line in mappings)


def test_a_sheet_is_synced_with_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    project = tmp_path / "p"
    call(installed, "init", project, cwd=tmp_path)
    (project / "people.csv").write_text("id,name,mail\n007,Ann\u00e9 Ltd,office@anne.example\n008,Bo,bo@bo.example\n")
    (project / "mappings/files.people.toml").write_text(
        'stream = "people"\nmodel = "customer"\n[fields]\nname = "name"\n'
        '"emails.main" = { theirs = "mail", as = "email" }\n'
    )
    with (project / "hub.toml").open("a") as file:
        file.write(
            '[connections.sheet]\nconnector = "files"\nfolder = "${HUB_PROJECT}"\n'
            '[connections.sheet.streams.people]\npath = "people.csv"\nkey = "id"\nmodel = "customer"\n'
        )
    call(installed, "-p", project, "check", cwd=tmp_path)
    preview = call(installed, "-p", project, "preview", "sheet", "people", cwd=tmp_path).stdout.splitlines()
    assert [json.loads(line)["key"] for line in preview] == ["007", "008"]
    for created in (2, 0):
        rows = call(installed, "-p", project, "sync", "--json", cwd=tmp_path).stdout.splitlines()
        (row,) = [json.loads(line) for line in rows if json.loads(line)["connection"] == "sheet"]
        assert row["created"] == created
    found = call(installed, "-p", project, "list", "customer", "--json", cwd=tmp_path).stdout.splitlines()
    assert {json.loads(line)["values"]["name"] for line in found} == {"Anné Ltd", "Bo"}


def test_help_answers_at_once(installed: Path, tmp_path: Path) -> None:
    """The processor time of the second call, after Python has compiled everything; measured, 0.2 to 0.3 s."""
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.argv[1], '--help'], stdout=subprocess.DEVNULL, check=True)\n"
        "before = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "subprocess.run([sys.argv[1], '--help'], stdout=subprocess.DEVNULL, check=True)\n"
        "after = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)\n"
    )
    assert float(call(sys.executable, "-c", script, installed, cwd=tmp_path).stdout) < 0.5
