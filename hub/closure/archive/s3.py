"""Archives in a bucket of an S3-compatible storage.

Credentials, region and endpoint are those of every other tool for S3 (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3, profiles, roles); what stands in `.env` beside hub.toml counts too.
An archive is made whole on this machine first. Its signature is uploaded last: without it nothing there is an archive.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.closure.archive.bag import SIGNATURE
from hub.closure.archive.files import BLOCK, hashed, room_for, walk
from hub.config import environment
from hub.errors import ConfigError, HubError, Missing, Rejected, Unauthorized, Unavailable

PART = 64 << 20  # bytes from which a file goes up in parts
STAGING = ".archives"
DENIED = {
    "AccessDenied", "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidToken", "RequestExpired",
    "SignatureDoesNotMatch", "TokenRefreshRequired", "401", "403",
}  # fmt: skip
GONE = {"NoSuchBucket", "NoSuchKey", "404"}


class Bucket:
    """A bucket, and a prefix in it; `s3://bucket/prefix?lock=3650` keeps what is written for so many days."""

    def __init__(self, address: str, root: Path) -> None:
        self.name, self.prefix, self.days = _parsed(address)
        self.address = f"s3://{self.name}" + (f"/{self.prefix}" if self.prefix else "")
        self.staging = root / STAGING
        self.root = root

    def __repr__(self) -> str:
        return f"Bucket({self.address!r})"

    def of(self, id: str) -> str:
        return f"{self.address}/{id}"

    def deliver(self, folder: Path) -> None:
        with _told(self.address):
            client = _client(self.root)
            lock = self._lock(client)
            files = {file.relative_to(folder).as_posix(): file for file in walk(folder)}
            prefix = f"{self.prefix}/{folder.name}".lstrip("/")
            there = set(_listed(client, self.name, prefix))
            for path in sorted(files, key=lambda path: (path == SIGNATURE, path)):
                key = f"{prefix}/{path}"
                if key not in there or not self._whole(client, files[path], key):
                    self._put(client, files[path], key, lock)

    def clear(self, folder: Path) -> None:
        shutil.rmtree(folder)

    def _lock(self, client: Any) -> dict[str, Any]:
        """What keeps objects from being deleted, where the address asks for it. Raises ConfigError where it cannot."""
        if self.days is None:
            return {}
        try:
            found = client.get_object_lock_configuration(Bucket=self.name)["ObjectLockConfiguration"]
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
                raise
            found = {}
        if found.get("ObjectLockEnabled") != "Enabled":
            raise ConfigError(f"{self.address}: lock={self.days} needs a bucket that was made with object lock")
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=self.days)
        return {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}

    def _whole(self, client: Any, file: Path, key: str) -> bool:
        """Whether a file came up whole in a run that was stopped."""
        there = client.head_object(Bucket=self.name, Key=key)
        found = hashed(file, key)
        return bool(there["ContentLength"] == found.size and there["Metadata"].get("sha256") == found.sha256)

    def _put(self, client: Any, file: Path, key: str, lock: dict[str, Any]) -> None:
        """Upload one file; the storage compares what came with its checksum."""
        from boto3.s3.transfer import TransferConfig

        found = hashed(file, key)
        extra: dict[str, Any] = {"ChecksumAlgorithm": "SHA256", "Metadata": {"sha256": found.sha256}, **lock}
        if found.size < PART:
            checksum = base64.b64encode(bytes.fromhex(found.sha256)).decode()
            with file.open("rb") as opened:
                client.put_object(Bucket=self.name, Key=key, Body=opened, ChecksumSHA256=checksum, **extra)
            return
        parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=2)
        client.upload_file(str(file), self.name, key, ExtraArgs=extra, Config=parts)


def _listed(client: Any, bucket: str, prefix: str) -> Iterator[str]:
    """The keys of an archive's objects."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        yield from (found["Key"] for found in page.get("Contents", ()))


@contextmanager
def fetch(address: str, root: Path) -> Iterator[Path]:
    """An archive brought to this machine, and removed again at the end. Raises Missing where none is there."""
    name, prefix, _ = _parsed(address)
    base = root / STAGING
    base.mkdir(parents=True, exist_ok=True)
    with room_for(base), tempfile.TemporaryDirectory(prefix=".fetched-", dir=base) as scratch:
        folder = Path(scratch) / prefix.rsplit("/", 1)[-1]
        folder.mkdir()
        with _told(address):
            client, count = _client(root), 0
            for key in _listed(client, name, prefix):
                path = key[len(prefix) + 1 :]
                if path.startswith("/") or ".." in path.split("/"):
                    raise Rejected(f"{address}: holds an object that is no file of an archive: {path}")
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as out:
                    shutil.copyfileobj(client.get_object(Bucket=name, Key=key)["Body"], out, BLOCK)
                count += 1
        if not count:
            raise Missing(f"{address}: no archive is there; list them with: hub archive list")
        yield folder


def _parsed(address: str) -> tuple[str, str, int | None]:
    path, _, query = address.removeprefix("s3://").partition("?")
    name, _, prefix = path.partition("/")
    days: int | None = None
    if query:
        key, _, value = query.partition("=")
        if key != "lock" or not value.isdigit() or int(value) < 1:
            raise ConfigError(f"{address}: after ? only lock=DAYS is known")
        days = int(value)
    if not name:
        raise ConfigError(f"{address}: names no bucket; write s3://bucket/prefix")
    return name, prefix.strip("/"), days


def _client(root: Path) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise ConfigError("archives in S3 need boto3; run: pip install 'hub[s3]'") from None
    env = environment(root)
    settings = {
        "aws_access_key_id": env.get("AWS_ACCESS_KEY_ID"),
        "aws_secret_access_key": env.get("AWS_SECRET_ACCESS_KEY"),
        "aws_session_token": env.get("AWS_SESSION_TOKEN"),
        "region_name": env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION"),
        "endpoint_url": env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL"),
    }
    config = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10, read_timeout=60)
    return boto3.client("s3", config=config, **settings)


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Turn what boto3 raises into the hub's errors; no message of it holds a credential."""
    try:
        yield
    except HubError:
        raise
    except Exception as error:  # noqa: BLE001 - boto3's errors have no common root; what it does not know goes on
        raise _named(address, error) or error from None


def _named(address: str, error: Exception) -> HubError | None:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

    inner = error.__context__ if isinstance(error, Boto3Error) and isinstance(error.__context__, ClientError) else error
    if isinstance(inner, ClientError):
        code = str(inner.response["Error"]["Code"])
        if code in DENIED:
            return Unauthorized(
                f"{address}: the storage refused the credentials ({code}); renew AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, then run the same command again"
            )
        if code in GONE:
            return Missing(f"{address}: {code}: no such bucket or object")
        return Unavailable(f"{address}: the storage answered {code}; run the same command again later")
    if isinstance(inner, NoCredentialsError | PartialCredentialsError):
        return Unauthorized(f"{address}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if isinstance(inner, BotoCoreError | Boto3Error):
        return Unavailable(
            f"{address}: the storage did not answer ({type(inner).__name__}); run the command again later"
        )
    return None
