"""RDS: subnet groups, parameter groups, instances, event subscriptions."""

from collections.abc import Callable
from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    AT_DELETION,
    NOT_HELD,
    Call,
    Change,
    F,
    Kind,
    Name,
    Out,
    Read,
    tags,
    unchecked,
)

_ARN = "arn:aws:rds:{region}:{account}:"
_PART_OF_NAME = "part of the name"


def _tag_read(kind: str) -> Read:
    return Read(
        "list_tags_for_resource", {"ResourceName": f"{_ARN}{kind}:{{id}}"}, pick="TagList", into="TagList", when="tags"
    )


def _the_only(parameter: str) -> Callable[[list[str]], dict[str, Any]]:
    """RDS narrows these listings to one name; a stack has one."""
    return lambda names: {parameter: names[0]} if len(names) == 1 else {}


SUBNET_GROUP = Kind(
    type_=t.SUBNET_GROUP,
    service="rds",
    calls=(Call("create_db_subnet_group"),),
    fields={
        "name": F("DBSubnetGroupName"),
        "namePrefix": unchecked(_PART_OF_NAME),
        "description": F("DBSubnetGroupDescription"),
        "subnetIds": F("SubnetIds", "Subnets[].SubnetIdentifier", unordered=True),
        "tags": tags("Tags", "TagList"),
    },
    defaults={"description": "Managed by Pulumi"},
    reads=(
        Read(
            "describe_db_subnet_groups",
            pick="DBSubnetGroups",
            index="DBSubnetGroupName",
            among=_the_only("DBSubnetGroupName"),
        ),
        _tag_read("subgrp"),
    ),
    document="$made.DBSubnetGroup",
    id="$document.DBSubnetGroupName",
    made_up_id="{name}",
    outputs={"arn": _ARN + "subgrp:{id}", "vpcId": Out("VpcId", "vpc-{hex}")},
    name=Name(lower=True),
)

_PARAMETER = {
    "name": F("ParameterName"),
    "value": F("ParameterValue"),
    "applyMethod": F("ApplyMethod"),
}

PARAMETER_GROUP = Kind(
    type_=t.PARAMETER_GROUP,
    service="rds",
    calls=(
        Call("create_db_parameter_group"),
        Call("modify_db_parameter_group", {"DBParameterGroupName": "$id"}, name="parameters"),
    ),
    fields={
        "name": F("DBParameterGroupName"),
        "namePrefix": unchecked(_PART_OF_NAME),
        "family": F("DBParameterGroupFamily"),
        "description": F("Description"),
        "parameters": F("Parameters", shape=_PARAMETER, unordered=True, call="parameters"),
        "skipDestroy": unchecked(AT_DELETION),
        "tags": tags("Tags", "TagList"),
    },
    defaults={"description": "Managed by Pulumi"},
    reads=(
        Read(
            "describe_db_parameter_groups",
            pick="DBParameterGroups",
            index="DBParameterGroupName",
            among=_the_only("DBParameterGroupName"),
        ),
        Read("describe_db_parameters", {"DBParameterGroupName": "$id"}, pick="Parameters", into="Parameters"),
        _tag_read("pg"),
    ),
    document="$made.DBParameterGroup",
    id="$document.DBParameterGroupName",
    made_up_id="{name}",
    outputs={"arn": _ARN + "pg:{id}"},
    name=Name(lower=True),
)


def _secret(made_up: bool) -> Any:
    """The secret that RDS makes for the master password: a list of one, as the provider gives it."""
    arn = "arn:aws:secretsmanager:{region}:{account}:secret:rds!db-{uuid}-{suffix}"
    return [{"secretArn": arn, "secretStatus": "active", "kmsKeyId": "alias/aws/secretsmanager"}] if made_up else None


_SECRETS_PATH = (
    "MasterUserSecret && [MasterUserSecret.{secretArn: SecretArn, secretStatus: SecretStatus, kmsKeyId: KmsKeyId}]"
)


def _exports(params: dict[str, Any]) -> dict[str, Any]:
    """Logs are switched on and off one by one."""
    now, was = params.pop("Now"), params.pop("Was", [])
    switched = {
        "EnableLogTypes": [one for one in now if one not in was],
        "DisableLogTypes": [one for one in was if one not in now],
    }
    return {**params, "CloudwatchLogsExportConfiguration": {key: types for key, types in switched.items() if types}}


INSTANCE = Kind(
    type_=t.DATABASE,
    service="rds",
    calls=(Call("create_db_instance"),),
    fields={
        "identifier": F("DBInstanceIdentifier"),
        "identifierPrefix": unchecked(_PART_OF_NAME),
        "engine": F("Engine"),
        "engineVersion": F("EngineVersion"),
        "instanceClass": F("DBInstanceClass"),
        "allocatedStorage": F("AllocatedStorage"),
        "maxAllocatedStorage": F("MaxAllocatedStorage"),
        "storageType": F("StorageType"),
        "storageEncrypted": F("StorageEncrypted"),
        "storageThroughput": unchecked(NOT_HELD, "StorageThroughput"),
        "iops": F("Iops"),
        "kmsKeyId": F("KmsKeyId"),
        "dbName": F("DBName"),
        "username": F("MasterUsername"),
        "manageMasterUserPassword": F("ManageMasterUserPassword", "MasterUserSecret != `null`"),
        "masterUserSecretKmsKeyId": F("MasterUserSecretKmsKeyId", "MasterUserSecret.KmsKeyId"),
        "port": F("Port", "Endpoint.Port"),
        "dbSubnetGroupName": F("DBSubnetGroupName", "DBSubnetGroup.DBSubnetGroupName"),
        "parameterGroupName": F("DBParameterGroupName", "DBParameterGroups[0].DBParameterGroupName"),
        "optionGroupName": F("OptionGroupName", "OptionGroupMemberships[0].OptionGroupName"),
        "vpcSecurityGroupIds": F("VpcSecurityGroupIds", "VpcSecurityGroups[].VpcSecurityGroupId", unordered=True),
        "availabilityZone": F("AvailabilityZone"),
        "multiAz": F("MultiAZ"),
        "publiclyAccessible": F("PubliclyAccessible"),
        "networkType": unchecked(NOT_HELD, "NetworkType"),
        "caCertIdentifier": F("CACertificateIdentifier"),
        "backupRetentionPeriod": F("BackupRetentionPeriod"),
        "backupWindow": F("PreferredBackupWindow"),
        "maintenanceWindow": F("PreferredMaintenanceWindow"),
        "copyTagsToSnapshot": F("CopyTagsToSnapshot"),
        "deletionProtection": F("DeletionProtection"),
        "autoMinorVersionUpgrade": F("AutoMinorVersionUpgrade"),
        "iamDatabaseAuthenticationEnabled": F("EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled"),
        "enabledCloudwatchLogsExports": F(
            "EnableCloudwatchLogsExports", "EnabledCloudwatchLogsExports", unordered=True
        ),
        "monitoringInterval": F("MonitoringInterval"),
        "monitoringRoleArn": F("MonitoringRoleArn"),
        "performanceInsightsEnabled": F("EnablePerformanceInsights", "PerformanceInsightsEnabled", unchecked=NOT_HELD),
        "performanceInsightsKmsKeyId": unchecked(NOT_HELD, "PerformanceInsightsKMSKeyId"),
        "performanceInsightsRetentionPeriod": unchecked(NOT_HELD, "PerformanceInsightsRetentionPeriod"),
        "databaseInsightsMode": unchecked(NOT_HELD, "DatabaseInsightsMode"),
        "dedicatedLogVolume": unchecked(NOT_HELD, "DedicatedLogVolume"),
        "engineLifecycleSupport": unchecked(NOT_HELD, "EngineLifecycleSupport"),
        "licenseModel": F("LicenseModel"),
        "allowMajorVersionUpgrade": unchecked("acts at an upgrade only", "AllowMajorVersionUpgrade", call="update"),
        "applyImmediately": unchecked("acts at a change only", "ApplyImmediately", call="update"),
        "blueGreenUpdate": unchecked("acts at a change only"),
        "upgradeStorageConfig": unchecked("acts at a change only"),
        "upgradeRolloutOrder": unchecked(NOT_HELD),
        "skipFinalSnapshot": unchecked(AT_DELETION, "SkipFinalSnapshot", call="delete"),
        "finalSnapshotIdentifier": unchecked(AT_DELETION, "FinalDBSnapshotIdentifier", call="delete"),
        "deleteAutomatedBackups": unchecked(AT_DELETION, "DeleteAutomatedBackups", call="delete"),
        "tags": tags("Tags", "TagList"),
    },
    updates=(
        Change(
            "modify_db_instance",
            {"identifier": "NewDBInstanceIdentifier", "port": "DBPortNumber"},
            {"DBInstanceIdentifier": "$was.identifier"},
        ),
        Change(
            "modify_db_instance",
            {"enabledCloudwatchLogsExports": "Now"},
            {"Was": "$was.enabledCloudwatchLogsExports"},
            pack=_exports,
        ),
    ),
    reads=(
        Read(
            "describe_db_instances",
            {"DBInstanceIdentifier": "$identifier"},
            "DBInstances",
            index="DBInstanceIdentifier",
            key="$identifier",
            among=lambda names: {"Filters": [{"Name": "db-instance-id", "Values": names}]},
        ),
    ),
    document="$made.DBInstance",
    id="$document.DbiResourceId",
    made_up_id="db-{dbi}",
    outputs={
        "arn": Out("DBInstanceArn", _ARN + "db:{identifier}"),
        "address": Out("Endpoint.Address", "{identifier}.{hex8}.{region}.rds.amazonaws.com"),
        "endpoint": "{identifier}.{hex8}.{region}.rds.amazonaws.com:5432",
        "port": Out("Endpoint.Port", 5432),
        "resourceId": "{id}",
        "hostedZoneId": "Z2ABCDEFGHIJKL",
        "status": "available",
        "masterUserSecrets": Out(_SECRETS_PATH, _secret(True)),
        "engineVersionActual": Out("EngineVersion", "$properties.engineVersion"),
        "availabilityZone": Out("AvailabilityZone", "{region}a"),
        "caCertIdentifier": Out("CACertificateIdentifier", "rds-ca-rsa2048-g1"),
    },
    name=Name("identifier", "identifierPrefix", limit=63, lower=True),
)

EVENT_SUBSCRIPTION = Kind(
    type_=t.EVENT_SUBSCRIPTION,
    service="rds",
    calls=(Call("create_event_subscription"),),
    fields={
        "name": F("SubscriptionName", "CustSubscriptionId"),
        "namePrefix": unchecked(_PART_OF_NAME),
        "snsTopic": F("SnsTopicArn"),
        "sourceType": F("SourceType"),
        "sourceIds": F("SourceIds", "SourceIdsList", unordered=True),
        "eventCategories": F("EventCategories", "EventCategoriesList", unordered=True),
        "enabled": F("Enabled"),
        "tags": tags("Tags", "TagList"),
    },
    defaults={"enabled": True},
    reads=(
        Read(
            "describe_event_subscriptions",
            pick="EventSubscriptionsList",
            index="CustSubscriptionId",
            among=_the_only("SubscriptionName"),
        ),
        _tag_read("es"),
    ),
    document="$made.EventSubscription",
    id="$document.CustSubscriptionId",
    made_up_id="{name}",
    outputs={"arn": _ARN + "es:{id}", "customerAwsId": "{account}"},
    name=Name(),
)

KINDS = (SUBNET_GROUP, PARAMETER_GROUP, INSTANCE, EVENT_SUBSCRIPTION)
