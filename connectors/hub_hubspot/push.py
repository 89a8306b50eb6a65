"""Writing: batches, an answer for every row, and what is tied to a record: associations and lines.

A create carries our id in a unique property, so that one whose answer was lost is found again. Where it hangs on
something it is created together with its associations in one request: it is there whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hub.connect import Answer, Missing, Receipt, Record, Rejected, Unavailable, Write
from hub.errors import HubError
from hub_hubspot.api import BATCH, Api, Row, Taken, chunks, decoded, row_error
from hub_hubspot.jobs import Job, each, inline, many, target_missing, unanswered, waves
from hub_hubspot.lines import Lines
from hub_hubspot.pull import Reader
from hub_hubspot.shapes import LINE_ITEMS, OWNER, Shape, texts
from hub_hubspot.ties import Ties, wanted
from hub_hubspot.times import moment


class Writer:
    """Writes one stream."""

    def __init__(self, api: Api, shape: Shape, reader: Reader, id_property: str) -> None:
        self.api = api
        self.shape = shape
        self.reader = reader
        self.id_property = id_property
        self.path = f"{api.objects}/{shape.object}"
        self.ties = Ties(api, shape)
        self.lines = Lines(api, id_property)
        self._owners_read = False

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Carry out the writes and yield one answer for each, in order."""
        jobs = [self._job(w) for w in writes]
        for wave in waves(jobs):
            self._create([j for j in wave if j.key is None])
            self._update([j for j in wave if j.write.key is not None])
        yield from self._answers(jobs)

    def _job(self, write: Write) -> Job:
        data = write.data
        lines = list(data["lines"] or []) if self.shape.lines and "lines" in data else None
        properties = texts(data.get("properties") or {})
        if "owner" in data:
            properties[OWNER] = self._owner(data["owner"])
        return Job(write, properties, wanted(self.shape, data), lines, write.key)

    def _owner(self, name: str | None) -> str:
        """Return the id of the user with that e-mail address; HubSpot itself refuses what is none."""
        if not name or name.isdecimal():
            return name or ""
        for fresh in (False, True):
            for id_, email in self.api.owners(fresh=fresh and not self._owners_read).items():
                if email.casefold() == name.casefold():
                    return id_
        self._owners_read = True
        return name

    # creates

    def _create(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            job.properties[self.id_property] = job.write.our_id
        plain = [j for j in jobs if not j.lines and not any(j.ties.values())]
        for part in chunks(plain, BATCH):
            self._upsert(part)
        whole = [j for j in jobs if j not in plain]
        if any(j.lines for j in whole):
            each(whole, self._make_lines)
        for part in chunks([j for j in whole if j.open], BATCH):
            each(part, self._create_whole)

    def _upsert(self, jobs: list[Job]) -> None:
        inputs = [
            {
                "id": j.write.our_id,
                "idProperty": self.id_property,
                "properties": j.properties,
                "objectWriteTraceId": j.write.once,
            }
            for j in jobs
        ]
        refused = self._batch("upsert", inputs, jobs, lambda row: row["properties"].get(self.id_property))
        if refused and len(jobs) > 1:
            self._upsert(jobs[: len(jobs) // 2])
            self._upsert(jobs[len(jobs) // 2 :])
            return
        for job in unanswered(jobs):
            each([job], self._create_whole)

    def _make_lines(self, jobs: Sequence[Job]) -> None:
        made = self.lines.create([(j.write.once, 1, j.lines or []) for j in jobs])
        for job, ids in zip(jobs, made, strict=True):
            job.new_lines = ids

    def _create_whole(self, jobs: Sequence[Job]) -> None:
        inputs = []
        for job in jobs:
            tied = self.ties.inline(job.ties)
            if job.new_lines:
                kind = self.api.kinds(self.shape.object, LINE_ITEMS)[None]
                tied += [inline(id_, kind) for id_ in job.new_lines]
            inputs.append({"properties": job.properties, "associations": tied, "objectWriteTraceId": job.write.once})
        if len(jobs) == 1:
            self._create_one(jobs[0], inputs[0])
            return
        answer = self.api.tell(f"{self.path}/batch/create", {"inputs": inputs})
        self._match(answer, jobs, lambda row: row["properties"].get(self.id_property))

    def _create_one(self, job: Job, body: Row) -> None:
        body = {k: v for k, v in body.items() if k != "objectWriteTraceId"}
        try:
            job.row = self.api.tell(self.path, body)
        except Taken:
            mine = self.api.batch_read(self.shape.object, [job.write.our_id], (), self.id_property)
            if not mine:
                raise
            job.key = mine[0]["id"]  # an earlier attempt of ours arrived after all: make it what it should be
            self._update([job])
            return
        job.key = job.row["id"]

    # updates

    def _update(self, jobs: Sequence[Job]) -> None:
        with_properties = [j for j in jobs if j.properties]
        for part in chunks(with_properties, BATCH):
            self._update_properties(part)
        bare = [j for j in jobs if not j.properties]
        if bare:
            each(bare, self._must_exist)
        tied = [j for j in jobs if j.open and j.ties]
        if tied:
            each(tied, lambda part: self.ties.write({str(j.key): j.ties for j in part}), alone=target_missing)
        lined = [j for j in jobs if j.open and j.lines is not None]
        if lined:
            each(lined, self._write_lines, alone=target_missing)

    def _update_properties(self, jobs: list[Job]) -> None:
        inputs = [{"id": j.key, "properties": j.properties, "objectWriteTraceId": j.write.once} for j in jobs]
        refused = self._batch("update", inputs, jobs, lambda row: row["id"])
        if refused and len(jobs) > 1:
            self._update_properties(jobs[: len(jobs) // 2])
            self._update_properties(jobs[len(jobs) // 2 :])
            return
        for job in unanswered(jobs):
            each([job], self._update_one)

    def _update_one(self, jobs: Sequence[Job]) -> None:
        job = jobs[0]
        job.row = decoded(
            self.api.request("PATCH", f"{self.path}/{job.key}", json={"properties": job.properties}),
        )

    def _must_exist(self, jobs: Sequence[Job]) -> None:
        there = {r["id"] for r in self.api.batch_read(self.shape.object, [str(j.key) for j in jobs], ())}
        for job in jobs:
            if job.key not in there:
                job.error = Missing(f"{self.shape.object} {job.key} does not exist or is archived")

    def _write_lines(self, jobs: Sequence[Job]) -> None:
        self.lines.replace(self.shape.object, {str(j.key): (j.write.once, j.lines or []) for j in jobs})

    # answers

    def _batch(self, verb: str, inputs: list[Row], jobs: Sequence[Job], name: Callable[[Row], str | None]) -> bool:
        """Send a batch; returns whether it was refused as a whole, without a word of which row is at fault."""
        try:
            answer = self.api.tell(f"{self.path}/batch/{verb}", {"inputs": inputs})
        except (Rejected, Missing):
            return True
        except HubError as error:
            for job in jobs:
                job.error = error
            return False
        self._match(answer, jobs, name)
        return False

    def _match(self, answer: Row, jobs: Sequence[Job], name: Callable[[Row], str | None]) -> None:
        """Bring each result and each error of a batch to its job: they come in any order."""
        by_name = {str(j.write.our_id if j.write.key is None and j.key is None else j.key): j for j in jobs}
        by_trace = {j.write.once: j for j in jobs}
        for row in answer.get("results", ()):
            job = by_trace.get(row.get("objectWriteTraceId") or "") or by_name.get(name(row) or "")
            if job is not None:
                job.row, job.key = row, row["id"]
        for fault in answer.get("errors", ()):
            context = fault.get("context") or {}
            traces, ids = many(context.get("objectWriteTraceId")), many(context.get("ids"))
            named = [by_trace.get(t) for t in traces] + [by_name.get(i) for i in ids]
            for job in named:
                if job is not None and job.row is None:
                    job.error = row_error(fault)

    def _answers(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        done = [j for j in jobs if j.open and j.key]
        try:
            records = {r.key: r for r in self.reader.read([str(j.key) for j in done])} if done else {}
        except Unavailable:
            records = {}  # the writes stand; the hub reads these records later
        for job in jobs:
            if isinstance(job.error, Missing | Rejected | Unavailable):
                yield job.error
            elif job.error is not None:
                raise job.error
            elif job.key is None:
                yield Unavailable(
                    f"{self.path}: the answer says nothing of this row; it is looked up before it is sent"
                )
            else:
                yield self._receipt(job, records.get(job.key))

    def _receipt(self, job: Job, record: Record | None) -> Receipt:
        """Make the receipt of what was read back, with the written values as the write itself was answered.

        An edit made between the write and the read-back would otherwise pass for the form in which HubSpot keeps ours.
        """
        key, changed = str(job.key), self.shape.changed
        answered = job.row["properties"] if job.row else {}
        if record is None or record.deleted:
            return Receipt(key, answered.get(changed))
        data: Any = record.data
        if not job.row:
            return Receipt(key, record.version, data, record.changed_at)
        own = {name: answered[name] for name in job.properties if name in answered and name in data["properties"]}
        version = min(str(answered.get(changed) or record.version), str(record.version))
        properties = {**data["properties"], **own, changed: version}
        return Receipt(
            key, version, {**data, "properties": properties, **self.reader.records.derived(properties)}, moment(version)
        )
