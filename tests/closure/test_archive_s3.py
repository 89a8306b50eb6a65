"""Archives in a bucket: a real S3 protocol over HTTP, whole or not there, locked where asked for, refused plainly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from bags import House, house
from moto.server import ThreadedMotoServer

from hub.closure.archive import listed, s3
from hub.errors import ConfigError, Missing, Unauthorized, Unavailable

SECRET = "canary-4711-secret"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of our own, and the settings for the hub's."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": server, "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    httpx.post(f"{server}/moto-api/reset")
    client = boto3.client("s3", endpoint_url=server, region_name="us-east-1")
    client.create_bucket(Bucket="plain")
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    return client


@pytest.fixture
def home(client: Any, tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 2, documents=0) as made:
        yield made


def keys(client: Any, bucket: str = "plain") -> list[str]:
    return [found["Key"] for found in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_an_archive_is_written_verified_and_restored_in_a_bucket(home: House, client: Any, tmp_path: Path) -> None:
    archive = home.write("s3://plain/a/b")
    assert archive.place == f"s3://plain/a/b/{archive.id}"
    assert f"a/b/{archive.id}/signature.json" in keys(client)
    assert home.verify().ok
    assert home.restore(f"sqlite:///{tmp_path}/back.db").ok
    assert not [path for path in (tmp_path / ".archives").iterdir() if path.is_dir()]  # nothing stays on the way


def test_one_flipped_bit_in_the_bucket_is_found(home: House, client: Any) -> None:
    archive = home.write("s3://plain")
    key = next(key for key in keys(client) if key.startswith(f"{archive.id}/data/raw/"))
    text = bytearray(client.get_object(Bucket="plain", Key=key)["Body"].read())
    text[len(text) // 2] ^= 8
    client.put_object(Bucket="plain", Key=key, Body=bytes(text))
    assert not home.verify().ok


def test_large_files_go_in_parts(home: House, client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with house(tmp_path / "large", f"sqlite:///{tmp_path}/large.db", 1, attachment=5_500_000) as large:
        monkeypatch.setattr(s3, "PART", 5 << 20)
        archive = large.write("s3://plain")
        key = next(key for key in keys(client) if key.startswith(f"{archive.id}/data/attachments/"))
        assert client.head_object(Bucket="plain", Key=key)["ETag"].strip('"').endswith("-3")
        assert large.verify().ok


def test_the_signature_comes_last_and_an_upload_goes_on(
    home: House, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that dies on the way leaves no archive; the next one uploads only what is missing."""
    put = s3.Bucket._put
    calls: list[str] = []

    def dying(self: Any, client: Any, file: Path, key: str, lock: Any) -> None:
        calls.append(key)
        if len(calls) == 12:
            raise KeyboardInterrupt
        put(self, client, file, key, lock)

    monkeypatch.setattr(s3.Bucket, "_put", dying)
    with pytest.raises(KeyboardInterrupt):
        home.write("s3://plain", frozen=True)
    there = {key: client.head_object(Bucket="plain", Key=key)["LastModified"] for key in keys(client)}
    assert len(there) == 11
    assert not any(key.endswith("signature.json") for key in there)
    assert not listed(home.store)
    archive = home.write("s3://plain", frozen=True)
    assert calls[-1] == f"{archive.id}/signature.json"
    assert {key.split("/")[0] for key in keys(client)} == {archive.id}
    assert {key: client.head_object(Bucket="plain", Key=key)["LastModified"] for key in there} == there
    assert home.verify().ok


def test_object_lock_keeps_it(home: House, client: Any) -> None:
    archive = home.write("s3://locked?lock=30")
    found = client.head_object(Bucket="locked", Key=f"{archive.id}/signature.json")
    assert found["ObjectLockMode"] == "COMPLIANCE"
    assert found["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=29)
    version = client.list_object_versions(Bucket="locked", Prefix=f"{archive.id}/signature.json")["Versions"][0]
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket="locked", Key=version["Key"], VersionId=version["VersionId"])
    assert home.verify().ok


def test_a_lock_that_the_bucket_cannot_keep_is_refused_before_anything_is_uploaded(home: House, client: Any) -> None:
    with pytest.raises(ConfigError, match="needs a bucket that was made with object lock"):
        home.write("s3://plain?lock=30")
    assert not keys(client)


@pytest.mark.parametrize("address", ["s3://", "s3://plain?days=3", "s3://plain?lock=soon", "s3://plain?lock=0"])
def test_an_address_that_is_none_is_told(home: House, address: str) -> None:
    with pytest.raises(ConfigError):
        home.write(address)


def test_no_such_bucket_and_no_such_archive(home: House, client: Any) -> None:
    with pytest.raises(Missing, match="no such bucket"):
        home.write("s3://nowhere")
    archive = home.write("s3://plain", frozen=True)
    for key in keys(client):
        client.delete_object(Bucket="plain", Key=key)
    with pytest.raises(Missing, match="no archive is there"):
        home.verify(archive)


class Refusing(BaseHTTPRequestHandler):
    """An S3 that refuses everything as the real one does."""

    code, status = "ExpiredToken", 400

    def answer(self) -> None:
        text = f"<?xml version='1.0'?><Error><Code>{self.code}</Code><Message>The token {SECRET} is no good</Message></Error>"
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    do_GET = do_PUT = do_HEAD = do_POST = answer

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("code", "status", "raised", "says"),
    [
        ("ExpiredToken", 400, Unauthorized, "refused the credentials"),
        ("InvalidAccessKeyId", 403, Unauthorized, "refused the credentials"),
        ("AccessDenied", 403, Unauthorized, "refused the credentials"),
        ("EntityTooLarge", 400, Unavailable, "answered"),
    ],
)
def test_refused_credentials_are_told_and_not_shown(
    home: House, monkeypatch: pytest.MonkeyPatch, code: str, status: int, raised: type[Exception], says: str
) -> None:
    handler = type("Answer", (Refusing,), {"code": code, "status": status})
    refusing = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=refusing.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{refusing.server_port}")
    try:
        with pytest.raises(raised, match=says) as told:
            home.write("s3://plain?lock=30")
        assert SECRET not in str(told.value)
        assert not listed(home.store)
    finally:
        refusing.shutdown()


def test_a_storage_that_is_down_is_told(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="did not answer"):
        home.write("s3://plain")


def test_an_expired_token_renewed_the_same_archive_arrives(
    home: House, client: Any, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=refusing.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{refusing.server_port}")
    with pytest.raises(Unauthorized):
        home.write("s3://plain?lock=30", frozen=True)
    refusing.shutdown()
    (made,) = [path.name for path in (home.root / ".archives").glob("retail-*")]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    assert home.write("s3://plain", frozen=True).id == made
    assert home.verify().ok
