"""Records of reading, as CloudTrail, S3 and the service write them.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html and
LogFormat.html beside it; app/workbuoy_app/logs.py. The address's own parameters are app/workbuoy_app/storage.py's.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

REQUEST_PARAMETER, MEMBER_PARAMETER = "x-workbuoy-request", "x-workbuoy-member"
_READS: Final = ("GetObject", "GetObjectTorrent", "SelectObjectContent")
_LOGGED_READS: Final = ("REST.GET.OBJECT", "REST.COPY.OBJECT_GET", "REST.COPY.PART_GET")
_LINE: Final = re.compile(
    r"\S+ (?P<bucket>\S+) \[(?P<time>[^\]]+)\] (?P<ip>\S+) (?P<requester>\S+) (?P<id>\S+) (?P<operation>\S+) "
    r'(?P<key>\S+) "(?P<request>[^"]*)" (?P<status>\S+)'
)


class RecordError(Exception):
    """A line or file is not what its writer writes; says which."""


@dataclass(frozen=True, kw_only=True)
class ObjectRead:
    """One request for an object's content. `role` and `session` are of whoever signed it; `request` and `member` are
    those that a signed address names; `service` is an AWS service that asked by itself.
    """

    time: datetime
    bucket: str
    key: str
    aws_id: str
    source: str
    signed: bool
    refused: bool
    role: str = ""
    session: str = ""
    service: str = ""
    request: str = ""
    member: str = ""


@dataclass(frozen=True, kw_only=True)
class HandedOut:
    """A line of the service's log: it answered a member with a file, or with an address of it."""

    time: datetime
    request: str
    tenant: str
    member: str
    key: str


def from_trail(event: Mapping[str, Any]) -> ObjectRead | None:
    """A data event of CloudTrail; None for one that reads no object. Raises RecordError."""
    if event.get("eventSource") != "s3.amazonaws.com" or event.get("eventName") not in _READS:
        return None
    try:
        who, parameters = event["userIdentity"], event["requestParameters"]
        role, _, session = str(who.get("arn") or "").rpartition(":assumed-role/")[2].partition("/")
        return ObjectRead(
            time=datetime.fromisoformat(event["eventTime"]),
            bucket=str(parameters["bucketName"]),
            key=str(parameters["key"]),
            aws_id=str(event["requestID"]),
            source=str(event.get("sourceIPAddress") or ""),
            signed=(event.get("additionalEventData") or {}).get("AuthenticationMethod") == "QueryString",
            refused=bool(event.get("errorCode")),
            role=role or str(who.get("arn") or ""),
            session=session,
            service=str(who.get("invokedBy") or "") if who.get("type") == "AWSService" else "",
            request=str(parameters.get(REQUEST_PARAMETER) or ""),
            member=str(parameters.get(MEMBER_PARAMETER) or ""),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RecordError(f"an event of the trail is not read: {type(error).__name__}: {error}") from None


def from_access_log(line: str) -> ObjectRead | None:
    """A line of S3's server access log; None for one that reads no object. Raises RecordError."""
    found = _LINE.match(line)
    if found is None:
        raise RecordError(f"a line of the access log is not read: {line[:60]}")
    if found["operation"] not in _LOGGED_READS:
        return None
    target = found["request"].partition(" ")[2].rpartition(" ")[0]
    query = parse_qs(urlsplit(target).query)
    role, _, session = found["requester"].rpartition(":assumed-role/")[2].partition("/")
    return ObjectRead(
        time=datetime.strptime(found["time"], "%d/%b/%Y:%H:%M:%S %z"),
        bucket=found["bucket"],
        key=unquote(unquote(found["key"])),  # written with its percent signs encoded once more
        aws_id=found["id"],
        source=found["ip"],
        signed="X-Amz-Signature" in query,
        refused=not found["status"].startswith(("2", "3")),
        role="" if found["requester"] == "-" else role,
        session=session,
        request=query.get(REQUEST_PARAMETER, [""])[0],
        member=query.get(MEMBER_PARAMETER, [""])[0],
    )


def from_service(line: str) -> HandedOut | None:
    """A line of the service's log; None for one that hands out no file. Raises RecordError."""
    try:
        entry = json.loads(line)
        if not entry.get("object") or int(entry["status"]) >= 400:
            return None
        return HandedOut(
            time=datetime.fromisoformat(entry["time"]),
            request=str(entry["request_id"]),
            tenant=str(entry["tenant"]),
            member=str(entry["member"]),
            key=str(entry["object"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RecordError(f"a line of the service's log is not read: {type(error).__name__}: {error}") from None


def events_in(text: str) -> Iterator[Mapping[str, Any]]:
    """The events of a file that CloudTrail delivers. Raises RecordError."""
    try:
        yield from json.loads(text)["Records"]
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"a file of the trail is not read: {type(error).__name__}") from None
