"""Which series there are to ask: what the service exposes, what Prometheus adds, what rules record."""

import re
import subprocess
from collections.abc import Mapping

from monitoring.rules import rules
from monitoring.watched import Watched
from tests.monitoring.promql import grouped
from tests.rehearsal.service.test_surroundings import APP

SCRAPED = {"job", "stack", "instance"}
_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+(?: # .*)?$")
_LABEL = re.compile(r'(\w+)="(?:[^"\\]|\\.)*"')

# Each metric with labels gets a series, by the functions that the service itself calls.
_EXPOSE = """
from workbuoy_app import metrics
metrics.REQUESTS.done("GET", "/api/things", 200, 0.1)
metrics.REQUESTS.done_for("a-tenant", 200, 0.1)
with metrics.storage_call("put"):
    pass
metrics.LOGINS.labels("success").inc()
metrics.registry.register(metrics.PoolCollector(dict))
print(metrics.exposition().decode())
"""


def exposition() -> str:
    """What the service answers to a scrape once everything has happened once, by its own code."""
    command = [str(APP / ".venv/bin/python"), "-c", _EXPOSE]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


def series_of(text: str) -> dict[str, set[str]]:
    """The series of an exposition, each with its labels."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := _SAMPLE.match(line):
            found.setdefault(match[1], set()).update(_LABEL.findall(match[2] or ""))
    return found


def to_be_asked(watched: Watched, service: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """All series, once the service is scraped and the rules are evaluated."""
    recorded = {
        one["record"]: grouped(one["expr"]) - {"le"} | {"stack"} for one in rules(watched)["groups"][0]["rules"]
    }
    return {"up": SCRAPED, **recorded, **{name: labels | SCRAPED for name, labels in service.items()}}
