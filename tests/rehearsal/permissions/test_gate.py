"""The stack's own roles before the gate: what they must do is let through, everything else is refused by name."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from project.files import find_project
from rehearsal.cloud import Cloud, running
from rehearsal.permissions.gate import Gate, NotTrustedError, open_gate
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from tests.conftest import PROJECT

ECS = "ecs-tasks.amazonaws.com"


@dataclass
class Standing:
    """Prod as it stands in moto, behind the gate."""

    rehearsal: Rehearsal
    cloud: Cloud
    gate: Gate
    url: str

    def output(self, name: str, key: str) -> Any:
        (found,) = [one for one in self.rehearsal.resources if one.name == name]
        return found.outputs[key]

    def client(self, service: str, role: str, taken_by: str = ECS) -> Any:
        """A client with the credentials of one of the stack's roles."""
        arn = self.output(f"{role}-role", "arn")
        source = f"arn:aws:ecs:{self.cloud.region}:{self.cloud.account}:task/one"
        context = {"aws:SourceArn": source, "aws:SourceAccount": self.cloud.account}
        credentials = self.gate.assume(arn, taken_by, context)
        return boto3.client(
            service,
            region_name=self.cloud.region,
            endpoint_url=self.url,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=Config(s3={"addressing_style": "path"}, signature_version="s3v4" if service == "s3" else None),
        )


@pytest.fixture(scope="module")
def standing() -> Iterator[Standing]:
    with ExitStack() as stack:
        moto = stack.enter_context(running())
        rehearsal = rehearse(find_project(PROJECT), "prod", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        gate, url = stack.enter_context(open_gate(cloud))
        yield Standing(rehearsal, cloud, gate, url)


@pytest.fixture
def bucket(standing: Standing) -> str:
    return str(standing.output("files-bucket", "bucket"))


def refused(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**params)
    assert error.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return str(error.value)


def test_the_task_stores_reads_and_deletes_attachments(standing: Standing, bucket: str) -> None:
    s3 = standing.client("s3", "service-task")
    s3.put_object(Bucket=bucket, Key="tenants/one", Body=b"hello")
    assert s3.get_object(Bucket=bucket, Key="tenants/one")["Body"].read() == b"hello"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["tenants/one"]
    s3.delete_object(Bucket=bucket, Key="tenants/one")


def test_a_signed_address_is_judged_like_its_signer(standing: Standing, bucket: str) -> None:
    import urllib.request

    s3 = standing.client("s3", "service-task")
    s3.put_object(Bucket=bucket, Key="tenants/signed", Body=b"bytes")
    address = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "tenants/signed"}, ExpiresIn=60)
    with urllib.request.urlopen(address) as answer:  # noqa: S310  loopback
        assert answer.read() == b"bytes"


def test_a_large_upload_goes_in_parts(standing: Standing, bucket: str) -> None:
    s3 = standing.client("s3", "service-task")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="tenants/large")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="tenants/large", UploadId=upload, PartNumber=1, Body=b"x" * 1024)
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="tenants/large", UploadId=upload, MultipartUpload=parts)
    assert s3.head_object(Bucket=bucket, Key="tenants/large")["ContentLength"] == 1024


def test_the_task_reaches_no_other_bucket(standing: Standing) -> None:
    logs = standing.output("files-logs-bucket", "bucket")
    s3 = standing.client("s3", "service-task")
    assert "s3:PutObject" in refused(s3.put_object, Bucket=logs, Key="x", Body=b"")
    assert "s3:ListBucket" in refused(s3.list_objects_v2, Bucket=logs)


def test_the_task_writes_nowhere_but_below_the_tenants(standing: Standing, bucket: str) -> None:
    assert "s3:PutObject" in refused(standing.client("s3", "service-task").put_object, Bucket=bucket, Key="x", Body=b"")


def test_the_source_of_a_copy_is_judged_too(standing: Standing, bucket: str) -> None:
    logs = standing.output("files-logs-bucket", "bucket")
    standing.cloud.client("s3").put_object(Bucket=logs, Key="secret", Body=b"not yours")
    s3 = standing.client("s3", "service-task")
    message = refused(s3.copy_object, Bucket=bucket, Key="tenants/stolen", CopySource={"Bucket": logs, "Key": "secret"})
    assert f"s3:GetObject on arn:aws:s3:::{logs}/secret" in message


def test_another_key_than_the_bucket_s_is_refused(standing: Standing, bucket: str) -> None:
    other = standing.output("keys-logs", "arn")
    s3 = standing.client("s3", "service-task")
    put = {"Bucket": bucket, "Key": "tenants/x", "Body": b"", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": other}
    assert "RefuseOtherKeys" in refused(s3.put_object, **put)


def test_the_bucket_s_settings_are_out_of_the_task_s_reach(standing: Standing, bucket: str) -> None:
    refused(standing.client("s3", "service-task").delete_bucket_lifecycle, Bucket=bucket)


def test_only_rotation_writes_the_login(standing: Standing) -> None:
    arn = standing.output("secrets-database-login", "arn")
    task = standing.client("secretsmanager", "service-task")
    rotation = standing.client("secretsmanager", "rotation", "lambda.amazonaws.com")
    rotation.put_secret_value(SecretId=arn, SecretString="{}", ClientRequestToken="0" * 32)
    assert task.get_secret_value(SecretId=arn)["SecretString"] == "{}"
    refused(task.put_secret_value, SecretId=arn, SecretString="{}", ClientRequestToken="1" * 32)


def test_the_execution_role_reads_the_owner_s_secret_but_not_the_login(standing: Standing) -> None:
    owner = standing.output("database-instance", "masterUserSecrets")[0]["secretArn"]
    login = standing.output("secrets-database-login", "arn")
    execution = standing.client("secretsmanager", "service-execution")
    assert execution.get_secret_value(SecretId=owner)["SecretString"]
    refused(execution.get_secret_value, SecretId=login)
    refused(standing.client("secretsmanager", "service-task").get_secret_value, SecretId=owner)


def test_a_role_goes_only_to_the_service_it_trusts_and_for_its_own_account(standing: Standing) -> None:
    with pytest.raises(NotTrustedError, match=r"lambda\.amazonaws\.com may not take"):
        standing.client("s3", "service-task", "lambda.amazonaws.com")
    arn = standing.output("service-task-role", "arn")
    elsewhere = {"aws:SourceArn": "arn:aws:ecs:eu-west-1:999999999999:task/one", "aws:SourceAccount": "999999999999"}
    with pytest.raises(NotTrustedError):
        standing.gate.assume(arn, ECS, elsewhere)


def test_a_stranger_s_credentials_open_nothing(standing: Standing, bucket: str) -> None:
    stranger = boto3.client(
        "s3",
        region_name="eu-west-1",
        endpoint_url=standing.url,
        aws_access_key_id="AKIA0000000000000000",
        aws_secret_access_key="x",
        config=Config(s3={"addressing_style": "path"}),
    )
    assert "not signed by a principal" in refused(stranger.list_objects_v2, Bucket=bucket)


def test_actions_that_nothing_needed_are_named(standing: Standing, bucket: str) -> None:
    standing.gate.judgements.clear()
    arn = standing.output("service-task-role", "arn")
    standing.client("s3", "service-task").put_object(Bucket=bucket, Key="tenants/x", Body=b"")
    found = standing.gate.without_each_action([arn])
    unused = {(one.held.statement["Sid"], one.action) for one in found if one.missed is None}
    assert unused == {
        ("EndWaysBack", "s3:DeleteObject"),
        ("NoteErasures", "s3:PutObject"),
        ("ReadErasures", "s3:GetObject"),
        ("SeeOwnBucket", "s3:ListBucket"),
        ("StoreAttachments", "s3:AbortMultipartUpload"),
        ("StoreAttachments", "s3:DeleteObject"),
        ("StoreAttachments", "s3:GetObject"),
        ("UseFilesKey", "kms:Decrypt"),
        ("ReadDatabaseLogin", "secretsmanager:GetSecretValue"),
        ("ReadOidcClient", "secretsmanager:GetSecretValue"),
        ("ReadSecretsKey", "kms:Decrypt"),
    }


@pytest.mark.parametrize(
    ("more", "missed"),
    [
        ({"Tagging": "a=b"}, "s3:PutObjectTagging"),
        ({"ACL": "public-read"}, "s3:PutObjectAcl"),
        ({"ObjectLockLegalHoldStatus": "ON"}, "s3:PutObjectLegalHold"),
    ],
)
def test_a_put_with_more_than_content_needs_a_right_of_its_own(
    standing: Standing, bucket: str, more: dict[str, str], missed: str
) -> None:
    s3 = standing.client("s3", "service-task")
    assert missed in refused(s3.put_object, Bucket=bucket, Key="tenants/x", Body=b"", **more)


def test_a_version_is_more_than_its_object(standing: Standing, bucket: str) -> None:
    version = standing.cloud.client("s3").put_object(Bucket=bucket, Key="tenants/x", Body=b"")["VersionId"]
    s3 = standing.client("s3", "service-task")
    at = {"Bucket": bucket, "Key": "tenants/x", "VersionId": version}
    assert "s3:GetObjectVersion " in refused(s3.get_object, **at)
    assert "s3:DeleteObjectVersion " in refused(s3.delete_object, **at)
    entries = {"Objects": [{"Key": "tenants/x", "VersionId": version}]}
    assert "s3:DeleteObjectVersion " in refused(s3.delete_objects, Bucket=bucket, Delete=entries)
    source = {"Bucket": bucket, "Key": "tenants/x", "VersionId": version}
    assert "s3:GetObjectVersion " in refused(s3.copy_object, Bucket=bucket, Key="tenants/y", CopySource=source)


def test_what_the_gate_cannot_read_is_refused_and_kept_for_the_report(standing: Standing, bucket: str) -> None:
    standing.gate.judgements.clear()
    s3 = standing.client("s3", "service-task")
    put = {"Bucket": bucket, "Key": "tenants/x", "Body": b"", "WebsiteRedirectLocation": "/elsewhere"}
    assert "x-amz-website-redirect-location" in refused(s3.put_object, **put)
    (denial,) = standing.gate.denials()
    assert denial.unread


def test_a_policy_that_aws_would_not_take_refuses_by_name(standing: Standing, bucket: str) -> None:
    import json

    iam, name = standing.cloud.client("iam"), standing.output("service-task-role", "name")
    wrong = {"Sid": "Wrong", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"k": "perhaps"}}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [wrong]})
    iam.put_role_policy(RoleName=name, PolicyName="wrong", PolicyDocument=document)
    try:
        message = refused(standing.client("s3", "service-task").list_objects_v2, Bucket=bucket)
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="wrong")
    assert "would not take: Wrong" in message


@pytest.mark.parametrize("sid", ["StoreAttachments", "UseFilesKey"])
def test_a_statement_taken_away_is_missed_by_name(standing: Standing, bucket: str, sid: str) -> None:
    import json

    iam = standing.cloud.client("iam")
    name = standing.output("service-task-role", "name")
    document = iam.get_role_policy(RoleName=name, PolicyName="permissions")["PolicyDocument"]
    less = {**document, "Statement": [one for one in document["Statement"] if one["Sid"] != sid]}
    iam.put_role_policy(RoleName=name, PolicyName="permissions", PolicyDocument=json.dumps(less))
    try:
        message = refused(standing.client("s3", "service-task").put_object, Bucket=bucket, Key="tenants/x", Body=b"")
    finally:
        iam.put_role_policy(RoleName=name, PolicyName="permissions", PolicyDocument=json.dumps(document))
    assert {"StoreAttachments": "s3:PutObject", "UseFilesKey": "kms:GenerateDataKey"}[sid] in message
