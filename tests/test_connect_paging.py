"""Pages are split without loss, and every way of paging ends."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.connect import paging
from hub.connect.base import Record
from hub.connect.rows import moment, rows, since, upto
from hub.errors import Unavailable

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def body(**answer):
    return msgspec.json.encode(answer)


def test_records_keep_their_bytes_and_give_up_key_time_version_and_mark():
    page = (
        b'{"data":{"list":[{"id":7,"p":{"at":"2026-01-02T03:04:05Z"},"v":3,"gone":false,"x": 1.10},'
        b'{"id":"8","p":null,"gone":true}]},"next":{"after":"z"},"total":2}'
    )
    records, rest = rows(
        page, items="data.list", key="id", changed="p.at", deleted="gone", version="v", our_id="p.ours"
    )
    assert records == [
        Record(
            "7",
            b'{"id":7,"p":{"at":"2026-01-02T03:04:05Z"},"v":3,"gone":false,"x": 1.10}',
            "3",
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        ),
        Record("8", b'{"id":"8","p":null,"gone":true}', deleted=True),
    ]
    assert (rest.get("next.after"), rest.get("total"), rest.get("next.nope.deep"), rest.get("total.x", 5)) == (
        "z",
        2,
        None,
        5,
    )


def test_a_bare_list_and_names_with_dots():
    records, _ = rows(b'[{"@odata.id":"a"}]', key=("@odata.id",))
    assert records == [Record("a", b'{"@odata.id":"a"}')]


@pytest.mark.parametrize(
    "text",
    [
        '"2026-01-01T00:00:00Z"',
        '"2026-01-01T01:00:00+01:00"',
        '"2026-01-01T00:00:00.000+0000"',
        '"2026-01-01 00:00:00"',
        '"2026-01-01T00:00:00"',
        "1767225600",
        "1767225600000",
        '"1767225600"',
        '"1767225600000"',
    ],
)
def test_times_of_all_the_usual_forms(text):
    ((record,), _) = rows(f'[{{"id":1,"at":{text}}}]'.encode(), changed="at")
    assert record.changed_at == T0
    assert record.changed_at.tzinfo is UTC


@pytest.mark.parametrize("mark", ["true", "1", '"2026-01-01T00:00:00Z"', '"true"', "{}"])
def test_marks_of_deletion(mark):
    assert rows(f'[{{"id":1,"d":{mark}}}]'.encode(), deleted="d")[0][0].deleted
    for none in ("null", "false", "0", '""', '"false"'):
        assert not rows(f'[{{"id":1,"d":{none}}}]'.encode(), deleted="d")[0][0].deleted
    assert not rows(b'[{"id":1}]', deleted="d")[0][0].deleted


@pytest.mark.parametrize(
    ("page", "where"),
    [
        (b"<html>", "companies: body"),
        (b'{"data":[', "companies: body"),
        (b'{"items":[]}', "companies: no 'data'"),
        (b'{"data":{}}', "companies: data: no list of objects"),
        (b'{"data":[1]}', "companies: data: no list of objects"),
        (b'{"data":[{"id":1},{"name":"x"}]}', r"companies: data.1: no key at 'id'"),
        (b'{"data":[{"id":true}]}', r"data.0: no key"),
        (b'{"data":[{"id":1.5}]}', r"data.0: no key"),
        (b'{"data":[{"id":""}]}', r"data.0: no key"),
        (b'{"data":[{"id":4,"at":"yesterday"}]}', "companies: 4: at: 'yesterday' is no time"),
    ],
)
def test_a_malformed_page_says_where(page, where):
    with pytest.raises(Unavailable, match=where):
        rows(page, items="data", changed="at", where="companies")


def test_one_place_may_serve_twice_but_not_be_value_and_object():
    ((record,), _) = rows(b'[{"id":1,"at":1767225600}]', changed="at", version="at")
    assert (record.changed_at, record.version) == (T0, "1767225600")
    with pytest.raises(TypeError, match="both a value and an object"):
        rows(b"[]", key="id", changed="id.at")


def test_two_hundred_thousand_records_take_seconds():
    listed = [{"id": str(n), "properties": {"name": "x" * 200, "at": "2026-01-01T00:00:00.5Z"}} for n in range(100)]
    page = body(results=listed)
    started = time.process_time()
    for _ in range(200):
        assert len(rows(page, items="results", changed="properties.at")[0]) == 100
    assert time.process_time() - started < 1.5  # 20,000 records; measured: 0.12 s


def row(key, at=None):
    return Record(str(key), b"{}", changed_at=at)


def fetched(records, **answer):
    return records, rows(body(items=[], **answer), items="items")[1]


def keys(found):
    return [record.key for records, _ in found for record in records]


def test_by_token_goes_on_to_the_last_and_not_in_a_circle():
    answers = {None: ("a", "t1"), "t1": ("b", "t2"), "t2": ("c", None)}
    assert keys(paging.by_token(lambda t: fetched([row(answers[t][0])], next=answers[t][1]), "next")) == ["a", "b", "c"]
    with pytest.raises(Unavailable, match="circle"):
        list(paging.by_token(lambda t: fetched([row(1)], next="same"), "next"))


@pytest.mark.parametrize("link", [None, "next"])
def test_by_link_reads_body_or_header(link):
    def get(url):
        number = int(httpx.URL(url).params.get("page", "1"))
        more = f"/rows?page={number + 1}" if number < 3 else None
        return httpx.Response(
            200,
            request=httpx.Request("GET", f"https://crm.example{url}" if url.startswith("/") else url),
            headers={"Link": f'<{more}>; rel="next"'} if more and link is None else {},
            content=body(items=[{"id": number}], next=more if link else None),
        )

    assert keys(paging.by_link(get, "/rows", lambda r: rows(r.content, items="items"), link)) == ["1", "2", "3"]


@pytest.mark.parametrize("total", [None, "total"])
@pytest.mark.parametrize("cap", [2, 3, 10])
def test_by_offset_survives_pages_shorter_than_asked(cap, total):
    everything = [row(n) for n in range(7)]
    asked = []

    def fetch(offset, limit):
        asked.append(offset)
        return fetched(everything[offset : offset + min(limit, cap)], total=7)

    assert keys(paging.by_offset(fetch, 3, total=total)) == [str(n) for n in range(7)]
    assert len(asked) == -(-7 // min(cap, 3)) + (total is None)


def test_by_offset_aligned_asks_for_multiples():
    asked = []

    def fetch(offset, limit):
        asked.append(offset)
        return fetched([row(n) for n in range(7)][offset : offset + limit])

    assert keys(paging.by_offset(fetch, 3, aligned=True)) == [str(n) for n in range(7)]
    assert asked == [0, 3, 6, 9]


def test_by_number_ends_as_the_answer_says():
    table = {1: [row(1)], 2: [row(2)], 3: [row(3)]}
    for ask, end in (({}, 4), ({"pages": "pages"}, 3), ({"more": "more"}, 3)):
        asked = []

        def fetch(number, asked=asked):
            asked.append(number)
            return fetched(table.get(number, []), pages=3, more=number < 3)

        assert keys(paging.by_number(fetch, **ask)) == ["1", "2", "3"]
        assert asked[-1] == end


def source(world, limit):
    """A search by (time, key) over a world of {key: second}, `limit` a page."""

    def fetch(at, key):
        listed = sorted((T0 + timedelta(seconds=s), k) for k, s in world.items())
        after = [it for it in listed if at is None or (it >= (at, "") if key is None else it > (at, key))]
        return fetched([row(k, t) for t, k in after[:limit]])

    return fetch


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 3), max_size=12),
    st.integers(1, 4),
    st.integers(0, 12),
)
def test_by_key_loses_nothing_among_equal_times_wherever_it_is_killed(world, limit, kill):
    seen, cursor = set(), None
    for number, page in enumerate(paging.pages(paging.by_key(source(world, limit)), ordered=True)):
        if number == kill:
            break
        seen |= {record.key for record in page.records}
        cursor = page.cursor
    for page in paging.pages(paging.by_key(source(world, limit), since(cursor)), cursor, ordered=True):
        seen |= {record.key for record in page.records}
    assert seen == set(world)


def test_by_key_does_not_stand_still():
    with pytest.raises(Unavailable, match="stands still"):
        list(paging.by_key(lambda at, key: fetched([row("a", T0)])))
    with pytest.raises(Unavailable, match="no time of change"):
        list(paging.by_key(lambda at, key: fetched([row("a")])))


def test_a_cursor_runs_ahead_of_no_record():
    batches = [fetched([row("a", T0 + timedelta(9))], total=2), fetched([row("b", T0)], total=2)]
    old = (T0 - timedelta(1)).isoformat()
    new = (T0 + timedelta(9)).isoformat()
    unordered = list(paging.pages(iter(batches), old, ordered=False, total="total"))
    assert [(page.cursor, page.total) for page in unordered] == [(old, 2), (new, 2)]
    assert [page.cursor for page in paging.pages(iter(batches), old, ordered=True)] == [new, new]
    assert list(paging.pages(iter([]), old, ordered=True)) == []


def test_cursors_are_made_of_the_sources_times_only():
    assert upto(None, [row(1)]) is None
    assert upto(None, [row(1, T0)]) == T0.isoformat()
    later = (T0 + timedelta(days=1)).isoformat()
    assert upto(later, [row(1, T0)]) == later
    future = row(1, T0 + timedelta(days=9999))
    assert (
        upto(later, [future, row(2, T0 + timedelta(days=2))], limit=T0 + timedelta(days=3))
        == (T0 + timedelta(days=2)).isoformat()
    )
    assert since(None) is None
    assert since(T0.isoformat(), timedelta(seconds=3)) == T0 - timedelta(seconds=4)
    with pytest.raises(Unavailable, match="cursor: 'x' is no time"):
        since("x")
    assert moment("") is moment(False) is None
