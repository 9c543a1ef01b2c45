"""The table of resource types that a rehearsal knows, one file an AWS service."""

from rehearsal.kinds import (
    appautoscaling,
    budgets,
    cloudtrail,
    cloudwatch,
    ec2,
    ecr,
    ecs,
    elb,
    federation,
    iam,
    kms,
    lambda_,
    logs,
    network,
    rds,
    s3,
    s3control,
    secretsmanager,
    sns,
)
from rehearsal.kinds.kind import DeclaredOnly, Kind

_MODULES = (
    appautoscaling,
    budgets,
    cloudtrail,
    cloudwatch,
    ec2,
    ecr,
    ecs,
    elb,
    federation,
    iam,
    kms,
    lambda_,
    logs,
    network,
    rds,
    s3,
    s3control,
    secretsmanager,
    sns,
)
KINDS: dict[str, Kind] = {kind.type_: kind for module in _MODULES for kind in module.KINDS}
DECLARED_ONLY: dict[str, DeclaredOnly] = {only.type_: only for only in logs.DECLARED_ONLY}
