"""Has the real Prometheus scrape the rehearsal's service, or what stands for it, until it is interrupted.

python -m tests.monitoring.scraped service|stand-in
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from project.files import find_project
from rehearsal.cloud import running
from rehearsal.run import Options, rehearse
from rehearsal.scratch import scratch
from rehearsal.service.declared import declared_service
from rehearsal.service.run import opened_trial
from rehearsal.service.surroundings import Surroundings
from tests.conftest import PROJECT, ROOT
from tests.monitoring.conftest import prod
from tests.monitoring.prometheus import scraping


class Exposed(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"up_and_about 1\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def stand_in() -> Iterator[int]:
    """The metrics' port of something."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Exposed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port


@contextmanager
def service() -> Iterator[int]:
    """The metrics' port of the rehearsal's service."""
    from tests.monitoring.test_real_prometheus import BEFORE

    with Surroundings(ROOT / "app") as surroundings, running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "prod", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        with opened_trial(declared_service(rehearsal), cloud, surroundings) as trial:
            for step in BEFORE:
                step(trial)
            yield trial.ports[1]


def main(what: str) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        port = stack.enter_context(service() if what == "service" else stand_in())
        print("begins", flush=True)
        prometheus = stack.enter_context(scraping(prod(), port, Path(folder) / "prometheus"))
        prometheus.await_series(f"up{{{prod().selector}}} == 1")
        print("scrapes", flush=True)
        time.sleep(300)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        os._exit(130)  # Python would end by SIGINT where it met `exec`, as a dataclass is made (its `-m` alone does so)
