"""A copy is asked for everything that the instance has whose place it takes, and for nothing that RDS does not take."""

from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from operations.restore.instance_settings import differing, modification, read

MODEL: Any = boto3.client("rds", region_name="eu-west-1").meta.service_model
SERVING = {
    "MultiAZ": True,
    "DeletionProtection": True,
    "BackupRetentionPeriod": 30,
    "CACertificateIdentifier": "rds-ca-rsa2048-g1",
    "MonitoringInterval": 60,
    "MonitoringRoleArn": "arn:aws:iam::123456789012:role/monitoring",
    "PerformanceInsightsEnabled": True,
    "PerformanceInsightsKMSKeyId": "arn:key",
    "PerformanceInsightsRetentionPeriod": 7,
    "IAMDatabaseAuthenticationEnabled": True,
    "EnabledCloudwatchLogsExports": ["upgrade", "postgresql"],
    "MasterUserSecret": {"SecretArn": "arn:secret", "KmsKeyId": "arn:key"},
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}],
    "DBParameterGroups": [{"DBParameterGroupName": "database-parameters-1"}],
    "DBSubnetGroup": {"DBSubnetGroupName": "database-subnets-1"},
}
COPY = {
    "MultiAZ": False,
    "BackupRetentionPeriod": 30,
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-of-copies"}],
    "DBParameterGroups": [{"DBParameterGroupName": "database-parameters-1"}],
    "DBSubnetGroup": {"DBSubnetGroupName": "database-subnets-1"},
}


def asked_of(copy: dict[str, Any], serving: dict[str, Any]) -> dict[str, Any]:
    return modification(read(copy, MODEL), read(serving, MODEL), MODEL)


def test_everything_that_a_copy_comes_without_is_asked_for() -> None:
    asked = asked_of(COPY, SERVING)
    assert asked == {
        "MultiAZ": True,
        "DeletionProtection": True,
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "MonitoringInterval": 60,
        "MonitoringRoleArn": "arn:aws:iam::123456789012:role/monitoring",
        "EnablePerformanceInsights": True,
        "PerformanceInsightsKMSKeyId": "arn:key",
        "PerformanceInsightsRetentionPeriod": 7,
        "EnableIAMDatabaseAuthentication": True,
        "CloudwatchLogsExportConfiguration": {"EnableLogTypes": ["postgresql", "upgrade"]},
        "ManageMasterUserPassword": True,
        "MasterUserSecretKmsKeyId": "arn:key",
        "VpcSecurityGroupIds": ["sg-1"],
    }


def test_nothing_is_asked_of_what_is_alike() -> None:
    assert asked_of(SERVING, SERVING) == {}
    assert differing(read(SERVING, MODEL), read(SERVING, MODEL)) == []


def test_what_the_copy_has_and_the_other_has_not_is_switched_off() -> None:
    copy = {**COPY, "PubliclyAccessible": True, "MaxAllocatedStorage": 100}
    asked = asked_of(copy, COPY)
    assert asked == {"PubliclyAccessible": False, "MaxAllocatedStorage": 0}


@pytest.mark.parametrize("name", ["AllocatedStorage", "AwsBackupRecoveryPointArn", "DBInstanceIdentifier"])
def test_what_is_an_instance_s_own_is_no_difference(name: str) -> None:
    assert asked_of({**COPY, name: "a"}, {**COPY, name: "b"}) == {}


TELLS = MODEL.shape_for("DBInstance").members
KINDS = {"boolean": st.booleans(), "integer": st.integers(0, 365), "string": st.sampled_from(["", "a", "b"])}
INSTANCES = st.fixed_dictionaries(
    {}, optional={name: KINDS[shape.type_name] for name, shape in TELLS.items() if shape.type_name in KINDS}
)


@given(copy=INSTANCES, serving=INSTANCES)
def test_whatever_two_instances_are_rds_takes_what_is_asked(copy: dict[str, Any], serving: dict[str, Any]) -> None:
    asked = asked_of({**COPY, **copy}, {**COPY, **serving})
    report = ParamValidator().validate(
        {"DBInstanceIdentifier": "x", **asked}, MODEL.operation_model("ModifyDBInstance").input_shape
    )
    assert not report.has_errors(), report.generate_report()
