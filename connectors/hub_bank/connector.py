"""The connector `bank`: the booked entries of proven statements as payments."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from hub.config.finance import Finance
from hub.connect import ConfigError, Connector, Page, Record, Secret, Stream
from hub.finance.bank.judge import Judged, Override, judge
from hub.finance.bank.keys import keyed
from hub.finance.bank.read import read
from hub.finance.bank.record import record, slot, source, summary
from hub.finance.bank.statement import Problem, Statement
from hub.finance.bank.unpack import unpack
from hub_bank.places import Folder, Found, Named, Place
from hub_bank.sftp import Sftp
from hub_bank.state import State, digest, state

GROUP = 2_000  # entries after which what was read is handed over
MEGA = 1_000_000

Read = tuple[str, list[Judged], list[Problem]]  # a file, its statements, what is wrong with it as a whole


class Bank(Connector):
    """Files of statements in a folder, on a server over SFTP, or named by a person.

    Which format a file has, its content says. What is refused goes into quarantine with its reason, and leaves it when
    a mended file comes. `account` says whose files these are, where they do not. `override` takes what cannot be
    proven, in the name of `by`.
    """

    name = "bank"
    streams: ClassVar[tuple[Stream, ...]] = (Stream("entries", "payment", complete=False, volatile=("from",)),)

    def __init__(
        self,
        folder: str | None = None,
        files: Sequence[str] = (),
        pattern: str = "*",
        account: str | None = None,
        host: str | None = None,
        port: int = 22,
        user: str | None = None,
        password: Secret | None = None,
        private_key: Secret | None = None,
        known_host: str | None = None,
        path: str = ".",
        override: str | None = None,
        by: str | None = None,
        finance: Finance | None = None,
    ) -> None:
        self.finance = finance or Finance()
        self.account = account
        self.clock: Callable[[], float] = time.time
        self.override = Override(by, override) if override and by else None
        self.named = bool(files)
        self.told: list[dict[str, Any]] = []  # what this reading said of files and their statements
        self.place: Place
        if sum(map(bool, (folder, files, host))) != 1:
            raise ConfigError("bank: give one of folder and host")
        if files:
            self.place = Named([Path(file) for file in files])
        elif folder:
            self.place = Folder(Path(folder), pattern)
        else:
            if not user or not known_host or not (password or private_key):
                raise ConfigError(
                    "bank: SFTP needs user, password or private_key, and known_host (a line of ssh-keyscan without the host)"
                )
            self.place = Sftp(host or "", port, user, password, private_key, known_host, path, pattern)

    def check(self) -> None:
        """Look whether the place is there."""
        next(self.place.files(), None)

    def close(self) -> None:
        """Let go of the place."""
        self.place.close()

    def afresh(self, stream: str, cursor: str) -> str | None:
        """Read all files again, and remember what is known of those that are gone: entries keep their keys."""
        known = state(cursor)
        known.files = {}
        return known.text()

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield the entries of all files that are not as they were read last; files named by a person always."""
        known = state(cursor)
        group: list[Read] = []
        for file in self.place.files():
            if not self.named and known.unchanged(file):
                continue
            limit = self.finance.limit_mb * MEGA
            content = None if file.size > limit else self.place.read(file, limit)
            if content is not None and not self.named:
                seen, mark = known.files.get(file.name), digest(content)
                known.note(file, mark, self.clock())
                if seen and seen.digest == mark:
                    continue
            group += self._inside(file, content)
            del content
            if sum(len(j.statement.entries) for _, judged, _ in group for j in judged) >= GROUP:
                yield Page(self._records(group, known), known.text())
                group = []
        yield Page(self._records(group, known), known.text())

    def _inside(self, file: Found, content: bytes | None) -> Iterator[Read]:
        """Read a file, or those in an archive, and judge their statements."""
        limit = self.finance.limit_mb
        if content is None:
            words = (
                f"has {file.size // MEGA} MB, more than the {limit} of limit_mb in [finance]; raise it if it is meant"
            )
            yield file.name, [], [Problem(words)]
            return
        for name, inner in unpack(file.name, content, limit * MEGA):
            if isinstance(inner, Problem):
                yield name, [], [inner]
                continue
            reading = read(inner, self.finance.statements, self.account)
            yield name, [judge(found, self.override) for found in reading.statements], reading.problems

    def _records(self, group: Sequence[Read], known: State) -> list[Record]:
        """The records of a group of files; what is refused among them, and what was and is no more."""
        records: dict[str, Record] = {}
        taken: list[tuple[str, Statement]] = []
        now = int(self.clock() * MEGA)
        for file, judged, problems in group:
            bad = {f"{file}: {problem}": None for problem in problems if problem.fault}
            self.told += [{"file": file, "problems": [str(problem) for problem in problems]}] if problems else []
            fresh = {_key(text): text for text in bad}
            for place, one in enumerate(judged, 1):
                place_key = _key(slot(one.statement, file, place))
                told = summary(one, file, place, now, self.override)
                self.told.append(told)
                known.tell(told)
                if one.state == "refused":
                    fresh[place_key] = f"{file}: refused: " + "; ".join(str(p) for p in one.problems if p.fault)
                    continue
                taken.append((file, one.statement))
                if place_key in known.refused:
                    records[place_key] = _gone(place_key)
                    del known.refused[place_key]
                if one.state == "taken":
                    fresh |= {_key(f"{file}: {p}"): f"{file}: {p}" for p in one.problems if p.fault}
            for key in [key for key, of in known.refused.items() if of == file and key not in fresh]:
                records[key] = _gone(key)
                del known.refused[key]
            for key, text in fresh.items():
                known.refused[key] = file
                records[key] = _refused(key, text)
        files = [file for file, _ in taken]
        for file, (statement, entries, remarks) in zip(
            files, keyed([statement for _, statement in taken], known.memory), strict=True
        ):
            line, origin = self._line(statement.account), source(statement, file)
            for found in entries:
                data = record(found, statement, origin) | {"line": line}
                records[found.key] = Record(found.key, msgspec.json.encode(data))
            for remark in remarks:
                text = f"{file}: {remark}"
                known.refused[_key(text)] = file
                records[_key(text)] = _refused(_key(text), text)
        return list(records.values())

    def _line(self, account: str | None) -> str | None:
        found: Any = self.finance.accounts.get(account or "")
        return found.line if found else None


def _key(text: str) -> str:
    """The key of what is in quarantine; its length has an end."""
    return f"refused {text}" if len(text) <= 150 else f"refused {text[:110]} {digest(text.encode())}"


def _refused(key: str, text: str) -> Record:
    """A record that is no payment: where its state should be stands why, which the converter `booked` refuses."""
    return Record(key, msgspec.json.encode({"state": text}))


def _gone(key: str) -> Record:
    return Record(key, b"{}", deleted=True)
