"""What it costs to be watched: a request's metrics, a scrape, and spans of a request beside none.

Spans are those of a list: of the request and of its statement, by the service's own code and OpenTelemetry's SDK, which
sends them to a receiver in a process of its own. Without export, with a tenth of the requests and with all of them
exported take turns; CPU of the whole process counts, its exporting thread included; medians. Run it with
`app/.venv/bin/python benchmarks/watching.py [--rounds 9]`. Exit 3 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

from workbuoy_app import metrics, tracing
from workbuoy_app.spans import SpanExport, _statement

MOST_FOR_METRICS = {"metrics, us a request": 5.0, "scrape of 100 tenants, ms": 10.0, "scrape of 100 tenants, kB": 60.0}
MOST_FOR_SPANS = {"spans of a tenth of the requests, us": 50.0, "spans of all requests, us": 300.0}
SHARES = {
    "spans of no request, us": None,
    "spans of a tenth of the requests, us": "0.1",
    "spans of all requests, us": "1",
}
AT_ONCE = 500  # requests before the queue, of 2,048 spans, is sent


def cost_of_metrics() -> dict[str, float]:
    """What counting a request costs, and a scrape once many tenants have come by ten routes with four statuses each."""
    requests, tenants = 200_000, 100
    ids, counted = [f"0198c1e2-1111-7abc-8def-{number:012d}" for number in range(tenants)], metrics.REQUESTS
    for status in (200, 404, 429, 503):
        for route in range(10):
            counted.done("GET", f"/api/things/{{thing_id}}/{route}", status, 0.01, ids[0])
    counts, times = [], []
    for _ in range(20):
        began = time.process_time()
        for number in range(requests // 20):
            metrics.IN_PROGRESS.inc()
            counted.done("GET", "/api/things", 200, 0.01, ids[0])
            counted.done_for(ids[number % tenants], 200, 0.01)
            metrics.IN_PROGRESS.dec()
        counts.append((time.process_time() - began) / (requests // 20))
        began = time.process_time()
        body = gzip.compress(metrics.exposition(openmetrics=True), compresslevel=1)
        times.append(time.process_time() - began)
    return {
        "metrics, us a request": statistics.median(counts) * 1e6,
        "scrape of 100 tenants, ms": statistics.median(times) * 1e3,
        "scrape of 100 tenants, kB": len(body) / 1e3,
    }


class _Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def _receive(port_pipe: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    port_pipe.send(server.server_port)
    server.serve_forever()


@contextmanager
def _receiver() -> Iterator[int]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_receive, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def cost_of_spans(rounds: int = 9) -> dict[str, float]:
    """CPU of a request's spans for each share of requests that is exported; of none, what the code costs anyway."""
    text = "select id, title from things where tenant_id = %(tenant_id)s"
    spent: dict[str, list[float]] = {name: [] for name in SHARES}
    with _receiver() as port:
        exports = {name: _export(port, share) if share else None for name, share in SHARES.items()}
        for number in range(rounds + 1):  # the first warms up
            order = list(exports.items())
            for name, export in order[number % 3 :] + order[: number % 3]:
                tracing.recorder = export
                began = time.process_time()
                for _ in range(AT_ONCE):
                    span = tracing.begin(None, tracing.new_id())
                    with _statement(text):
                        pass
                    if span:
                        span.end("GET", "/api/things", 200)
                if export:
                    export._provider.force_flush()
                if number:
                    spent[name].append((time.process_time() - began) / AT_ONCE * 1e6)
                tracing.recorder = None
                tracing._span.set(None)
    return {name: statistics.median(each) for name, each in spent.items()}


def _export(port: int, share: str) -> SpanExport:
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
    os.environ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio"
    os.environ["OTEL_TRACES_SAMPLER_ARG"] = share
    return SpanExport()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = cost_of_metrics() | cost_of_spans(options.rounds)
    bounds = MOST_FOR_METRICS | MOST_FOR_SPANS
    if options.json:
        print(json.dumps({"measured": found, "bounds": bounds}, indent=2))
    else:
        for name, value in found.items():
            kept = "" if name not in bounds else f"  <= {bounds[name]}  {'kept' if value <= bounds[name] else 'BROKEN'}"
            print(f"{name:50} {value:8.2f}{kept}")
    return 0 if all(found[name] <= most for name, most in bounds.items()) else 3


if __name__ == "__main__":
    sys.exit(main())
