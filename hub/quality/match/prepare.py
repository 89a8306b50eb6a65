"""Brings golden records into the form in which they are compared, with several processes where there are many."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import msgspec

from hub.quality.match.batch import Batch
from hub.quality.match.profile import Kind, Profile

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema  # type: ignore[import-untyped]

Read = tuple[str, str, Sequence[str]]
"""Id and data of a golden record, as the store has them, and valid tax numbers that its records show besides."""

ALONE = 60_000  # up to so many records one process is quicker than starting others
SYSTEM: dict[str, Kind] = {"parent": "text", "taxes": "texts", "lines": "texts"}
decode = msgspec.json.Decoder(dict[str, Any]).decode


def schema(profile: Profile) -> Schema:
    """The columns of a prepared record: id, what the profile compares, and what vetoes look at."""
    import pyarrow as pa

    types = {"text": pa.string(), "texts": pa.list_(pa.string())}
    columns = [("id", pa.string()), *((name, types[kind]) for name, kind in ({**profile.columns, **SYSTEM}).items())]
    return pa.schema(columns)


def prepared(profile: Profile, reads: Sequence[Read]) -> RecordBatch:
    """Bring a batch of records into the form in which they are compared."""
    import pyarrow as pa

    from hub.quality.match.veto import brings

    batch = Batch([decode(data) for _, data, _ in reads])
    columns = {"id": [id for id, _, _ in reads], **profile.prepare(batch), **brings(profile.model, batch)}
    for row, (_, _, more) in enumerate(reads):
        if more:
            columns["taxes"][row] = sorted({*(columns["taxes"][row] or ()), *more})
    shape = schema(profile)
    return pa.RecordBatch.from_arrays([pa.array(columns[f.name], type=f.type) for f in shape], schema=shape)


def prepare(profile: Profile, chunks: Iterable[Sequence[Read]], expected: int) -> Iterator[RecordBatch]:
    """Bring chunks of records into form, in any order; other processes help where many are expected.

    A profile that plugins have added to stays in this process: functions of files loaded by path travel nowhere.
    """
    from hub.quality.match.profiles import PROFILES

    workers = min(os.cpu_count() or 1, 8)
    if expected <= ALONE or workers < 2 or PROFILES.get(profile.model) is not profile:
        for chunk in chunks:
            yield prepared(profile, chunk)
        return
    yield from _spread(profile.model, chunks, workers)


def _spread(model: str, chunks: Iterable[Sequence[Read]], workers: int) -> Iterator[RecordBatch]:
    import pyarrow as pa

    waiting: list[Future[bytes]] = []
    # lists by the million that hold no circles: looking for those would take a third of the time
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=gc.disable) as pool:
        for chunk in chunks:
            waiting.append(pool.submit(shipped, model, chunk))
            if len(waiting) > workers + 1:
                yield from pa.ipc.open_stream(waiting.pop(0).result())
        for one in waiting:
            yield from pa.ipc.open_stream(one.result())


def shipped(model: str, reads: Sequence[Read]) -> bytes:
    """Prepare a batch in another process and send it home."""
    import pyarrow as pa

    from hub.quality.match.profiles import PROFILES

    batch = prepared(PROFILES[model], reads)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as out:
        out.write_batch(batch)
    found: bytes = sink.getvalue().to_pybytes()
    return found
