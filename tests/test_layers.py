"""Who may import whom, and which room alone may do what: read from the source of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The rooms of hub/, from the foot up; a room imports those in its own row and below.
ROWS = (
    {"hub", "errors", "mistakes", "model", "secret", "suggest", "toml"},
    {"config"},
    {"connect", "plugin"},
    {"store", "mapping"},
    {"sync"},
    {"audit", "paper", "people"},
    {"finance", "insight", "quality"},
    {"closure"},
    {"cli", "demo", "web"},
)
LEVEL = {room: level for level, rooms in enumerate(ROWS) for room in rooms}
APART = (("quality", "finance"), ("finance", "quality"), ("store", "mapping"), ("mapping", "store"))
OUTSIDE = {"connectors", "plugins", "flows", "prefect"}


def modules(folder: Path) -> list[Path]:
    """All Python files of a folder."""
    apart = {"__pycache__", "bagged"}  # what is bagged goes into archives and runs without the hub
    return sorted(file for file in folder.rglob("*.py") if not apart & set(file.parts))


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports, also inside functions and by import_module("...")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
            if node.module == "hub":
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def room(file: Path, base: Path) -> str:
    """The room a module of hub/ belongs to."""
    inside = file.relative_to(base / "hub").parts
    return inside[0].removesuffix(".py") if inside != ("__init__.py",) else "hub"


def own(base: Path, folder: str) -> set[str]:
    """The packages and modules a root such as connectors/ holds."""
    there = base / folder
    return {p.stem for p in there.iterdir() if p.is_dir() or p.suffix == ".py"} if there.is_dir() else set()


def faults(base: Path) -> list[str]:
    """Every import, and every use of what one room alone may use, that breaks the rules."""
    return list(dict.fromkeys(_faults(base)))


def _faults(base: Path) -> Iterator[str]:
    strangers = {name: owner for owner in ("connectors", "flows") for name in own(base, owner)}
    for file in modules(base / "hub"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        at = str(file.relative_to(base))
        here = room(file, base)
        for line, name in imported(tree):
            yield from (f"{at}:{line}: {fault}" for fault in hub_import(here, name, at, strangers))
        yield from (f"{at}:{line}: {fault}" for line, fault in uses(tree, here, at))
    for folder in ("connectors", "plugins", "flows"):
        for file in modules(base / folder):
            me = file.relative_to(base / folder).parts[0].removesuffix(".py")
            at = str(file.relative_to(base))
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for line, name in imported(tree):
                yield from (f"{at}:{line}: {fault}" for fault in outer_import(folder, me, name, strangers))
            if folder != "flows":
                yield from (f"{at}:{line}: {fault}" for line, fault in uses(tree, folder, at))


def hub_import(here: str, name: str, at: str, strangers: dict[str, str]) -> Iterator[str]:
    """What is wrong with an import inside hub/."""
    top, _, rest = name.partition(".")
    if name.startswith("."):
        yield f"imports {name}; write the full name"
    elif top in OUTSIDE or top in strangers:
        yield f"hub imports {name}; the core knows no connector, no flow and no prefect"
    elif top == "tenacity" and at != "hub/connect/retry.py":
        yield "imports tenacity; only hub/connect/retry.py does"
    elif top == "hub" and here != "testing" and rest:
        there = rest.split(".")[0]
        if there == "testing":
            if here not in ("cli", "demo"):
                yield f"{here} imports hub.testing, which is for tests"
        elif there in LEVEL and (LEVEL[there] > LEVEL[here] or (here, there) in APART):
            yield f"{here} imports hub.{there}, which stands above or beside it"


def outer_import(folder: str, me: str, name: str, strangers: dict[str, str]) -> Iterator[str]:
    """What is wrong with an import of a connector, a plugin or a flow."""
    top = name.partition(".")[0]
    if top in strangers and top != me and not (folder == strangers[top] == "flows"):
        yield f"imports {name}; {folder} import hub and their own dependencies, never each other"
    if top == "prefect" and folder != "flows":
        yield "imports prefect; only flows do"
    if top == "tenacity":
        yield "imports tenacity; retrying is the hub's"


def uses(tree: ast.AST, here: str, at: str) -> Iterator[tuple[int, str]]:
    """Uses of the environment, of status codes and of print outside of the rooms they belong to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            # hub.testing answers as a server does, so it may write status codes and is read by tests alone
            if node.attr == "status_code" and here not in ("connect", "testing"):
                yield node.lineno, "reads status_code; only hub.connect does, others catch its errors"
            process = isinstance(node.value, ast.Name) and node.value.id == "os"
            if process and node.attr in ("environ", "getenv", "environb") and here not in ("config", "testing"):
                yield node.lineno, f"reads os.{node.attr}; only hub.config does"
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and here not in ("config", "testing"):
            names = {alias.name for alias in node.names} & {"environ", "getenv", "environb"}
            yield from ((node.lineno, f"imports os.{name}; only hub.config does") for name in sorted(names))
        elif isinstance(node, ast.Call) and here not in ("cli", "testing"):
            called = node.func
            if isinstance(called, ast.Name) and called.id == "print":
                yield node.lineno, "prints; only hub.cli does"
            if isinstance(called, ast.Attribute) and ast.unparse(called) in ("sys.stdout.write", "typer.echo"):
                yield node.lineno, "prints; only hub.cli does"


def test_the_rooms_keep_their_rules() -> None:
    found = faults(ROOT)
    assert not found, "\n".join(found)


def test_every_room_has_its_place() -> None:
    rooms = {room(file, ROOT) for file in modules(ROOT / "hub")} - {"testing", "starter"}
    assert rooms <= set(LEVEL), f"give these a row in ROWS: {sorted(rooms - set(LEVEL))}"
    assert {"config", "connect", "cli", "model"} <= rooms


def test_only_one_module_imports_tenacity() -> None:
    users = [
        file
        for folder in ("hub", "connectors", "plugins", "flows")
        for file in modules(ROOT / folder)
        if any(
            name.partition(".")[0] == "tenacity" for _, name in imported(ast.parse(file.read_text(encoding="utf-8")))
        )
    ]
    assert [str(file.relative_to(ROOT)) for file in users] == ["hub/connect/retry.py"]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("hub/sync/x.py", "import prefect", "no prefect"),
        ("hub/sync/x.py", "def f():\n    from hub_acme import y", "no connector"),
        ("hub/sync/x.py", "from hub.cli import main", "stands above"),
        ("hub/model/x.py", "from hub import store", "stands above"),
        ("hub/mapping/x.py", "import hub.store.tables", "beside"),
        ("hub/sync/x.py", "from . import y", "full name"),
        ("hub/sync/x.py", "import tenacity", "only hub/connect/retry.py"),
        ("hub/sync/x.py", "if r.status_code: ...", "status_code"),
        ("hub/sync/x.py", "import os\nos.environ['X']", "os.environ"),
        ("hub/sync/x.py", "from os import getenv", "os.getenv"),
        ("hub/sync/x.py", "print(1)", "prints"),
        ("hub/sync/x.py", "from hub.testing import memory", "for tests"),
        ("hub/cli/x.py", "importlib.import_module('hub_flows')", "no flow"),
        ("connectors/hub_other/x.py", "import hub_acme.y", "never each other"),
        ("connectors/hub_other/x.py", "x = r.status_code", "status_code"),
        ("connectors/hub_other/x.py", "from prefect import flow", "only flows"),
        ("plugins/x.py", "import hub_flows", "never each other"),
    ],
)
def test_each_rule_catches_what_breaks_it(tmp_path: Path, file: str, text: str, says: str) -> None:
    for folder in ("hub/sync", "hub/model", "connectors/hub_acme", "flows/hub_flows", "plugins"):
        (tmp_path / folder).mkdir(parents=True)
    good = "import os\nfrom hub.model import MODELS\nimport hub.errors\n"
    target = tmp_path / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(good)
    assert faults(tmp_path) == []
    target.write_text(good + text + "\n")
    found = faults(tmp_path)
    assert len(found) == 1, found
    assert says in found[0]
    assert found[0].startswith(f"{file}:")
