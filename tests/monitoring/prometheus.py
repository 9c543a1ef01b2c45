"""A real Prometheus that scrapes one service quickly, with the rules and the scrape configuration of `monitoring/`."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from monitoring import scrape
from monitoring.rules import rules
from monitoring.watched import Watched
from rehearsal.service.browser import fetch
from rehearsal.service.ports import free_port
from rehearsal.service.processes import Process, started

INTERVAL = "250ms"
PATIENCE_SECONDS = 60


@dataclass
class Prometheus:
    """Prometheus by its HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/"""

    address: str
    targets: Path

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series of an expression now."""
        return list(self._get("query", query=expression)["result"])

    def exemplars(self, expression: str) -> list[dict[str, Any]]:
        """The exemplars of a series in the last minutes."""
        now = time.time()
        found = self._get("query_exemplars", query=expression, start=str(now - 600), end=str(now))
        return [exemplar for series in found for exemplar in series["exemplars"]]

    def firing(self) -> set[tuple[str, str]]:
        """Alerts that fire, each with its severity."""
        found = self._get("alerts")["alerts"]
        return {(one["labels"]["alertname"], one["labels"]["severity"]) for one in found if one["state"] == "firing"}

    def await_firing(self, wanted: set[tuple[str, str]], meanwhile: Callable[[], object] = lambda: None) -> None:
        """Until all of these have fired, if only for a moment. Fails with the ones that have not."""
        seen, ends = set[tuple[str, str]](), time.monotonic() + PATIENCE_SECONDS
        while not wanted <= seen:
            assert time.monotonic() < ends, f"never fired: {sorted(wanted - seen)}; fired: {sorted(seen)}"
            meanwhile()
            seen |= self.firing()

    def await_series(self, expression: str) -> None:
        """Until an expression has a series."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while not self.ask(expression):
            assert time.monotonic() < ends, f"no series of {expression}"
            time.sleep(0.1)

    def _get(self, what: str, **parameters: str) -> Any:
        answer = json.loads(fetch(f"{self.address}/api/v1/{what}?{urlencode(parameters)}").body)
        assert answer["status"] == "success", answer
        return answer["data"]


@contextmanager
def scraping(watched: Watched, port: int, folder: Path) -> Iterator[Prometheus]:
    """Prometheus over the service's metrics port; alerts fire without waiting, as a trial cannot."""
    folder.mkdir()
    content = scrape.configuration(watched, "files", interval=INTERVAL)
    content["scrape_configs"][0]["file_sd_configs"][0]["refresh_interval"] = "1s"
    del content["alerting"]  # no Alertmanager listens
    targets = folder / scrape.TARGETS_FILE
    targets.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}"]}]))
    (folder / f"{watched.name}.rules.yml").write_text(yaml.safe_dump(rules(watched, holds=False)))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(content))
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'series'}",
        f"--web.listen-address={address}",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    ]
    with started(Process(command, {})) as process:
        ends = time.monotonic() + PATIENCE_SECONDS
        while not _is_ready(address):
            assert not process.ended, process.lines
            assert time.monotonic() < ends, process.lines
            time.sleep(0.1)
        yield Prometheus(f"http://{address}", targets)


def _is_ready(address: str) -> bool:
    try:
        return fetch(f"http://{address}/-/ready").status == 200
    except OSError:
        return False
