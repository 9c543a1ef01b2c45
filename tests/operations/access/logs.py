"""Records in the forms in which CloudTrail, S3 and the service write them.

CloudTrail's is the example of https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html,
S3's of LogFormat.html beside it, with this project's names.
"""

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ACCOUNT = "310000000003"
BUCKET = "workbuoy-prod-acme-files-0123abcd"
TENANT = "0199f0aa-0000-7000-8000-000000000001"
KEY = f"tenants/{TENANT}/0199f0aa-0000-7000-8000-0000000000aa"
MEMBER = "5f3a9c0d1b2e4f60"
TASK = "workbuoy-prod-acme-service-task"
REQUEST = "Root=1-67891233-abcdef012345678912345678"


def event(
    aws_id: str, *, role: str = TASK, session: str = "task-1", signed: bool = True, **other: Any
) -> dict[str, Any]:
    """A data event of CloudTrail: by default a signed address of the service, read at 10:01."""
    asked = {
        "bucketName": other.pop("bucket", BUCKET),
        "key": other.pop("key", KEY),
        "Host": "s3.eu-west-1.amazonaws.com",
    }
    address = {"X-Amz-Expires": "300", "X-Amz-Algorithm": "AWS4-HMAC-SHA256"} if signed else {}
    named = other.pop("named", {})
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
            "accountId": ACCOUNT,
        },
        "eventTime": "2026-11-20T10:01:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.7",
        "requestParameters": {**asked, **address, **named},
        "responseElements": None,
        "additionalEventData": {"AuthenticationMethod": "QueryString" if signed else "AuthHeader"},
        "requestID": aws_id,
        "readOnly": True,
        "managementEvent": False,
        "eventCategory": "Data",
        **other,
    }


def named(request: str = REQUEST, member: str = MEMBER) -> dict[str, str]:
    """What a signed address says of who reads."""
    return {"x-workbuoy-request": request, "x-workbuoy-member": member}


def line(
    aws_id: str,
    *,
    query: dict[str, str] | None = None,
    key: str = KEY,
    status: int = 200,
    operation: str = "REST.GET.OBJECT",
) -> str:
    """A line of S3's server access log for a signed address."""
    target = f"/{key}?{urlencode({**(query or {}), 'X-Amz-Expires': '300', 'X-Amz-Signature': 'abc'})}"
    return (
        f"79a59df900b949e5 {BUCKET} [20/Nov/2026:10:01:00 +0000] 203.0.113.7 "
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{TASK}/task-1 {aws_id} {operation} {key} "
        f'"GET {target} HTTP/1.1" {status} - 2662 3462 7 6 "-" "Mozilla/5.0" - abc= SigV4 ECDHE QueryString '
        "s3.eu-west-1.amazonaws.com TLSv1.3 - -"
    )


def told(*, request: str = REQUEST, key: str = KEY, **other: Any) -> str:
    """A line of the service's log that hands a file out, at 10:00:59."""
    entry = {
        "time": "2026-11-20T10:00:59.123+00:00",
        "level": "info",
        "message": "request",
        "request_id": request,
        "tenant": TENANT,
        "member": MEMBER,
        "object": key,
        "method": "GET",
        "route": "/api/things/{thing_id}/attachments/{attachment_id}/content",
        "status": 307,
        "duration_ms": 3.2,
    }
    return json.dumps({**entry, **other})


def write(
    folder: Path, *, events: list[Any] | None = None, lines: list[str] | None = None, service: list[str] | None = None
) -> Path:
    """A folder of recorded logs; the trail's are compressed, as CloudTrail delivers them."""
    for name, content in (
        ("cloudtrail/eu-west-1/one.json.gz", gzip.compress(json.dumps({"Records": events or []}).encode())),
        ("s3/2026-11-20-10-30-00-ABC", "\n".join(lines or []).encode()),
        ("service/service.jsonl", "\n".join(service or []).encode()),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
