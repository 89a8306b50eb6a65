"""The flow `hub-duplicates`: looks for duplicates, merges sure ones where hub.toml lets it, and reports what waits.

A model a task. Nothing is decided here: the flow does what `hub duplicates find` does and leaves the same proposals.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed, Failed

from hub.cli.session import Session
from hub.errors import HubError
from hub_flows.beat import beating
from hub_flows.sync import BACKOFF, RETRIES, again

FLOW = "hub-duplicates"
LISTED = 50  # pairs shown a model; all of them: hub duplicates list


class Looked(NamedTuple):
    """What came of looking for duplicates of one model."""

    counts: dict[str, Any]
    merges: int
    left: Sequence[str]  # why a sure pair could not be merged
    waiting: Sequence[dict[str, Any]]  # the likeliest open pairs


@task(
    name="look",
    task_run_name="{model}",
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=0.3,
    retry_condition_fn=again,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def look(session: Session, model: str, full: bool) -> Looked:
    """Look for duplicates of one model, and merge the sure ones where [duplicates] auto is on."""
    from hub.quality.decide import Desk, auto, listed
    from hub.quality.match.custom import profiles
    from hub.quality.match.find import find

    with session.engine() as engine:
        project = engine.project
        found = find(
            engine.store, project.root / ".hub", profiles(engine.registry)[model], project.duplicates, full=full
        )
        merged = auto(Desk.of(engine), model) if project.duplicates.auto else None
        with engine.store.read() as tx:
            waiting = listed(tx, model=model)
    counts = {"model": model, "records": found.records, "changed": found.changed, "found": found.found}
    counts |= {"gone": found.gone, "merged": len(merged.merges) if merged else 0, "open": len(waiting)}
    counts |= {"seconds": round(found.seconds, 1)}
    left = merged.left if merged else ()
    get_run_logger().info("%s: %s", model, ", ".join(f"{n} {what}" for what, n in counts.items() if what != "model"))
    return Looked(counts, counts["merged"], left, waiting[:LISTED])


@flow(name=FLOW, persist_result=False)
def duplicates_flow(project: str = ".", models: list[str] | None = None, full: bool = False) -> State[Any]:
    """Look for duplicates in a project, as a schedule in hub.toml asks for it.

    Args:
        project: hub.toml or its folder, as the machine sees it that runs the flow.
        models: which; none: all that can have duplicates.
        full: compare all records anew, not only those that changed.
    """
    session = Session(Path(project))
    name = Path(project).resolve().name
    done: list[Looked] = []
    failures: dict[str, str] = {}
    with beating():
        try:
            for model in models or _models(session):
                state = look(session, model, full, return_state=True)
                if state.is_completed():
                    done.append(state.result())
                else:
                    failures[model] = session.masked(str(state.result(raise_on_failure=False)))
        except HubError as error:  # before any task could: a setting that is wrong, a store that is not there
            failures[""] = session.masked(str(error))
        return _publish(name, done, failures)


def _models(session: Session) -> list[str]:
    from hub.quality.match.custom import profiles

    project = session.project(())
    return list(profiles(session.registry(project.root / project.plugins)))


def _publish(name: str, done: Sequence[Looked], failures: dict[str, str]) -> State[Any]:
    """Write the artifacts, tell who listens, and return the state in which the flow run ends."""
    create_table_artifact(
        table=[one.counts for one in done] or [{"model": "nothing was looked at"}],
        key="hub-duplicates",
        description=f"{name}: duplicates by model",
    )
    waiting = sum(one.counts["open"] for one in done)
    left = [text for one in done for text in one.left]
    if waiting or left or failures:
        create_markdown_artifact(
            markdown=_markdown(done, left, failures),
            key="hub-duplicates-waiting",
            description=f"{name}: pairs that wait for a person",
        )
        emit_event(
            event=f"hub.duplicates.{'failed' if failures else 'waiting'}",
            resource={"prefect.resource.id": f"hub.project.{name}", "prefect.resource.name": name},
            payload={"project": name, "waiting": waiting, "failures": list(failures.values())},
        )
    merged = sum(one.merges for one in done)
    if failures:
        return Failed(message="; ".join(f"{model}: {why}" if model else why for model, why in failures.items())[:2000])
    if waiting:
        return Completed(name="Findings", message=f"{waiting} pairs wait for a person, {merged} merged")
    return Completed(message=f"no pair waits, {merged} merged")


def _markdown(done: Sequence[Looked], left: Sequence[str], failures: dict[str, str]) -> str:
    lines: list[str] = []
    if failures:
        lines += ["## Failed", "", *(f"- {model}: {' '.join(why.split())}" for model, why in failures.items()), ""]
    if left:
        lines += ["## Sure, yet not merged", "", *(f"- {' '.join(text.split())}" for text in left), ""]
    for one in done:
        if not one.waiting:
            continue
        lines += [f"## {one.counts['model']}", "", "| pair | probability | one | other |", "|---|---|---|---|"]
        lines += [
            f"| {p['pair']} | {p['probability']:.4f} | {_cell(p['left_name'])} | {_cell(p['right_name'])} |"
            for p in one.waiting
        ]
        more = one.counts["open"] - len(one.waiting)
        lines += [
            "",
            f"... and {more} more: `hub duplicates list`" if more else "decide: `hub duplicates show PAIR`",
            "",
        ]
    return "\n".join(lines)


def _cell(text: Any) -> str:
    return " ".join(str(text or "").replace("|", "\\|").split())
