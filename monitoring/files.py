"""Every file of a stack's monitoring: path below a folder, and text."""

import json
from typing import Any, Final

import yaml

from monitoring.dashboards import grafana
from monitoring.dashboards.boards import boards
from monitoring.rules import rules
from monitoring.scrape import alertmanager, configuration, discovery_policy
from monitoring.watched import Watched

_HEAD: Final = "# Made by `workbuoy monitor`: change the settings or the code, not this file.\n"
DASHBOARDS: Final = "/var/lib/grafana/dashboards/workbuoy"  # where Grafana's host has the folder grafana/dashboards


def files(watched: Watched) -> dict[str, str]:
    """All files, sorted by path."""
    provisioning = "grafana/provisioning"
    found = {
        f"prometheus/{watched.name}.rules.yml": _yaml(rules(watched)),
        "prometheus/prometheus.yml": _yaml(configuration(watched, "ecs")),
        "prometheus/prometheus-files.yml": _yaml(configuration(watched, "files")),
        "prometheus/discovery-policy.json": json.dumps(discovery_policy(watched), indent=2) + "\n",
        "alertmanager/alertmanager.yml": _yaml(alertmanager(watched)),
        f"{provisioning}/datasources/workbuoy.yaml": _yaml(grafana.data_sources(watched)),
        f"{provisioning}/dashboards/workbuoy.yaml": _yaml(grafana.providers(DASHBOARDS)),
        **{f"grafana/dashboards/{one.name}.json": grafana.render(watched, one) for one in boards(watched)},
    }
    return dict(sorted(found.items()))


def _yaml(content: dict[str, Any]) -> str:
    return _HEAD + yaml.safe_dump(content, sort_keys=False, width=4096, allow_unicode=True)
