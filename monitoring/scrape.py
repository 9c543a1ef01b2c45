"""Where Prometheus finds the service, and where its alerts go."""

from typing import Any, Final, Literal

from components.metrics import names_of
from components.readers import PROMETHEUS_ROLE, find_tasks
from components.task import METRICS_PORT
from monitoring.text import as_yaml
from monitoring.watched import Watched

TARGETS_FILE: Final = "targets.json"
_MANAGED_INTERVAL: Final = "30s"  # each sample is paid for; rates here look back over five minutes or more
_MOST_SAMPLES: Final = 10_000  # far more than labels allow: what exceeds it is a mistake, and must not fill the disk


def configuration(
    watched: Watched, discovery: Literal["ecs", "files"], *, interval: str = "15s", alertmanager: str = "localhost:9093"
) -> dict[str, Any]:
    """The content of `prometheus.yml`.

    Args:
        watched: the stack.
        discovery: `ecs` asks ECS for the tasks, which Prometheus can do from 3.8 on; `files` reads `targets.json`,
            which any program may write for any Prometheus.
        interval: between two scrapes, and between two evaluations of the rules.
        alertmanager: where alerts are sent, host and port.

    Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/
    """
    found = _ecs(watched) if discovery == "ecs" else _files(watched)
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [f"{watched.name}.rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [{"job_name": watched.name, "sample_limit": _MOST_SAMPLES, **found}],
    }


def managed_configuration(watched: Watched) -> dict[str, Any]:
    """What AWS's managed collector is told: it finds tasks by the name that ECS keeps in DNS.

    A collector takes these sections alone, and rules and alerts are a workspace's.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/managed-prometheus-collectors-scraper-configuration.html
    """
    name = f"{watched.name}.{names_of(watched.cluster)}"
    return {
        "global": {"scrape_interval": _MANAGED_INTERVAL, "scrape_timeout": "10s"},
        "scrape_configs": [
            {
                "job_name": watched.name,
                "dns_sd_configs": [{"names": [name], "type": "A", "port": METRICS_PORT, "refresh_interval": "15s"}],
                "relabel_configs": _labels(watched),
            }
        ],
    }


def _labels(watched: Watched) -> list[dict[str, Any]]:
    """Whose series they are. `tenant` is a label of the service's own, so a customer's own stack is named as `silo`."""
    silo = [{"target_label": "silo", "replacement": watched.tenant}] if watched.tenant else []
    return [{"target_label": "stack", "replacement": watched.stack}, *silo]


def _ecs(watched: Watched) -> dict[str, Any]:
    """The stack's own service alone: one-off tasks and other stacks' services run in the same cluster."""
    discovery = {"role": "ecs", "region": watched.region, "port": METRICS_PORT, "clusters": [watched.cluster_arn]}
    if watched.observability.prometheus == "own":
        discovery["role_arn"] = f"arn:aws:iam::{watched.account_id}:role/{watched.cluster}-{PROMETHEUS_ROLE}"
    return {
        "aws_sd_configs": [discovery],
        "relabel_configs": [
            {"source_labels": ["__meta_ecs_service"], "regex": f"{watched.name}-service", "action": "keep"},
            *_labels(watched),
            {"source_labels": ["__meta_ecs_task_arn"], "regex": ".*/(.+)", "target_label": "instance"},
            {"source_labels": ["__meta_ecs_availability_zone"], "target_label": "zone"},
        ],
    }


def _files(watched: Watched) -> dict[str, Any]:
    return {
        "file_sd_configs": [{"files": [TARGETS_FILE], "refresh_interval": "30s"}],
        "relabel_configs": _labels(watched),
    }


def discovery_policy(watched: Watched) -> dict[str, Any]:
    """What the role of a Prometheus that asks ECS needs, and no more; attach it to the role that Prometheus runs under.

    With `observability.prometheus: own` the stack declares a role that has it.
    """
    statements = find_tasks(watched.account_id, watched.region, watched.cluster)
    return {"Version": "2012-10-17", "Statement": [one.document() for one in statements]}


def alertmanager(watched: Watched) -> dict[str, Any]:
    """The content of `alertmanager.yml`: everything goes to the topic of CloudWatch's alarms, pages again and again.

    Source: https://prometheus.io/docs/alerting/latest/configuration/
    """

    def receiver(severity: str) -> dict[str, Any]:
        subject = f"{severity}: {{{{ .CommonLabels.alertname }}}} on {{{{ .CommonLabels.stack }}}} ({{{{ .Status }}}})"
        topic = {"topic_arn": watched.topic_arn, "sigv4": {"region": watched.region}, "subject": subject}
        return {"name": severity, "sns_configs": [topic]}

    return {
        "route": {
            "receiver": "ticket",
            "group_by": ["alertname", "stack"],
            "group_wait": "30s",
            "repeat_interval": "1d",
            "routes": [{"receiver": "page", "matchers": ['severity="page"'], "repeat_interval": "1h"}],
        },
        "inhibit_rules": [
            {
                "source_matchers": ['severity="page"'],
                "target_matchers": ['severity="ticket"'],
                "equal": ["alertname", "stack"],
            }
        ],
        "receivers": [receiver("page"), receiver("ticket")],
    }


def managed_alert_manager(watched: Watched) -> dict[str, Any]:
    """The same as managed Prometheus takes it; alerts of customers' own stacks go to their base's topic too.

    Source: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-config.html
    """
    return {"alertmanager_config": as_yaml(alertmanager(watched))}
