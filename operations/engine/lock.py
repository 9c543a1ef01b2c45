"""Who holds a stack's lock, by the lock files of a folder's or a bucket's backend; nothing is written.

The CLI tells it only to whoever asks for the lock and would go on with it. The files' place and form are those of
pkg/backend/diy/lock.go in pulumi/pulumi.
"""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from operations.engine.errors import UnreachableError
from project.own_folder import is_running

DEAD: Final = ", which is dead"


def holders(url: str, project: str, stack: str) -> list[str]:
    """Who holds it, since when, and whether that process is dead where this machine can tell.

    Nobody for a backend that keeps no lock files.

    Raises UnreachableError where the bucket does not say.
    """
    folder = f".pulumi/locks/organization/{project}/{stack}"
    parts = urlsplit(url)
    if parts.scheme == "file":
        files = sorted(Path(parts.path).glob(f"{folder}/*.json"))
        return [_holder(file.read_text(encoding="utf-8")) for file in files]
    if parts.scheme == "s3":
        prefix = "/".join(part for part in (parts.path.strip("/"), folder) if part)
        return [_holder(text) for text in _objects(parts.netloc, prefix + "/", parse_qs(parts.query))]
    return []


def describe_lock(who: str, process: int, since: str) -> str:
    """A holder in words; `who` is USER@HOST."""
    dead = DEAD if _is_dead(who.rpartition("@")[2], process) else ""
    return f"{who} (process {process}{dead}) since {since}"


def _objects(bucket: str, prefix: str, query: dict[str, list[str]]) -> Iterator[str]:
    import boto3  # a third of a second that only an interrupted stack pays for
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    def option(name: str) -> str | None:
        return query[name][0] if name in query else None

    endpoint = option("endpoint")
    if endpoint and "://" not in endpoint:
        endpoint = f"{'http' if option('disableSSL') == 'true' else 'https'}://{endpoint}"
    style: Any = {"addressing_style": "path"} if option("s3ForcePathStyle") == "true" else {}
    try:
        client = boto3.client("s3", region_name=option("region"), endpoint_url=endpoint, config=Config(s3=style))
        for found in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ()):
            if found["Key"].endswith(".json"):
                yield client.get_object(Bucket=bucket, Key=found["Key"])["Body"].read().decode()
    except (BotoCoreError, ClientError) as error:
        raise UnreachableError(f"{bucket}: does not tell who holds the lock: {error}", "sign in anew") from None


def _holder(text: str) -> str:
    try:
        lock = json.loads(text)
        return describe_lock(f"{lock['username']}@{lock['hostname']}", int(lock["pid"]), lock["timestamp"])
    except (ValueError, KeyError, TypeError):
        return "somebody, whose lock file cannot be read"


def _is_dead(host: str, process: int) -> bool:
    """Whether a process of this machine is surely gone; of another machine nobody here knows."""
    return host == socket.gethostname() and process > 0 and not is_running(process)
