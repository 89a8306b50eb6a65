"""`hub` for shell scripts under test: one process imports everything once and forks a child for each call.

Listens on the Unix socket given as its argument; a call brings its arguments, its folder and its three files.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

CLIENT = """#!{python} -SE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as call:
    call.connect({path!r})
    socket.send_fds(call, [json.dumps([os.getcwd(), sys.argv[1:]]).encode()], [0, 1, 2])
    sys.exit(int(call.recv(16)))
"""


def client(script: Path, path: Path) -> None:
    """Write the program that calls."""
    script.write_text(CLIENT.format(python=sys.executable, path=str(path)))
    script.chmod(0o755)


def child(folder: str, arguments: list[str], files: list[int]) -> int:
    """Run one call in a child; its exit code."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.chdir(folder)
            for at, file in enumerate(files):
                os.dup2(file, at)
            from hub.cli.app import run

            code = run(arguments)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """Answer calls until the process is stopped."""
    import hub.cli.app
    import hub.cli.engine
    import hub.plugin.registry
    import hub.quality.decide
    import hub.quality.match.find
    import hub.store.migrate

    hub.plugin.registry.load(None)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen()
        while True:
            call, _ = door.accept()
            with call:
                said, files, _, _ = socket.recv_fds(call, 1 << 16, 3)
                folder, arguments = json.loads(said)
                call.sendall(str(child(folder, arguments, files)).encode())
                for file in files:
                    os.close(file)


if __name__ == "__main__":
    main()
