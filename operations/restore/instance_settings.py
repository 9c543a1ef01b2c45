"""What a restored instance must have as the one has whose place it takes: read of the one, asked for of the other.

A copy comes with one zone, its own security group and password, no monitoring and no protection. Which properties can
be asked for is botocore's to say: everything that DescribeDBInstances tells and ModifyDBInstance takes by one name.
"""

from collections.abc import Mapping
from typing import Any, Final

_OTHERWISE: Final = {
    "IAMDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "PerformanceInsightsEnabled": "EnablePerformanceInsights",
}
"""What is read by the one name and asked for by the other."""
_ITS_OWN: Final = ("AllocatedStorage", "AwsBackupRecoveryPointArn", "DBInstanceIdentifier")
"""RDS takes no smaller storage, and the copy may have grown; the others say which instance it is."""
_TOGETHER: Final = (
    ("MonitoringInterval", "MonitoringRoleArn"),
    ("EnablePerformanceInsights", "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod"),
)
"""What RDS takes only with the others."""
_NAMES: Final = ("DBParameterGroupName", "DBSubnetGroupName", "VpcSecurityGroupIds")
_LOGS: Final = "EnabledCloudwatchLogsExports"
_OWNERS_KEY: Final = "MasterUserSecretKmsKeyId"
_NOTHING: Final[Mapping[str, Any]] = {"boolean": False, "integer": 0}


def read(of: Mapping[str, Any], model: Any) -> dict[str, Any]:
    """Everything of an instance that its successor must have, by the names under which it is asked for.

    `model` is botocore's of RDS: a client's `meta.service_model`.
    """
    found = {name: of.get(name) or None for name in _scalars(model)}
    found |= {parameter: of.get(read) or None for read, parameter in _OTHERWISE.items()}
    return {
        **found,
        "DBParameterGroupName": [one["DBParameterGroupName"] for one in of.get("DBParameterGroups", ())],
        "DBSubnetGroupName": (of.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
        _LOGS: sorted(of.get(_LOGS) or ()),
        _OWNERS_KEY: (of.get("MasterUserSecret") or {}).get("KmsKeyId"),
        "VpcSecurityGroupIds": sorted(one["VpcSecurityGroupId"] for one in of.get("VpcSecurityGroups", ())),
    }


def differing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The names of what is not as it is wanted."""
    return [name for name, value in wanted.items() if found.get(name) != value]


def modification(found: Mapping[str, Any], wanted: Mapping[str, Any], model: Any) -> dict[str, Any]:
    """The parameters of ModifyDBInstance that make an instance what is wanted of it; none where it is."""
    takes = model.operation_model("ModifyDBInstance").input_shape.members
    differ = set(differing(found, wanted))
    for group in _TOGETHER:
        if differ & set(group):
            differ |= {name for name in group if wanted.get(name)}
    parameters: dict[str, Any] = {}
    for name in sorted(differ - {_LOGS, _OWNERS_KEY, *_NAMES}):
        value = wanted[name] if wanted[name] is not None else _NOTHING.get(takes[name].type_name)
        if value is not None:
            parameters[name] = value
    if "DBParameterGroupName" in differ:
        (parameters["DBParameterGroupName"],) = wanted["DBParameterGroupName"]
    if "VpcSecurityGroupIds" in differ:
        parameters["VpcSecurityGroupIds"] = wanted["VpcSecurityGroupIds"]
    if _LOGS in differ:
        here, there = set(found[_LOGS]), set(wanted[_LOGS])
        changed = {"EnableLogTypes": sorted(there - here), "DisableLogTypes": sorted(here - there)}
        parameters["CloudwatchLogsExportConfiguration"] = {name: logs for name, logs in changed.items() if logs}
    if _OWNERS_KEY in differ and wanted[_OWNERS_KEY]:
        parameters |= {"ManageMasterUserPassword": True, _OWNERS_KEY: wanted[_OWNERS_KEY]}
    return parameters


def _scalars(model: Any) -> list[str]:
    takes = model.operation_model("ModifyDBInstance").input_shape.members
    described = model.shape_for("DBInstance").members
    return [
        name
        for name, shape in takes.items()
        if name in described and name not in _ITS_OWN and shape.type_name in ("boolean", "integer", "string")
    ]
