"""What the time of a sync goes into: samples of the main thread's stack, each counted for the step it stands in.

python where.py PROJECT [--full]
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from hub_walk import took

EVERY = 0.002  # seconds
STEPS = {  # the end of the file's name and the function; the innermost one that is named here counts
    ("hub/connect/rest.py", "request"): "fetch",
    ("hub/connect/rows.py", "rows"): "split",
    ("hub/sync/ahead.py", "ahead"): "fetch",  # the main thread waits for the one that fetches
    ("hub/sync/arrival.py", "digested"): "digest",
    ("hub/sync/land.py", "land"): "look-up",
    ("hub/sync/land.py", "doubt"): "look-up",
    ("hub/sync/arrival.py", "read"): "map",
    ("hub/sync/resolve.py", "resolve"): "resolve",
    ("hub/sync/take.py", "take"): "merge",
    ("hub/sync/work.py", "save"): "write",
    ("hub/store/tx.py", "commit"): "commit",
    ("hub/sync/outbox.py", "compare"): "outbox",
    ("hub/sync/full.py", "saw"): "sweep",
    ("hub/sync/full.py", "sweep"): "sweep",
    ("hub/sync/run.py", "pull"): "other",
    ("hub/cli/app.py", "run"): "start and end",
}


def step(frame: FrameType | None) -> str:
    """The step a stack stands in."""
    while frame is not None:
        code = frame.f_code
        for (file, function), name in STEPS.items():
            if code.co_name == function and code.co_filename.endswith(file):
                return name
        frame = frame.f_back
    return "start and end"


def sampled(arguments: list[str]) -> Counter[str]:
    """Run the command line here and count samples."""
    counts: Counter[str] = Counter()
    main, done = threading.main_thread().ident or 0, threading.Event()

    def sample() -> None:
        while not done.wait(EVERY):
            counts[step(sys._current_frames().get(main))] += 1

    sys.setswitchinterval(EVERY / 4)
    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    sys.argv = ["hub", *arguments]
    try:
        from hub.cli import main as hub

        hub()
    except SystemExit as end:
        if end.code:
            raise
    finally:
        done.set()
        thread.join()
    return counts


def where(folder: Path, *options: str) -> str:
    """Sample `hub sync crm` in a process of its own; return the shares in words."""
    run = took([sys.executable, __file__, str(folder), *options])
    counts: dict[str, int] = json.loads(run.out.splitlines()[-1])
    total = sum(counts.values()) or 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {count / total:.0%}" for name, count in ordered if count / total >= 0.005)


if __name__ == "__main__":
    began = time.perf_counter()
    found = sampled(["--project", sys.argv[1], "sync", "crm", "--json", *sys.argv[2:]])
    print(json.dumps(found))
