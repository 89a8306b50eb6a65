"""Duplicates decided through the command line: what refers to them follows, systems get the outcome, all can be undone."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from yard import Yard, ledger

from hub.store import Store
from hub.store.tables.quality import pair

LEVELS = (
    '[{"comparison": "name", "level": 3, "label": "nearly the same", "weight": 8.5, "left": "Anne Co", "right": "Anne"},'
    ' {"comparison": "emails", "level": 0, "label": "different", "weight": -2.1, "left": "a@x", "right": "b@x",'
    ' "doubt": true}]'
)
COLUMNS = (
    "id",
    "model",
    "left_id",
    "right_id",
    "probability",
    "weight",
    "zone",
    "levels",
    "state",
    "found_seq",
    "trained",
)


def opened(yard: Yard) -> Store:
    """The hub's database."""
    return Store(yard.store.replace("sqlite:///", f"sqlite:///{yard.folder}/"))


def propose(yard: Yard, *pairs: tuple[str, str], zone: str = "ask") -> list[str]:
    """Propose pairs, as `hub duplicates find` does; their ids."""
    store = opened(yard)
    ids = []
    with store.begin() as tx:
        for one, other in pairs:
            left, right = sorted((one, other))
            ids.append(f"{abs(hash((left, right))):012x}"[:12])
            tx.insert(pair, COLUMNS, [(ids[-1], "customer", left, right, 0.93, 3.7, zone, LEVELS, "open", tx.seq, "t")])
    store.close()
    return ids


def ids(yard: Yard) -> dict[str, str]:
    """Golden customers by name."""
    return {row["values"]["name"]: row["id"] for row in yard("list", "customer")}


def two(yard: Yard) -> tuple[Any, Any, dict[str, str]]:
    """North knows Anne twice, each with a bill; south gets both."""
    north, south = yard.book("north"), yard.book("south")
    one = north.add("clients", name="Anne Co", mail="anne@x.example", phone="+4930111")
    other = north.add("clients", name="Anne", mail="office@x.example", owner="ben")
    north.add("bills", number="N-1", client=one, amount="10.00")
    north.add("bills", number="N-2", client=other, amount="20.00")
    yard.sync()
    yard.quiet()
    return north, south, ids(yard)


def client_of(book: Any, number: str) -> str:
    """The name of a bill's client."""
    (bill,) = [row for row in book.rows("bills").values() if row["number"] == number]
    return str(book.rows("clients")[bill["client"]]["name"])


def test_from_a_pair_to_one_record_and_back(yard: Yard) -> None:
    north, south, who = two(yard)
    before = (north.rows("clients"), south.rows("clients"), yard("show", "customer", who["Anne"]))
    (p,) = propose(yard, (who["Anne Co"], who["Anne"]))

    (listed,) = yard("duplicates", "list", code=1)
    assert (listed["pair"], listed["zone"], listed["state"]) == (p, "ask", "open")
    assert {listed["left_name"], listed["right_name"]} == {"Anne Co", "Anne"}
    assert [link["connection"] for link in listed["left_links"]] == ["north", "south"]
    assert [level["comparison"] for level in listed["levels"]] == ["name", "emails"]
    shown = yard("duplicates", "show", p)
    kept = {row["field"]: row["kept"] for row in shown if row["kind"] == "field"}
    side = {listed["left"]: "left", listed["right"]: "right"}
    assert kept["phones.main"] == side[who["Anne Co"]]
    assert kept["name"] == kept["owner"] == side[who["Anne"]]
    assert [row["weight"] for row in shown if row["kind"] == "level"] == [8.5, -2.1]
    assert [row["doubt"] for row in shown if row["kind"] == "level"] == [False, True]
    said = yard.plain("duplicates", "show", p)
    assert "what spoke for and against it" in said
    assert "together +6.4; that any two records are one, before they are compared: -2.7; this makes +3.7" in said
    assert "a doubt leaves it to a person" in said

    assert "nothing was done" in yard.plain("duplicates", "accept", p, code=1)
    assert len(ids(yard)) == 2
    yard.plain("duplicates", "accept", p, "--keep", who["Anne Co"], "--by", "mia", "--yes")
    (one,) = yard("list", "customer")
    assert one["id"] == who["Anne Co"]
    assert (one["values"]["name"], one["values"]["owner"], one["values"]["phones.main"]) == ("Anne", "ben", "+4930111")
    assert {row["values"]["customer"] for row in yard("list", "invoice")} == {one["id"]}
    assert len(yard("list", "invoice", "--where", f"customer={who['Anne']}")) == 2
    assert yard("duplicates", "list") == []
    (decided,) = yard("duplicates", "list", "--state", "accepted")
    assert (decided["decided_by"], decided["merge"]) == ("mia", 1)
    told = ("left", "left_name", "left_links", "right", "right_name", "right_links")
    assert [decided[key] for key in told] == [listed[key] for key in told], "the two it made one, as they were"
    assert [row for row in yard("duplicates", "show", p) if row["kind"] == "field"] == [
        row for row in shown if row["kind"] == "field"
    ]
    links = [row["key"] for row in yard("show", "customer", who["Anne"]) if row["kind"] == "link"]
    assert len(links) == 4

    yard.sync()
    for book in (north, south):
        assert {row["name"] for row in book.rows("clients").values()} == {"Anne"}
        assert client_of(book, "N-1") == client_of(book, "N-2") == "Anne"
    yard.quiet()
    bill = north.add(
        "bills",
        number="N-3",
        client=[k for k, r in north.rows("clients").items() if r["owner"] == "ben"][-1],
        amount="30.00",
    )
    assert bill
    yard.sync()
    yard.quiet()

    assert "nothing was done" in yard.plain("duplicates", "unmerge", "1", code=1)
    yard.plain("duplicates", "unmerge", who["Anne Co"], "--by", "mia", "--yes")
    yard.sync()
    assert (north.rows("clients"), south.rows("clients")) == before[:2]
    assert [{**row, "at": None} for row in yard("show", "customer", who["Anne"]) if row["kind"] != "lost"] == [
        {**row, "at": None} for row in before[2]
    ]
    whose = {row["values"]["number"]: row["values"]["customer"] for row in yard("list", "invoice")}
    assert whose == {"N-1": who["Anne Co"], "N-2": who["Anne"], "N-3": who["Anne"]}
    yard.quiet()
    (now,) = yard("duplicates", "list", "--state", "rejected")
    assert now["pair"] == p
    said = yard.plain("duplicates", "accept", p, "--yes", code=1)
    assert said == ""
    assert f"pair {p} was rejected by mia" in yard.err
    acts = [(row["who"], row["what"]) for row in yard("audit", "list", "--what", "duplicates*")]
    assert acts == [("mia", "duplicates accept"), ("mia", "duplicates unmerge")]


def test_a_document_under_either_of_the_two_is_left_as_it_is(light: Yard) -> None:
    north, south, who = two(light)
    (p,) = propose(light, (who["Anne Co"], who["Anne"]))
    light.plain("duplicates", "accept", p, "--keep", who["Anne Co"], "--yes")
    light.sync()
    one = next(key for key, row in north.rows("clients").items() if row["owner"] == "ben" and row["phone"])
    other = next(key for key, row in south.rows("clients").items() if not row["phone"])
    north.add("bills", number="N-9", client=one, amount="10.00")
    south.add("bills", number="N-9", client=other, amount="10.00")
    light.sync()
    light.quiet()
    shown = [row["client"] for book in (north, south) for row in book.rows("bills").values() if row["number"] == "N-9"]
    assert shown == [one, other]
    (bill,) = light("list", "invoice", "--where", "number=N-9")
    assert bill["values"]["customer"] == who["Anne Co"]


COUNTS = """from hub.plugin import Derived, hookimpl

@hookimpl
def derive(golden, look):
    if golden.model == "customer":
        bills = look.referring(golden.id, "invoice")
        assert all(bill.values["customer"] == golden.id for bill in bills)
        if bills:
            yield Derived("bills", "customer", {"note": f"{len(bills)} bills"}, of=golden.id)
"""


def test_what_follows_from_both_follows_from_the_one(light: Yard) -> None:
    light.plugin("counts", COUNTS)
    _, _, who = two(light)

    def notes() -> dict[str, str]:
        return {row["values"]["name"]: row["values"].get("note") for row in light("list", "customer")}

    assert notes() == {"Anne Co": "1 bills", "Anne": "1 bills"}
    (p,) = propose(light, (who["Anne Co"], who["Anne"]))
    light.plain("duplicates", "accept", p, "--keep", who["Anne Co"], "--yes")
    light.sync()
    assert notes() == {"Anne": "2 bills"}
    alive = light.sql(
        "SELECT key FROM record r JOIN stream s ON s.id = r.stream_id WHERE s.connection = 'hub' AND deleted_at IS NULL"
    )
    assert [key for (key,) in alive] == [f"{who['Anne Co']}/bills"]
    light.quiet()
    light.plain("duplicates", "unmerge", "1", "--yes")
    light.sync()
    assert notes() == {"Anne Co": "1 bills", "Anne": "1 bills"}
    light.quiet()


def test_the_second_record_of_a_stream_is_left_or_written_as_configured(light: Yard) -> None:
    _, _, who = two(light)
    light.settings(ledger("north") + ledger("south") + '[duplicates.on_merge]\nsouth = "update"\n')
    (p,) = propose(light, (who["Anne Co"], who["Anne"]))
    light.plain("duplicates", "accept", p, "--keep", who["Anne Co"], "--yes")
    light.sync()
    phones = {
        name: sorted(str(row["phone"]) for row in book.rows("clients").values()) for name, book in light.books.items()
    }
    assert phones == {"north": ["+4930111", "None"], "south": ["+4930111", "+4930111"]}
    light.quiet()


def test_who_was_deleted_while_they_were_one_is_gone_when_they_are_two(light: Yard) -> None:
    north = light.book("north")
    light.settings(ledger("north", clients='on_tombstone = "archive"'))
    keys = [north.add("clients", name=f"N{n}", mail=f"n{n}@x.example") for n in range(2)]
    light.sync()
    who = ids(light)
    (p,) = propose(light, (who["N0"], who["N1"]))
    light.plain("duplicates", "accept", p, "--keep", who["N0"], "--yes")
    north.remove("clients", keys[1])
    light.sync("--full")
    light.plain("duplicates", "unmerge", "1", "--yes")
    assert ids(light) == {"N0": who["N0"]}
    light.sync()
    assert [row["name"] for row in north.rows("clients").values()] == ["N0"]
    light.quiet()


def test_what_a_cluster_is_and_what_keeps_it_apart(light: Yard) -> None:
    north = light.book("north")
    for n in range(4):
        north.add("clients", name=f"N{n}", mail=f"n{n}@x.example")
    light.sync()
    who = ids(light)
    a, b, c, d = (who[f"N{n}"] for n in range(4))
    first, _, third = propose(light, (a, b), (b, c), (a, c))
    light.plain("duplicates", "reject", third, "--by", "mia")
    light.plain("duplicates", "accept", b, "--yes", code=1)
    assert "are not one" in light.err
    assert "was rejected by mia" in light.err
    light.plain("duplicates", "accept", first, "--keep", d, "--yes", code=2)
    assert "not among the records" in light.err
    light.plain("duplicates", "accept", third, "--again", "--by", "mia", "--yes")
    (after,) = [row for row in light("duplicates", "list", code=1) if row["pair"] == first]
    assert {after["left"], after["right"]} == {b, min(a, c)}
    light.plain("duplicates", "accept", c, "--keep", c, "--yes")  # c was merged: what stands for it stays
    assert light("duplicates", "list") == []
    assert {row["id"] for row in light("list", "customer")} == {min(a, c), d}
    merges = [row["merge"] for row in light("duplicates", "list", "--state", "accepted")]
    said = light.plain("duplicates", "unmerge", str(min(merges)), "--yes")
    assert f"still merged, without {max(a, c)}: {max(merges)}" in said
    assert {row["id"] for row in light("list", "customer")} == {a, c, d}
    (still,) = light("duplicates", "list", "--state", "accepted")
    assert {still["left"], still["right"], still["merge"]} == {min(a, c), b, max(merges)}
    light.plain("duplicates", "unmerge", b, "--yes")
    assert len(light("list", "customer")) == 4
    assert len(light("duplicates", "list", "--state", "rejected")) == 3
    light.plain("duplicates", "accept", third, "--again", "--yes")
    light.plain("duplicates", "accept", first, "--yes", code=1)
    assert "to decide again, add --again" in light.err
    light.plain("duplicates", "accept", first, "--again", "--yes")  # the pairs (a, b) and (b, c) are one question now
    assert len(light("list", "customer")) == 2
    assert len(light("duplicates", "list", "--state", "accepted")) == 3
    for what in (b, c):
        light.plain("duplicates", "unmerge", what, "--yes")
    assert len(light("list", "customer")) == 4
    for wrong in (["accept", "nonsense"], ["show", "nonsense"], ["unmerge", "99"], ["accept", d], ["reject", d]):
        light.plain("duplicates", *wrong, code=2)


def test_branches_and_separate_lines_are_held_apart_in_the_moment_of_merging(light: Yard) -> None:
    """Whatever was proposed: it may have been before anybody said so."""
    north, south = light.book("north"), light.book("south")
    rules = '[duplicates]\nseparate = [["main", "clinic"]]\n'
    apart = [
        ledger(name, create="never", settings=line) for name, line in (("north", ""), ("south", 'line = "clinic"'))
    ]
    light.settings("".join(apart))
    head = north.add("clients", name="Head", mail="head@x.example")
    middle = north.add("clients", name="Middle", mail="middle@x.example", parent=head)
    north.add("clients", name="Branch 1", mail="one@x.example", parent=head)
    north.add("clients", name="Branch 2", mail="two@x.example", parent=middle)
    south.add("clients", name="Clinic", mail="clinic@x.example")
    light.sync()
    who = ids(light)
    branches, lines = propose(light, (who["Branch 1"], who["Branch 2"]), (who["Head"], who["Clinic"]))
    light.plain("duplicates", "accept", branches, "--yes", code=1)
    assert "are never one: companies of one group; nothing was merged" in light.err
    light.settings("".join(apart) + rules)
    light.plain("duplicates", "accept", lines, "--yes", code=1)
    assert "are never one: separate business lines" in light.err
    light.settings("".join(apart))
    light.plain("duplicates", "accept", lines, "--yes")
    assert len(ids(light)) == 4


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_deciding_in_a_spreadsheet(light: Yard, kind: str, tmp_path: Path) -> None:
    north = light.book("north")
    for n in range(5):
        north.add("clients", name="=1+1" if n == 0 else f"N{n}", mail=f"n{n}@x.example")
    light.sync()
    found = ids(light)
    who = [found["=1+1"], *(found[f"N{n}"] for n in range(1, 5))]
    yes, no, later, odd = propose(light, (who[0], who[1]), (who[1], who[2]), (who[3], who[4]), (who[0], who[4]))
    sheet = tmp_path / f"pairs.{kind}"
    light.plain("duplicates", "export", str(sheet))
    asked = sheet.read_bytes()
    if kind == "csv":
        assert "'=1+1" in sheet.read_text(encoding="utf-8-sig")
    fill(sheet, {yes: "accept", no: "No", odd: "perhaps"})
    light.plain("duplicates", "import", str(sheet), code=1)
    assert 'decision "perhaps": write accept or reject' in light.err
    assert len(light("list", "customer")) == 5
    light.plain("duplicates", "import", str(sheet), "--yes", code=1)
    states = {
        row["pair"]: state
        for state in ("accepted", "rejected")
        for row in light("duplicates", "list", "--state", state)
    }
    assert states == {yes: "accepted", no: "rejected"}
    assert {row["pair"] for row in light("duplicates", "list", code=1)} == {later, odd}
    assert "0 to accept, 0 to reject, 2 decided so before, 1 with" in light.plain(
        "duplicates", "import", str(sheet), code=1
    )
    sheet.write_bytes(asked)
    fill(sheet, {no: "accept"})
    light.plain("duplicates", "import", str(sheet), "--yes", code=1)
    assert f"pair {no} was rejected by" in light.err
    # what nobody can have meant: a pair twice with two decisions, a column that was sorted alone, a pair nobody knows
    shifted = list(reversed([row["left"] for row in light("duplicates", "list", code=1)]))
    light.plain("duplicates", "export", str(sheet))
    fill(sheet, {later: "accept", odd: "accept"}, left=shifted)
    light.plain("duplicates", "import", str(sheet), "--yes", code=1)
    assert light.err.count("was a column sorted alone?") == 2
    light.plain("duplicates", "export", str(sheet))
    fill(sheet, {later: "accept", odd: "accept"}, again={later: "reject"}, stranger="accept")
    assert "1 to accept, 0 to reject, 3 with mistakes" in light.plain("duplicates", "import", str(sheet), code=1)
    light.plain("duplicates", "import", str(sheet), "--yes", code=1)
    assert light.err.count(f"pair {later} is accepted on one line and rejected on another") == 2
    assert "no pair 000000000000; list them" in light.err
    assert [row["pair"] for row in light("duplicates", "list", code=1)] == [later]
    (tmp_path / "x.csv").write_text("a,b\n")
    light.plain("duplicates", "import", str(tmp_path / "x.csv"), "--yes", code=2)
    light.plain("duplicates", "export", str(tmp_path / "x.ods"), code=2)


def fill(
    sheet: Path,
    decisions: dict[str, str],
    *,
    left: Sequence[str] = (),
    again: dict[str, str] | None = None,
    stranger: str = "",
) -> None:
    """Write decisions into a sheet as a person does.

    `left` is what stands in that column instead; `again` are rows that stand there once more with another decision,
    `stranger` the decision on a pair that nobody knows.
    """
    rows = _read(sheet)
    for row, id in zip(rows, left, strict=False):
        row["left"] = id
    twice = [{**row, "decision": again[_pair(row)]} for row in rows if again and _pair(row) in again]
    for row in rows:
        row["decision"] = decisions.get(_pair(row), "")
    rows += twice
    if stranger:
        rows.append({**rows[0], "pair": "pair-000000000000", "decision": stranger})
    if sheet.suffix == ".csv":
        with sheet.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.DictWriter(file, rows[0].keys(), delimiter=";")  # as a spreadsheet in Germany saves it
            out.writeheader()
            out.writerows(rows)
        return
    from openpyxl import load_workbook

    book = load_workbook(sheet)
    page = book.worksheets[0]
    for at, row in enumerate(rows, 2):
        for column, value in enumerate(row.values(), 1):
            page.cell(at, column).value = value
    book.save(sheet)


def _read(sheet: Path) -> list[dict[str, Any]]:
    if sheet.suffix == ".csv":
        with sheet.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    from openpyxl import load_workbook

    head, *rest = load_workbook(sheet).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rest]


def _pair(row: dict[str, Any]) -> str:
    return str(row["pair"]).removeprefix("pair-")


DRIVER = """
import json, os, sys
import hub.cli.app, hub.cli.engine, hub.plugin.registry, hub.quality.decide, hub.store.migrate, psycopg
hub.plugin.registry.load(None)
verbs = json.loads(sys.stdin.readline())
wait, go = os.pipe()
children = []
for number, verb in enumerate(verbs):
    pid = os.fork()
    if pid == 0:
        os.close(go)
        out = os.open(f"{sys.argv[1]}/said-{number}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1), os.dup2(out, 2)
        code = 70
        try:
            os.read(wait, 1)  # all begin when the other end is closed
            code = hub.cli.app.run(["--project", sys.argv[1], *verb])
        finally:
            sys.stdout.flush(), sys.stderr.flush()
            os._exit(code)
    children.append(pid)
os.close(go)
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]))
"""


def at_once(yard: Yard, *verbs: Sequence[str]) -> list[tuple[int, str]]:
    """Run verbs in processes of their own that all begin at one moment; exit code and what each said."""
    driver = [sys.executable, "-c", DRIVER, str(yard.folder)]
    done = subprocess.run(driver, input=json.dumps(verbs) + "\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    codes = json.loads(done.stdout.splitlines()[-1])
    return [(code, (yard.folder / f"said-{number}").read_text()) for number, code in enumerate(codes)]


def test_two_people_who_decide_at_once_cannot_contradict_each_other(yard: Yard) -> None:
    north = yard.book("north")
    for n in range(4):
        north.add("clients", name=f"N{n}", mail=f"n{n}@x.example")
    yard.sync()
    who = ids(yard)
    a, b, c, d = (who[f"N{n}"] for n in range(4))
    first, second, third = propose(yard, (a, b), (b, c), (c, d))

    # the same pair twice, an overlapping one, a whole cluster, and a rejection of one that the cluster needs
    said = at_once(
        yard,
        ["duplicates", "accept", first, "--yes", "--by", "p1"],
        ["duplicates", "accept", first, "--yes", "--by", "p2"],
        ["duplicates", "accept", second, "--yes", "--by", "p3"],
        ["duplicates", "accept", d, "--yes", "--by", "p4"],
        ["duplicates", "reject", third, "--by", "p5"],
    )
    assert {code for code, _ in said} <= {0, 1, 2}, said
    assert all("Traceback" not in err for _, err in said), said
    consistent(yard)
    merges = [str(row[0]) for row in yard.sql("SELECT id FROM merge WHERE undone_seq IS NULL ORDER BY id DESC")]
    assert merges

    # the same merge taken apart twice, while somebody accepts what is left
    verbs = [["duplicates", "unmerge", merges[0], "--yes"] for _ in range(2)]
    said = at_once(yard, *verbs, ["duplicates", "accept", third, "--yes", "--again"])
    assert sorted(code for code, _ in said[:2]) in ([0, 1], [1, 1]), said
    consistent(yard)
    for merge in yard.sql("SELECT id FROM merge WHERE undone_seq IS NULL ORDER BY id DESC"):
        yard.plain("duplicates", "unmerge", str(merge[0]), "--yes")
    consistent(yard)
    assert len(yard("list", "customer")) == 4
    yard.sync()
    yard.quiet()


def consistent(yard: Yard) -> None:
    """Records, links, merges and pairs tell one story."""
    into = dict(yard.sql("SELECT id, into_id FROM golden"))
    standing = yard.sql("SELECT loser_id, survivor_id FROM merge WHERE undone_seq IS NULL")
    assert sorted(standing) == sorted((id, end) for id, end in into.items() if end is not None)

    def end(id: str) -> str:
        seen = []
        while into[id] is not None:
            assert id not in seen, "merged in a circle"
            seen.append(id)
            id = str(into[id])
        return id

    for key, golden_id, origin_id in yard.sql("SELECT key, golden_id, origin_id FROM record"):
        assert into[golden_id] is None, f"{key} belongs to a merged record"
        assert origin_id is None or end(origin_id) == golden_id
    for left, right, state, merge_id in yard.sql("SELECT left_id, right_id, state, merge_id FROM pair"):
        assert (end(left) == end(right)) == (state == "accepted"), (left, right, state)
        assert (merge_id is not None) == (state == "accepted")
