"""What AWS charges by use, and which types cost nothing at all."""

from collections.abc import Callable, Mapping
from typing import Any

from facts import tokens as t

_Named = Callable[[Mapping[str, Any]], tuple[str, ...]]  # declared properties to names in prices.yaml


def _always(*prices: str) -> _Named:
    return lambda _declared: prices


def _database_by_use(declared: Mapping[str, Any]) -> tuple[str, ...]:
    burstable = str(declared["instanceClass"]).startswith("db.t")
    return ("rds-backup", *(("rds-cpu-credits",) if burstable else ()))


def _cluster_by_use(declared: Mapping[str, Any]) -> tuple[str, ...]:
    settings = declared.get("settings") or ()
    watched = any(one["name"] == "containerInsights" and one["value"] != "disabled" for one in settings)
    return ("container-insights",) if watched else ()


def _endpoint_by_use(declared: Mapping[str, Any]) -> tuple[str, ...]:
    return ("endpoint-data",) if declared.get("vpcEndpointType") == "Interface" else ()


BY_USE: Mapping[str, _Named] = {
    t.METRICS_SCRAPER: _always("metrics-collected"),
    t.METRICS_WORKSPACE: _always("metrics-taken-in", "metrics-asked", "metrics-storage"),
    t.BACKUP_PLAN: _always("backup-database-storage", "backup-files-storage", "backup-copy-between-regions"),
    t.TRAIL: _always("trail-data-events"),
    t.LOG_GROUP: _always("log-ingestion", "log-storage"),
    t.LOG_QUERY: _always("log-queries"),
    t.FLOW_LOG: _always("log-ingestion"),
    t.NAT_GATEWAY: _always("nat-data"),
    t.ENDPOINT: _endpoint_by_use,
    t.CLUSTER: _cluster_by_use,
    t.SERVICE: _always("data-out", "data-between-zones"),
    t.KEY: _always("kms-requests"),
    t.FUNCTION: _always("lambda-duration"),
    t.LOAD_BALANCER: _always("load-balancer-capacity"),
    t.DATABASE: _database_by_use,
    t.BUCKET: _always("s3-storage", "s3-writes", "s3-reads", "trail-data-events"),
    t.SECRET: _always("secret-requests"),
    t.TOPIC: _always("sns-requests"),
    t.WEB_ACL: _always("waf-requests"),
    t.WEB_ACL_LOGGING: _always("log-ingestion"),
}

FREE = frozenset(
    {
        t.METRICS_ALERT_MANAGER,
        t.METRICS_RULES,
        t.SCALING_TARGET,
        t.BACKUP_SELECTION,
        t.BACKUP_VAULT,
        t.BACKUP_VAULT_LOCK,
        t.BACKUP_VAULT_POLICY,
        t.EVENT_RULE,
        t.EVENT_TARGET,
        t.DEFAULT_SECURITY_GROUP,
        t.INTERNET_GATEWAY,
        t.ROUTE,
        t.ROUTE_TABLE,
        t.ROUTE_TABLE_ASSOCIATION,
        t.SECURITY_GROUP,
        t.SUBNET,
        t.VPC,
        t.TASK_DEFINITION,
        t.POLICY,
        t.ROLE,
        t.ROLE_POLICY,
        t.KEY_ALIAS,
        t.FUNCTION_PERMISSION,
        t.LISTENER,
        t.LISTENER_CERTIFICATE,
        t.LISTENER_RULE,
        t.TARGET_GROUP,
        t.EVENT_SUBSCRIPTION,
        t.PARAMETER_GROUP,
        t.SUBNET_GROUP,
        t.BUCKET_CORS,
        t.BUCKET_LIFECYCLE,
        t.BUCKET_OBJECT_LOCK,
        t.BUCKET_LOGGING,
        t.BUCKET_OWNERSHIP,
        t.BUCKET_POLICY,
        t.BUCKET_PUBLIC_ACCESS,
        t.BUCKET_ENCRYPTION,
        t.BUCKET_VERSIONING,
        t.SECRET_POLICY,
        t.SECRET_ROTATION,
        t.DISCOVERY_SERVICE,
        t.TOPIC_POLICY,
        t.TOPIC_SUBSCRIPTION,
        t.EGRESS_RULE,
        t.INGRESS_RULE,
        t.WEB_ACL_ASSOCIATION,
        "random:index/randomId:RandomId",
    }
)
