"""What requests to keys and log groups ask for, as IAM sees them."""

import json
from typing import Any

import pytest

from rehearsal.permissions.request import HttpRequest, UnknownRequestError
from rehearsal.permissions.requested import read_request

KEY = "arn:aws:kms:eu-north-1:210000000003:key/one"


class Known:
    """One key with an alias, one bucket that uses it."""

    def secret(self, secret_id: str, region: str) -> tuple[str, str]:  # noqa: ARG002
        return secret_id, ""

    def bucket_key(self, bucket: str) -> str:
        return KEY if bucket == "files" else ""

    def object_is_tagged(self, bucket: str, key: str, version: str) -> bool:  # noqa: ARG002
        return key.endswith("tagged")

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
        query=more.pop("query", {}),
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


def of_s3(method: str, path: str, query: dict[str, str] | None = None, /, **headers: str) -> list[tuple[str, str]]:
    """Actions and resources; header names with `_` for `-`."""
    named: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
    found = asked("s3", method=method, path=path, query=query or {}, **named)
    return [(one.action, one.resource.removeprefix("arn:aws:s3:::")) for one in found]


VERSION = {"versionId": "1"}


@pytest.mark.parametrize(
    ("method", "query", "actions"),
    [
        ("GET", {}, "GetObject"),
        ("HEAD", VERSION, "GetObjectVersion"),
        ("DELETE", {}, "DeleteObject"),
        ("DELETE", VERSION, "DeleteObjectVersion"),
        ("GET", {"acl": ""}, "GetObjectAcl"),
        ("PUT", {"acl": "", **VERSION}, "PutObjectVersionAcl"),
        ("GET", {"tagging": "", **VERSION}, "GetObjectVersionTagging"),
        ("PUT", {"tagging": ""}, "PutObjectTagging"),
        ("DELETE", {"tagging": ""}, "DeleteObjectTagging"),
        ("PUT", {"retention": ""}, "PutObjectRetention"),
        ("PUT", {"legal-hold": ""}, "PutObjectLegalHold"),
        ("GET", {"torrent": ""}, "GetObjectTorrent"),
        ("GET", {"attributes": ""}, "GetObject GetObjectAttributes"),
        ("GET", {"attributes": "", **VERSION}, "GetObjectVersion GetObjectVersionAttributes"),
        ("POST", {"restore": ""}, "RestoreObject"),
        ("GET", {"uploadId": "u"}, "ListMultipartUploadParts"),
        ("DELETE", {"uploadId": "u"}, "AbortMultipartUpload"),
        ("PUT", {"uploadId": "u", "partNumber": "1"}, "PutObject"),
    ],
)
def test_each_sub_resource_of_an_object_is_an_action_of_its_own(
    method: str, query: dict[str, str], actions: str
) -> None:
    found = of_s3(method, "/plain/a/b", query)
    assert found == [(f"s3:{action}", "plain/a/b") for action in actions.split()]


@pytest.mark.parametrize(
    ("method", "query", "action"),
    [
        ("GET", {"list-type": "2", "prefix": "a/"}, "ListBucket"),
        ("GET", {"versions": "", "prefix": "a/"}, "ListBucketVersions"),
        ("GET", {"uploads": ""}, "ListBucketMultipartUploads"),
        ("HEAD", {}, "ListBucket"),
        ("PUT", {"policy": ""}, "PutBucketPolicy"),
        ("PUT", {}, "CreateBucket"),
        ("DELETE", {}, "DeleteBucket"),
        ("DELETE", {"lifecycle": ""}, "PutLifecycleConfiguration"),
    ],
)
def test_each_sub_resource_of_a_bucket_is_an_action_of_its_own(method: str, query: dict[str, str], action: str) -> None:
    assert of_s3(method, "/plain", query) == [(f"s3:{action}", "plain")]


@pytest.mark.parametrize(
    ("headers", "further"),
    [
        ({"x_amz_acl": "public-read"}, "PutObjectAcl"),
        ({"x_amz_grant_read": "uri=x"}, "PutObjectAcl"),
        ({"x_amz_tagging": "a=b"}, "PutObjectTagging"),
        ({"x_amz_object_lock_mode": "COMPLIANCE"}, "PutObjectRetention"),
        ({"x_amz_object_lock_legal_hold": "ON"}, "PutObjectLegalHold"),
    ],
)
def test_a_header_of_a_put_may_need_a_right_of_its_own(headers: dict[str, str], further: str) -> None:
    assert of_s3("PUT", "/plain/a", **headers) == [("s3:PutObject", "plain/a"), (f"s3:{further}", "plain/a")]


def test_governance_is_bypassed_by_a_right_of_its_own() -> None:
    found = of_s3("DELETE", "/plain/a", VERSION, x_amz_bypass_governance_retention="true")
    assert found == [("s3:DeleteObjectVersion", "plain/a"), ("s3:BypassGovernanceRetention", "plain/a")]


def test_each_key_and_version_of_delete_objects_is_judged() -> None:
    body = (
        b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object>'
        b"<Object><Key>b</Key><VersionId>1</VersionId></Object><Quiet>true</Quiet></Delete>"
    )
    request = HttpRequest(
        service="s3", region="eu-north-1", method="POST", path="/plain", query={"delete": ""}, headers={}, body=body
    )
    found = [(one.action, one.resource.rpartition("/")[2]) for one in read_request(request, Known())]
    assert found == [("s3:DeleteObject", "a"), ("s3:DeleteObjectVersion", "b")]


def test_own_parameters_of_a_signed_address_ask_for_nothing_more() -> None:
    """S3 ignores what begins with `x-`; its own begin with `x-amz-`."""
    plain = of_s3("GET", "/plain/a")
    assert of_s3("GET", "/plain/a", {"x-workbuoy-request": "r", "x-workbuoy-member": "m"}) == plain
    with pytest.raises(UnknownRequestError, match="not judged"):
        of_s3("GET", "/plain/a", {"x-amz-unheard-of": "1"})


def test_a_copy_reads_the_version_and_the_tags_of_its_source() -> None:
    assert of_s3("PUT", "/plain/a", x_amz_copy_source="other/b%2Fc?versionId=1") == [
        ("s3:PutObject", "plain/a"),
        ("s3:GetObjectVersion", "other/b/c"),
    ]
    tagged = of_s3("PUT", "/plain/a", x_amz_copy_source="/other/tagged")
    assert [action for action, _ in tagged[2:]] == ["s3:GetObjectTagging", "s3:PutObjectTagging"]
    replaced = {"x_amz_copy_source": "/other/tagged", "x_amz_tagging_directive": "REPLACE"}
    assert len(of_s3("PUT", "/plain/a", **replaced)) == 2


def test_a_put_asks_for_the_key_that_it_names() -> None:
    other = "arn:aws:kms:eu-west-1:210000000003:key/two"
    named = {"x_amz_server_side_encryption": "aws:kms", "x_amz_server_side_encryption_aws_kms_key_id": other}
    assert of_s3("PUT", "/files/a", **named)[1] == ("kms:GenerateDataKey", other)
    assert len(of_s3("PUT", "/files/a", x_amz_server_side_encryption="AES256")) == 1


@pytest.mark.parametrize(
    ("method", "path", "query", "headers"),
    [
        ("GET", "/", {}, {}),
        ("GET", "/plain/a", {"select": ""}, {}),
        ("GET", "/plain/a", {"acl": "", "tagging": ""}, {}),
        ("PUT", "/plain/a", VERSION, {}),
        ("POST", "/plain/a", {}, {}),
        ("GET", "/plain", {"inventory": ""}, {}),
        ("GET", "/plain", {"versions": "", "policy": ""}, {}),
        ("PUT", "/plain/a", {}, {"x_amz_copy_source": "arn:aws:s3:eu-west-1:1:accesspoint/x/object/y"}),
        ("PUT", "/plain/a", {}, {"x_amz_server_side_encryption_customer_key": "x"}),
        ("GET", "/plain/a", {}, {"x_amz_something_new": "x"}),
    ],
)
def test_a_request_that_is_not_mapped_as_a_whole_is_refused(
    method: str, path: str, query: dict[str, str], headers: dict[str, str]
) -> None:
    with pytest.raises(UnknownRequestError, match="not judged"):
        of_s3(method, path, query, **headers)


@pytest.mark.parametrize(
    ("service", "target", "body"),
    [
        ("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": "s", "Something": 1}),
        ("secretsmanager", "secretsmanager.GetSecretValue", {}),
        ("secretsmanager", "secretsmanager.BatchGetSecretValue", {"SecretIdList": ["s"]}),
        ("kms", "TrentService.Decrypt", {"KeyId": "one", "GrantTokens": ["t"]}),
        ("logs", "Logs_20140328.FilterLogEvents", {"logGroupName": "/a", "logGroupIdentifier": "/b"}),
    ],
)
def test_a_json_request_with_more_than_is_known_is_refused(service: str, target: str, body: dict[str, Any]) -> None:
    with pytest.raises(UnknownRequestError):
        asked(service, target, body)
    with pytest.raises(UnknownRequestError):
        asked("secretsmanager", "secretsmanager.DescribeSecret", {"SecretId": "s"}, query={"Action": "DeleteSecret"})


def test_only_the_request_who_am_i_needs_no_permission() -> None:
    def of_sts(body: bytes) -> list[Any]:
        request = HttpRequest(
            service="sts", region="eu-west-1", method="POST", path="/", query={}, headers={}, body=body
        )
        return read_request(request, Known())

    assert of_sts(b"Action=GetCallerIdentity&Version=2011-06-15") == []
    with pytest.raises(UnknownRequestError):
        of_sts(b"Action=AssumeRole&RoleSessionName=Action%3DGetCallerIdentity&x=Action=GetCallerIdentity")
