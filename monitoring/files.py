"""Every file of a stack's monitoring: path below a folder, and text."""

import json
from typing import Final

from monitoring.dashboards import grafana
from monitoring.dashboards.boards import boards
from monitoring.rules import rules
from monitoring.scrape import alertmanager, configuration, discovery_policy
from monitoring.text import as_file
from monitoring.watched import Watched

DASHBOARDS: Final = "/var/lib/grafana/dashboards/workbuoy"  # where Grafana's host has the folder grafana/dashboards


def files(watched: Watched) -> dict[str, str]:
    """All files, sorted by path."""
    provisioning = "grafana/provisioning"
    found = {
        f"prometheus/{watched.name}.rules.yml": as_file(rules(watched)),
        "prometheus/prometheus.yml": as_file(configuration(watched, "ecs")),
        "prometheus/prometheus-files.yml": as_file(configuration(watched, "files")),
        "prometheus/discovery-policy.json": json.dumps(discovery_policy(watched), indent=2) + "\n",
        "alertmanager/alertmanager.yml": as_file(alertmanager(watched)),
        f"{provisioning}/datasources/workbuoy.yaml": as_file(grafana.data_sources(watched)),
        f"{provisioning}/dashboards/workbuoy.yaml": as_file(grafana.providers(DASHBOARDS)),
        **{f"grafana/dashboards/{one.name}.json": grafana.render(watched, one) for one in boards(watched)},
    }
    return dict(sorted(found.items()))
