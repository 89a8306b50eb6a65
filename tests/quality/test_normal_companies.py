"""The generator of messy companies: the same seed the same bytes, numbers that check, a truth that is one; and the walk keeps
what a source says, whatever matching makes of it."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from stdnum import get_cc_module, iban

from hub.cli.app import run
from hub.quality.normal import company_name, fold, street

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import companies
    finally:
        sys.path.remove(str(BENCHMARKS))
    folder = tmp_path_factory.mktemp("companies")
    companies.write(folder, 1500, 3)
    return folder, companies


def rows(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    found = {}
    for source in ("crm", "erp", "finance"):
        with (folder / f"{source}.csv").open(newline="", encoding="utf-8") as file:
            found.update({(source, row["key"]): row for row in csv.DictReader(file)})
    return found


def test_the_same_seed_gives_the_same_bytes_in_another_process(made: tuple[Path, Any], tmp_path: Path) -> None:
    folder, _ = made
    for seed in ("3", "4"):
        command = [
            sys.executable,
            str(BENCHMARKS / "companies.py"),
            str(tmp_path / seed),
            "--count",
            "1500",
            "--seed",
            seed,
        ]
        subprocess.run(command, check=True, capture_output=True, env={"PYTHONHASHSEED": seed})
    for name in ("crm.csv", "erp.csv", "finance.csv", "truth.csv"):
        assert (tmp_path / "3" / name).read_bytes() == (folder / name).read_bytes()
        assert (tmp_path / "4" / name).read_bytes() != (folder / name).read_bytes()


def test_every_tax_number_and_account_has_right_check_digits(made: tuple[Path, Any]) -> None:
    checked: Counter[str] = Counter()
    for row in rows(made[0]).values():
        if row["vat"] and row["country"] and row["country"] != "US":
            rule = get_cc_module(row["country"].lower(), "vat" if row["country"] != "CN" else "uscc")
            assert rule.is_valid(row["vat"]), row
            checked[row["country"]] += 1
        if row["iban"]:
            assert iban.is_valid(row["iban"]), row
            checked["iban"] += 1
    assert set(checked) == {"DE", "AT", "FR", "IT", "NL", "DK", "GB", "CN", "iban"}


def test_the_truth_tells_pairs_and_what_lookalikes_have_in_common(made: tuple[Path, Any]) -> None:
    folder, companies = made
    truth = companies.read(folder)
    assert truth.keys() == rows(folder).keys()
    by_stem: dict[str, list[Any]] = {}
    for one in truth.values():
        by_stem.setdefault(one.stem, []).append(one)
    relations = Counter(companies.relation(a, b) for some in by_stem.values() for a, b in combinations(some, 2))
    assert relations["same"] > 500
    assert relations["namesake"] > 50
    groups = [one for one in truth.values() if one.group is not None]
    assert all(
        companies.relation(one, other) in ("same", "branch")
        for one, other in combinations(groups, 2)
        if one.group == other.group
    )
    assert {
        "form",
        "abbreviation",
        "translation",
        "moved",
        "shared_phone",
        "typo",
        "missing",
        "freemail",
        "branch",
        "chinese",
    } <= {kind for one in truth.values() for kind in one.kinds}


def test_forms_bring_records_of_one_company_together(made: tuple[Path, Any]) -> None:
    """Normal forms earn their keep: of the pairs told apart by their form alone, nearly all meet by their core."""
    folder, companies = made
    truth, found = companies.read(folder), rows(folder)
    by_company: dict[int, list[tuple[str, str]]] = {}
    for at, one in truth.items():
        if set(one.kinds) <= {
            "form",
            "capitals",
            "transliterated",
            "address",
            "phone_format",
            "other_mail",
            "moved",
            "missing",
            "freemail",
        }:
            by_company.setdefault(one.company, []).append(at)
    pairs = [(found[a]["name"], found[b]["name"]) for some in by_company.values() for a, b in combinations(some, 2)]
    pairs = [(a, b) for a, b in pairs if a != b and max(len(a), len(b)) < 35]
    met = sum(company_name(a).core == company_name(b).core for a, b in pairs)
    assert len(pairs) > 100
    assert met / len(pairs) > 0.95, [(a, b) for a, b in pairs if company_name(a).core != company_name(b).core][:20]


def test_nothing_of_a_normal_form_is_ever_stored(made: tuple[Path, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """A first sync keeps names and streets as the sources write them, umlauts, capitals and company forms with them."""
    folder, _ = made
    run(["--project", str(folder), "sync", "crm"])
    capsys.readouterr()
    assert run(["--project", str(folder), "list", "customer", "--limit", "100000", "--json"]) == 0
    import json

    golden = [json.loads(line)["values"] for line in capsys.readouterr().out.splitlines()]
    source = [row for (system, _), row in rows(folder).items() if system == "crm"]
    assert {one["name"] for one in golden} <= {row["name"] for row in source}
    assert {one.get("addresses.main.street") for one in golden} - {None} <= {row["street"] for row in source}
    changed = [one for one in golden if company_name(one["name"]).core != one["name"]]
    assert len(changed) > 0.9 * len(golden)  # the forms do change them, so that the test can fail
    assert any(fold(one["name"]) != one["name"].lower() for one in golden)
    assert any(
        street(one["addresses.main.street"]).name not in one["addresses.main.street"]
        for one in golden
        if one.get("addresses.main.street")
    )
