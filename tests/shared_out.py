"""How the tests are shared out among the processes of a parallel run (`pytest -n`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

# What takes longest begins first: most of it waits for servers, while the many quick ones use the processors beside it.
LONGEST = (
    "closure/test_closing_flow.py",
    "quality/test_match_spark.py",
    "test_demo.py",
    "test_flows.py",
    "sync/test_crashes.py",
    "walk/test_walk_kill.py",
    "test_flows_serve.py",
    "test_flows_docs.py",
    "closure/test_demo_close.py",
    "quality/test_match_law.py",
    "tryton",
    "closure/test_closing.py",
    "sync/test_properties.py",
    "closure/test_migrate.py",
    "test_benchmarks.py",
)
# What uses one server stays in one process, so that the server is started once.
TOGETHER = ("tryton", "mail")
HERE = Path(__file__).resolve().parent


def _share(path: str) -> str:
    """The share a test file belongs to: itself, or its folder where the folder stays together."""
    folder = path.split("/", 1)[0]
    return folder if folder in TOGETHER else path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first."""
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(_share(item.path.relative_to(HERE).as_posix()), len(order)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole shares in that order."""
    from xdist.scheduler import LoadFileScheduling

    class Shares(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _share(nodeid.split("::", 1)[0].removeprefix("tests/"))

    config.option.loadscopereorder = False
    return Shares(config, log)
