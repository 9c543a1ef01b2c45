"""Where Prometheus finds the service, and where its alerts go."""

from typing import Any, Final, Literal

from components.permissions import Statement
from monitoring.watched import Watched

METRICS_PORT: Final = 9090  # components/task.py
TARGETS_FILE: Final = "targets.json"
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


def _ecs(watched: Watched) -> dict[str, Any]:
    """The stack's own service alone: one-off tasks and other stacks' services run in the same cluster."""
    return {
        "aws_sd_configs": [
            {"role": "ecs", "region": watched.region, "port": METRICS_PORT, "clusters": [watched.cluster_arn]}
        ],
        "relabel_configs": [
            {"source_labels": ["__meta_ecs_service"], "regex": f"{watched.name}-service", "action": "keep"},
            {"target_label": "stack", "replacement": watched.stack},
            {"source_labels": ["__meta_ecs_task_arn"], "regex": ".*/(.+)", "target_label": "instance"},
            {"source_labels": ["__meta_ecs_availability_zone"], "target_label": "zone"},
        ],
    }


def _files(watched: Watched) -> dict[str, Any]:
    return {
        "file_sd_configs": [{"files": [TARGETS_FILE], "refresh_interval": "30s"}],
        "relabel_configs": [{"target_label": "stack", "replacement": watched.stack}],
    }


def discovery_policy(watched: Watched) -> dict[str, Any]:
    """What the role of a Prometheus that asks ECS needs, and no more; attach it to the role that Prometheus runs under.

    Prometheus first asks for the cluster `default`, whether there is one or not, to try its credentials.

    Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#aws_sd_config
    """
    arn = f"arn:aws:ecs:{watched.region}:{watched.account_id}"
    statements = [
        Statement(
            sid="ReadOwnCluster",
            actions=["ecs:DescribeClusters"],
            resources=[watched.cluster_arn, f"{arn}:cluster/default"],
        ),
        Statement(
            sid="ReadServicesAndTasks",
            actions=["ecs:DescribeServices", "ecs:DescribeTasks"],
            resources=[f"{arn}:service/{watched.cluster}/*", f"{arn}:task/{watched.cluster}/*"],
        ),
        Statement(
            sid="ListServicesAndTasks",
            actions=["ecs:ListServices", "ecs:ListTasks"],
            resources=["*"],  # AWS knows no resource for these actions that Fargate has
            conditions={"ArnEquals": {"ecs:cluster": watched.cluster_arn}},
        ),
        Statement(
            sid="AskForPublicAddresses",  # the tasks have none, and without the answer Prometheus drops them all
            actions=["ec2:DescribeNetworkInterfaces"],
            resources=["*"],  # AWS knows no resource for this action
            conditions={"StringEquals": {"aws:RequestedRegion": watched.region}},
        ),
    ]
    return {"Version": "2012-10-17", "Statement": [one.document() for one in statements]}


def alertmanager(watched: Watched) -> dict[str, Any]:
    """The content of `alertmanager.yml`: everything goes to the topic of CloudWatch's alarms, pages again and again.

    Source: https://prometheus.io/docs/alerting/latest/configuration/
    """

    def receiver(severity: str) -> dict[str, Any]:
        subject = f"{severity}: {{{{ .CommonLabels.alertname }}}} on {watched.name} ({{{{ .Status }}}})"
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
