"""What a flow run leaves behind: a table of counts, a list of findings, an event where a person should look."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed, Failed

from hub.cli.session import Session
from hub.errors import HubError
from hub.plugin import Event
from hub.sync import Run
from hub.sync.report import Count

LISTED = 200  # findings shown; all of them are in the hub's store


class Row(Count):
    """What was done with one stream, for people."""

    @property
    def busy(self) -> bool:
        """Whether anything came or was done."""
        return any(self[2:])

    def __str__(self) -> str:
        done = ", ".join(f"{number} {name}" for name, number in zip(self._fields[2:], self[2:], strict=True) if number)
        return f"{self.connection} {self.stream}: {done or 'nothing new'}"


class Report:
    """The sum of what the tasks of one flow run did."""

    def __init__(self, session: Session, project: str) -> None:
        self.session = session
        self.name = Path(project).resolve().name
        self.rows: dict[tuple[str, str], Row] = {}
        self.findings: dict[str, None] = {}  # in order, each once: two tasks may meet the same
        self.failures: dict[str, str] = {}

    @property
    def written(self) -> int:
        """How many records were written into other systems."""
        return sum(row.written for row in self.rows.values())

    def add(self, run: Run) -> None:
        """Add what one run of the engine did."""
        for count in run.counts:
            at = (count.connection, count.stream)
            before = self.rows.get(at, Row(*at, *(0,) * (len(count) - 2)))
            self.rows[at] = Row(*at, *(a + b for a, b in zip(before[2:], count[2:], strict=True)))
        self.findings |= dict.fromkeys(self.session.masked(text) for text in run.findings)

    def failure(self, where: str, error: Any) -> None:
        """Add what went wrong; `where` is the task, empty for the flow as a whole."""
        text = str(error) if isinstance(error, HubError) else f"{type(error).__name__}: {error}"
        self.failures[where] = self.session.masked(text)

    def publish(self) -> State[Any]:
        """Write the artifacts, tell who listens, and return the state in which the flow run ends."""
        create_table_artifact(
            table=[row._asdict() for row in self.rows.values()] or [{"connection": "", "stream": "nothing was synced"}],
            key="hub-counts",
            description=f"{self.name}: what was done with each stream",
        )
        failures = [f"{where}: {text}" if where else text for where, text in self.failures.items()]
        if failures or self.findings:
            create_markdown_artifact(
                markdown=_markdown("Failed", failures) + _markdown("Findings", self.findings),
                key="hub-findings",
                description=f"{self.name}: what needs a person",
            )
        if failures:
            self._tell("failed", failures)
            return Failed(message="; ".join(failures)[:2000])
        if self.findings:
            self._tell("findings", list(self.findings))
            return Completed(name="Findings", message=f"{len(self.findings)} findings, {self.written} written")
        return Completed(message=f"{self.written} written")

    def _tell(self, kind: str, texts: list[str]) -> None:
        emit_event(
            event=f"hub.sync.{kind}",
            resource={"prefect.resource.id": f"hub.project.{self.name}", "prefect.resource.name": self.name},
            payload={"project": self.name, kind: texts[:LISTED], "written": self.written},
        )
        if kind == "failed":  # of findings the engine itself tells the plugins
            try:
                hook = self.session.registry().hook
            except HubError:
                return  # the plugins cannot be loaded: that is what failed
            hook.on_event(event=Event("flow failed", f"{self.name}: sync failed: {'; '.join(texts[:5])}"))


def _markdown(title: str, texts: Iterable[str]) -> str:
    lines = list(texts)
    if not lines:
        return ""
    more = [f"- ... and {len(lines) - LISTED} more: `hub status`"] if len(lines) > LISTED else []
    shown = [f"- {' '.join(text.split())}" for text in lines[:LISTED]]
    return "\n".join([f"## {title}", "", *shown, *more, "", ""])
