"""The same list read by dlt's rest_api source and merged into PostgreSQL by key, in a virtual environment of its own.

python dlt_peer.py URL POSTGRESQL_URL FOLDER [tuned]

As it comes, `merge` deletes and inserts; `tuned` is an upsert with the settings that its documentation on performance
recommends.
"""

from __future__ import annotations

import os
import sys
import time

QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
TUNED = {
    "NORMALIZE__WORKERS": "2",
    "NORMALIZE__START_METHOD": "spawn",
    "NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "EXTRACT__DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "25000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "LOAD__WORKERS": "4",
}


def main(url: str, database: str, folder: str, how: str = "plain") -> None:
    """Read everything and merge it."""
    tuned = how == "tuned"
    os.environ.update(QUIET | (TUNED if tuned else {}))
    import dlt
    from dlt.sources.rest_api import rest_api_source

    began = time.perf_counter()
    source = rest_api_source({
        "client": {"base_url": f"{url}/"},
        "resources": [{
            "name": "companies",
            "primary_key": "id",
            "write_disposition": {"disposition": "merge", "strategy": "upsert"} if tuned else "merge",
            "endpoint": {
                "path": "crm/v3/objects/companies",
                "params": {"limit": 100},
                "data_selector": "results",
                "paginator": {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"},
            },
        }],
    })  # fmt: skip
    pipeline = dlt.pipeline(
        "bench", destination=dlt.destinations.postgres(database), dataset_name="peer", pipelines_dir=folder
    )
    pipeline.run(source, loader_file_format="csv" if tuned else None)
    counts = pipeline.last_trace.last_normalize_info.row_counts
    print(f"{time.perf_counter() - began:.3f} seconds, {counts['companies']} read, {counts['companies']} written")


if __name__ == "__main__":
    main(*sys.argv[1:5])
