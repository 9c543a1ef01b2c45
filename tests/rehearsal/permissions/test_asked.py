"""What requests to keys and log groups ask for, as IAM sees them."""

import json
from typing import Any

import pytest

from rehearsal.permissions.asked import HttpRequest, UnknownRequestError, read_request

KEY = "arn:aws:kms:eu-north-1:210000000003:key/one"


class Known:
    """One key with an alias, one bucket that uses it."""

    def secret(self, secret_id: str, region: str) -> tuple[str, str]:  # noqa: ARG002
        return secret_id, ""

    def bucket_key(self, bucket: str) -> str:
        return KEY if bucket == "files" else ""

    def key(self, key_id: str, region: str) -> str:  # noqa: ARG002
        return KEY if key_id in ("one", "alias/files", KEY) else key_id

    def log_group(self, name: str, region: str) -> str:
        return f"arn:aws:logs:{region}:210000000003:log-group:{name}"


def asked(service: str, target: str = "", body: dict[str, Any] | None = None, **more: Any) -> list[Any]:
    request = HttpRequest(
        service=service,
        region=more.pop("region", "eu-north-1"),
        method=more.pop("method", "POST"),
        path=more.pop("path", "/"),
        query={},
        headers={"x-amz-target": target, **more},
        body=json.dumps(body or {}).encode(),
    )
    return read_request(request, Known())


@pytest.mark.parametrize("named", ["one", "alias/files", KEY])
@pytest.mark.parametrize("operation", ["Decrypt", "Encrypt", "GenerateDataKey"])
def test_a_key_used_directly_comes_through_no_service(named: str, operation: str) -> None:
    (one,) = asked("kms", f"TrentService.{operation}", {"KeyId": named})
    assert (one.action, one.resource) == (f"kms:{operation}", KEY)
    assert "kms:viaservice" not in one.context


def test_an_encryption_context_becomes_condition_keys() -> None:
    (one,) = asked("kms", "TrentService.Decrypt", {"KeyId": "one", "EncryptionContext": {"Tenant": "acme"}})
    assert one.context == {"kms:encryptioncontext:tenant": ("acme",), "kms:encryptioncontextkeys": ("Tenant",)}


def test_a_ciphertext_without_its_key_and_other_operations_are_not_judged() -> None:
    with pytest.raises(UnknownRequestError, match="has to name it"):
        asked("kms", "TrentService.Decrypt", {"CiphertextBlob": "x"})
    with pytest.raises(UnknownRequestError, match="kms:CreateGrant"):
        asked("kms", "TrentService.CreateGrant", {"KeyId": "one"})
    with pytest.raises(UnknownRequestError, match="logs:DeleteLogGroup"):
        asked("logs", "Logs_20140328.DeleteLogGroup", {"logGroupName": "g"})


@pytest.mark.parametrize("operation", ["GetLogEvents", "PutLogEvents"])
def test_a_log_stream_stands_below_its_group(operation: str) -> None:
    (one,) = asked("logs", f"Logs_20140328.{operation}", {"logGroupName": "/a/b", "logStreamName": "s"})
    assert one.action == f"logs:{operation}"
    assert one.resource == "arn:aws:logs:eu-north-1:210000000003:log-group:/a/b:log-stream:s"


def test_a_group_s_own_actions_match_a_policy_that_ends_in_a_star() -> None:
    group = "arn:aws:logs:eu-north-1:210000000003:log-group:/a/b"
    (one,) = asked("logs", "Logs_20140328.CreateLogStream", {"logGroupName": "/a/b", "logStreamName": "s"})
    assert one.resource.startswith(f"{group}:")
    (same,) = asked("logs", "Logs_20140328.FilterLogEvents", {"logGroupIdentifier": f"{group}:*"})
    assert same.resource == one.resource


def test_s3_asks_for_a_bucket_s_key_where_the_bucket_lies() -> None:
    found = asked("s3", method="GET", path="/files/tenants/x", region="eu-west-1")
    assert [one.action for one in found] == ["s3:GetObject", "kms:Decrypt"]
    assert found[1].context["kms:viaservice"] == ("s3.eu-north-1.amazonaws.com",)
