"""Answer: what a system has sent, read as what was expected of it, or told as what it is instead."""

from __future__ import annotations

from typing import TypeVar

import httpx
import msgspec

from hub.errors import Unavailable

T = TypeVar("T")


def decoded(response: httpx.Response, kind: type[T]) -> T:
    """The JSON of an answer as a type. Raises Unavailable that says where, and how it differs from what is expected."""
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.DecodeError as error:
        raise unexpected(response, str(error)) from None


def unexpected(response: httpx.Response, why: str) -> Unavailable:
    """The error for an answer that is not as this system answers: cut short, or of somebody else."""
    request = response.request
    where = f"{request.url.host}: {request.method} {request.url.path}"
    return Unavailable(f"{where}: the answer is not as expected ({why}); is base_url right, and is that system well?")


def elsewhere(response: httpx.Response) -> str | None:
    """Why an answer is none of an API: a web page, as a login or a proxy gives, or a way to another address."""
    if 300 <= response.status_code < 400 and response.status_code != 304:
        try:
            to = httpx.URL(response.headers.get("location", ""))
        except httpx.InvalidURL:
            to = httpx.URL("")
        return f"{response.status_code}, it sends us on to {f'{to.scheme}://{to.host}' if to.host else 'another path'}"
    if response.headers.get("content-type", "").startswith("text/html"):
        return "a web page, as a login or a proxy gives"
    return None
