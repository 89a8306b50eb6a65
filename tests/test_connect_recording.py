"""A recording replays what was seen and holds no secret."""

from __future__ import annotations

import gzip

import httpx
import pytest

from hub.testing.recording import Recorder, Replay, Scrub, Unrecorded
from hub.testing.serve import Served

CANARY = "canary-7f3a"


def vendor(request):
    """Leaks the secret in every way a vendor might."""
    if request.url.path == "/token":
        return httpx.Response(200, json={"access_token": CANARY, "expires_in": 60, "refreshToken": f"{CANARY}-r"})
    if request.url.path == "/image":
        return httpx.Response(200, headers={"Content-Type": "image/png"}, content=b"\xff" + CANARY.encode())
    if request.url.path == "/text":
        return httpx.Response(200, headers={"Content-Type": "text/plain"}, content=f"you are {CANARY}")
    if request.url.path == "/zip":
        content = gzip.compress(b'{"zipped": true}')
        return httpx.Response(
            200, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}, content=content
        )
    return httpx.Response(
        200,
        headers={"Set-Cookie": f"session={CANARY}", "X-Api-Key": CANARY, "Retry-After": "3"},
        json={"items": [{"id": 1, "secret": CANARY, "note": f"said {CANARY}", "key": None}], "page": 1},
    )


def calls(client):
    """What a connector might do; its answers."""
    headers = {"Authorization": f"Bearer {CANARY}"}
    return [
        client.get("/items", params={"page": 1, "api_key": CANARY}, headers=headers),
        client.get("/items", params={"page": 2, "api_key": CANARY}, headers=headers),
        client.post("/token", data={"client_secret": CANARY, "grant_type": "x"}),
        client.post("/items", json={"password": CANARY, "name": "n"}),
        client.get("/text"),
        client.get("/zip"),
    ]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "deep" / "crm.json"
    recorder = Recorder(path, httpx.MockTransport(vendor), Scrub(values=[CANARY]))
    with httpx.Client(transport=recorder, base_url="https://crm.example") as client:
        assert calls(client)[0].json()["items"][0]["secret"] == CANARY  # who records gets the true answer
        assert client.get("/zip").json() == {"zipped": True}
        client.get("/image")
    return path


def test_no_secret_is_written(recording):
    text = recording.read_text()
    assert CANARY not in text
    assert "crm.example" not in text
    assert '"note": "said ***"' in text
    assert '"grant_type": "x"' in text


def test_names_alone_hide_secrets_too(tmp_path):
    path = tmp_path / "crm.json"
    with httpx.Client(
        transport=Recorder(path, httpx.MockTransport(vendor), Scrub(["note"])), base_url="https://x"
    ) as c:
        calls(c)[:4]
    said = [line.strip() for line in path.read_text().splitlines() if CANARY in line]
    assert said == [f'"body": "you are {CANARY}"']  # a text without a name is what `values` are for


def test_replay_answers_the_same_in_order_at_any_address(recording):
    replay = Replay(recording, Scrub(values=[CANARY]))
    with httpx.Client(transport=replay, base_url="http://other.example:99") as client:
        first, second, token, posted, text, zipped = calls(client)
    assert first.json() == {"items": [{"id": 1, "secret": "***", "note": "said ***", "key": None}], "page": 1}
    assert (first.headers["Retry-After"], second.status_code) == ("3", 200)
    assert token.json() == {"access_token": "***", "expires_in": 60, "refreshToken": "***"}
    assert (posted.status_code, text.text, zipped.json()) == (200, "you are ***", {"zipped": True})
    assert [exchange.url for exchange in replay.left] == ["/zip", "/image"]


def test_what_was_not_recorded_is_named(recording):
    replay = Replay(recording, Scrub(values=[CANARY]))
    with httpx.Client(transport=replay, base_url="https://x") as client:
        with pytest.raises(Unrecorded, match=r"crm.json: not recorded: GET /nope(.|\n)*GET /items\?page=1"):
            client.get("/nope")
        client.get("/text")
        with pytest.raises(Unrecorded, match="GET /text"):
            client.get("/text")  # it was seen once


def test_bytes_are_kept_only_when_asked_for(recording, tmp_path):
    path = tmp_path / "image.json"
    with httpx.Client(
        transport=Recorder(path, httpx.MockTransport(vendor), binary=True), base_url="https://x"
    ) as client:
        client.get("/image")
    with httpx.Client(transport=Replay(path), base_url="https://x") as client:
        assert client.get("/image").content == b"\xff" + CANARY.encode()
    with httpx.Client(transport=Replay(recording, Scrub(values=[CANARY])), base_url="https://x") as client:
        assert client.get("/image").content == b""


def test_a_real_server_is_recorded(tmp_path):
    from threading import Thread

    with Served(vendor) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        path = tmp_path / "real.json"
        with httpx.Client(transport=Recorder(path, scrub=Scrub(values=[CANARY])), base_url=server.base_url) as client:
            real = client.get("/items").json()
        server.shutdown()
    with httpx.Client(transport=Replay(path), base_url="https://x") as client:
        assert client.get("/items").json()["page"] == real["page"] == 1
