"""Where records of reading are: in a folder, or in the account."""

import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from graph.errors import reason_of
from infra.problems import Problem, ProblemsError
from operations.access.records import (
    HandedOut,
    ObjectRead,
    RecordError,
    events_in,
    from_access_log,
    from_service,
    from_trail,
)
from operations.aws import items_of

T = TypeVar("T")
SIGNED_BEFORE: Final = timedelta(minutes=10)  # an address lives five minutes, and clocks differ
LATE: Final = timedelta(days=1)  # S3 delivers its access log within hours, CloudTrail within minutes


@dataclass
class Logs:
    """What was read, how many records there were of each kind, and what could not be read."""

    trail: list[ObjectRead] = field(default_factory=list)
    access: list[ObjectRead] = field(default_factory=list)
    handed_out: list[HandedOut] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=lambda: {"trail": 0, "access log": 0, "service log": 0})
    unread: list[str] = field(default_factory=list)

    def add_trail(self, name: str, text: str) -> None:
        """A file of the trail."""
        try:
            events = list(events_in(text))
        except RecordError as error:
            self.unread.append(f"{name}: {error}")
            return
        self.trail += self._taken(name, "trail", events, from_trail)

    def add_access(self, name: str, text: str) -> None:
        """A file of S3's access log."""
        self.access += self._taken(name, "access log", _lines(text), from_access_log)

    def add_service(self, name: str, lines: Iterable[str]) -> None:
        """Lines of the service's log; what is no JSON object comes from elsewhere and hands out nothing."""
        json_lines = [line for line in lines if line.lstrip().startswith("{")]
        self.handed_out += self._taken(name, "service log", json_lines, from_service)

    def _taken(self, name: str, kind: str, records: Iterable[Any], read: Callable[[Any], T | None]) -> Iterator[T]:
        for record in records:
            self.counted[kind] += 1
            try:
                found = read(record)
            except RecordError as error:
                self.unread.append(f"{name}: {error}")
                continue
            if found is not None:
                yield found


def recorded(folder: Path) -> Logs:
    """From `FOLDER/cloudtrail`, `FOLDER/s3` and `FOLDER/service`, compressed or not. Raises ProblemsError."""
    if not folder.is_dir():
        raise ProblemsError([Problem(message=f"there is no folder {folder}")])
    logs = Logs()
    for kind, add in (("cloudtrail", logs.add_trail), ("s3", logs.add_access)):
        for file in _files(folder / kind):
            add(str(file.relative_to(folder)), _text(file))
    for file in _files(folder / "service"):
        logs.add_service(str(file.relative_to(folder)), _lines(_text(file)))
    return logs


def _files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def _text(file: Path) -> str:
    try:
        return _decoded(file.read_bytes())
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ProblemsError([Problem(file=str(file), message=f"cannot be read: {reason_of(error)}")]) from None


def _decoded(content: bytes) -> str:
    return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a customer's data stand: the service's log, and where in which buckets the access logs lie."""

    region: str
    log_group: str
    log_prefixes: Callable[[str], Iterable[str]]


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account with its trail's bucket, and that bucket's region."""

    session: Any
    account: str
    trail_bucket: str
    home: str


def live(account: Account, places: Sequence[Place], since: datetime, until: datetime) -> Logs:
    """From the account. Raises botocore's errors where AWS refuses: an answer without a log would say too little."""
    logs, regions = Logs(), dict.fromkeys(one.region for one in places)
    days = [since.date() + timedelta(days=n) for n in range((until.date() - since.date()).days + 2)]
    home = account.session.client("s3", region_name=account.home)
    for region, day in ((region, day) for region in regions for day in days):
        prefix = f"AWSLogs/{account.account}/CloudTrail/{region}/{day:%Y/%m/%d}/"
        for key, _ in _objects(home, account.trail_bucket, prefix):
            logs.add_trail(key, _body(home, account.trail_bucket, key))
    for place in places:
        s3 = account.session.client("s3", region_name=place.region)
        buckets = [one["Name"] for one in s3.list_buckets()["Buckets"]]
        for bucket, prefix in ((one, prefix) for one in buckets for prefix in place.log_prefixes(one)):
            for key, written in _objects(s3, bucket, prefix):
                if since <= written <= until + LATE:
                    logs.add_access(key, _body(s3, bucket, key))
        events = items_of(
            account.session.client("logs", region_name=place.region),
            "filter_log_events",
            "events",
            logGroupName=place.log_group,
            startTime=int((since - SIGNED_BEFORE).timestamp() * 1000),
            endTime=int((until + SIGNED_BEFORE).timestamp() * 1000),
            filterPattern="object",  # a word of the lines that hand out a file; all, where a query stops at 10,000
        )
        logs.add_service(place.log_group, [one["message"] for one in events])
    return logs


def _objects(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, datetime]]:
    for one in items_of(s3, "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix):
        yield one["Key"], one["LastModified"]


def _body(s3: Any, bucket: str, key: str) -> str:
    return _decoded(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
