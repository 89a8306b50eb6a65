"""A fake behind a real port answers there as it does in memory."""

from __future__ import annotations

import gzip
import http.client

import httpx
import pytest

from hub.testing.serve import serve

TEXT = b"the same line again and again\n" * 50


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/cut":
        raise httpx.ReadError("cut")
    if request.url.path == "/zipped":
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(TEXT))
    headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    return httpx.Response(201, headers=headers, content=request.method.encode() + b" " + request.content)


def test_an_answer_in_another_encoding_arrives_as_what_it_says() -> None:
    with serve(answer) as url:
        got = httpx.get(f"{url}/zipped")
        assert got.content == TEXT
        plain = http.client.HTTPConnection(url.removeprefix("http://"))
        plain.request("GET", "/zipped")
        said = plain.getresponse()
        assert "gzip" not in str(said.headers)
        assert said.read() == TEXT
        plain.close()


def test_bodies_headers_and_status_go_through() -> None:
    with serve(answer) as url:
        got = httpx.post(url, content=b"hello")
        assert (got.status_code, got.content) == (201, b"POST hello")
        assert got.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert httpx.head(url).content == b""


def test_an_error_of_the_transport_cuts_the_connection() -> None:
    with serve(answer) as url, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{url}/cut")
