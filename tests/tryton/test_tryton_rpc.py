"""The protocol against a real Tryton: sessions, errors inside 200, compression; and its values there and back."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest
from hub_tryton import Tryton
from hub_tryton.rpc import Asked, fault
from hub_tryton.wire import moment, pack, text, unpack
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError, Conflict, HubError, Missing, Rejected, Unauthorized, Unavailable
from hub.testing.tryton import People, TrytonServer


@pytest.fixture
def sent(tryton: Tryton) -> list[httpx.Response]:
    """The answers the connector gets."""
    seen: list[httpx.Response] = []
    tryton.client.event_hooks = {"response": [seen.append]}
    return seen


def test_errors_arrive_in_a_200_answer(tryton: Tryton, sent: list[httpx.Response]) -> None:
    with pytest.raises(Rejected) as caught:
        tryton.call(
            "model.party.party.create", [{"name": "x", "addresses": [["create", [{"party_name": "y"}]]], "code": "1"}]
        )
    assert sent[-1].status_code == 200
    assert "code" in str(caught.value).lower()
    with pytest.raises(Rejected) as caught:
        tryton.call("model.party.contact_mechanism.create", [{"type": "phone"}])
    assert caught.value.fields
    with pytest.raises(Missing):
        tryton.call("model.party.party.read", [999999], ["name"], reads=True)
    with pytest.raises(ConfigError, match="module"):
        tryton.call("model.no.such.read", [1], ["name"], reads=True)
    assert {answer.status_code for answer in sent} == {200}


def test_another_key_in_the_envelope_would_hide_the_error(server: TrytonServer, tryton: Tryton) -> None:
    header = {"Authorization": tryton._login()}
    body = {"id": 1, "method": "model.party.party.read", "params": [[999999], ["name"], {}]}
    url = f"{server.access.url}/{server.access.database}/rpc/"
    assert httpx.post(url, json=body, headers=header).status_code == 200
    assert httpx.post(url, json=body | {"jsonrpc": "2.0"}, headers=header).status_code >= 400


def test_long_answers_are_compressed_and_read(tryton: Tryton, people: People, sent: list[httpx.Response]) -> None:
    for number in range(20):
        people.add_party(f"Lange Firma {number} mit einem langen Namen")
    assert sum(len(page.records) for page in tryton.pull("parties")) >= 20
    assert "gzip" in {answer.headers.get("content-encoding") for answer in sent}


def test_a_session_that_ended_is_renewed_once(tryton: Tryton, sent: list[httpx.Response]) -> None:
    tryton.check()
    first = tryton._session
    tryton._send("common.db.logout", [], {"Authorization": first or ""}, reads=False)
    sent.clear()
    tryton.check()
    assert [answer.status_code for answer in sent] == [401] + [200] * (len(sent) - 1)
    assert [b"common.db.login" in answer.request.content for answer in sent].count(True) == 1
    assert tryton._session != first


def test_a_refused_login_is_not_repeated(server: TrytonServer) -> None:
    made = Tryton(**server.access.settings | {"password": "wrong-password-1"})
    seen: list[httpx.Response] = []
    made.client.event_hooks = {"response": [seen.append]}
    for _ in range(3):
        with pytest.raises(Unauthorized, match="check user and password") as caught:
            made.check()
        assert "wrong-password-1" not in str(caught.value)
    assert [answer.status_code for answer in seen] == [401]
    made.close()


def test_a_login_that_is_put_off_is_not_tried_again_at_once(server: TrytonServer) -> None:
    made = Tryton(**server.access.settings)
    calls: list[httpx.Request] = []

    def locked(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(429)

    made.transport = httpx.MockTransport(locked)
    with pytest.raises(Unavailable):
        made.check()
    assert len(calls) == 1


def test_what_is_not_allowed_is_unauthorized(tryton: Tryton) -> None:
    with pytest.raises(Unauthorized):
        tryton.call("model.party.party.__setup__", reads=True)


def test_the_password_is_in_no_repr(server: TrytonServer, tryton: Tryton) -> None:
    assert server.access.password not in repr(server.access) + repr(tryton) + repr(vars(tryton).get("headers"))


def test_a_server_that_is_not_there_is_unavailable(server: TrytonServer) -> None:
    made = Tryton(**server.access.settings | {"base_url": "http://127.0.0.1:9"})
    made.retry.attempts = 1
    with pytest.raises(Unavailable):
        made.check()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (["ConcurrencyException", "Records were modified"], Conflict),
        (["UserError", ['A value is required for field "Name".', "", None]], Rejected),
        (["UserError", ["You are not allowed to access \"Party\".", "", None]], Unauthorized),
        (["UserError", ["You are trying to read records \"7\" of \"Party\" that don't exist.", ""]], Missing),
        (["UserWarning", ["name", "Are you sure?", ""]], Asked),
        (["LoginException", ["code", "Give the code", "char"]], Unauthorized),
        (["database is locked", "Traceback"], Unavailable),
        (["'no.such'", ""], ConfigError),
        (["division by zero", "Traceback"], Rejected),
    ],
)  # fmt: skip
def test_every_error_says_what_to_do_next(error: list[object], kind: type[HubError]) -> None:
    assert type(fault("model.x.y", error)) is kind


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_decimals_go_there_and_back(value: Decimal) -> None:
    assert Decimal(unpack(json.loads(json.dumps(pack({"a": [value]}))))["a"][0]) == value


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)), st.dates())
def test_moments_and_days_go_there_and_back(at: datetime, day: date) -> None:
    back = unpack(json.loads(json.dumps(pack([at, day]))))
    assert back == [text(at), day.isoformat()]
    assert moment(back[0]) == at


@given(st.lists(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)), min_size=2))
def test_the_text_of_moments_sorts_as_they_do(moments: list[datetime]) -> None:
    assert [moment(words) for words in sorted(map(text, moments))] == sorted(moments)


def test_bytes_are_base64() -> None:
    packed = {"__class__": "bytes", "base64": base64.encodebytes(b"\0pdf").decode()}
    assert unpack(packed) == base64.b64encode(b"\0pdf").decode()
