"""The service beside the same endpoints as the FastAPI full-stack template writes them, and by an async driver.

The two by an async driver are one program: the `secured peer` declares its session to the database as the service does
and acts in its group, so that row-level security judges both alike; the others ask as a superuser, whom no policy
concerns. Bounds are held against the strongest of the three.

Same Postgres (which waits for the disk: fsync is on), same tables, triggers included, same machine, one run, one worker
each; they take turns at every number of connections, and the medians count. Then what each holds in memory after many
requests, and how much slower one tenant's list gets while others are hostile, beside calm turns in between.
What metrics and spans cost is measured by `watching.py`.
Run it with `make -C app bench`, or `app/.venv/bin/python benchmarks/service.py [--seconds 4] [--rounds 3]
[--memory-requests 200000] [--connections 1,8,16,64,256] [--json]`. Exit 3 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from serving import DURABLE, OTHER, REQUESTS, Server, fill, load_on, request, serve
from watching import MOST_FOR_METRICS, MOST_FOR_SPANS, cost_of_metrics, cost_of_spans
from workbuoy_app.devtools.embedded_postgres import SUPERUSER, Postgres, running
from workbuoy_app.devtools.ports import free_port

# Of the stronger peer's requests from 8 connections on, and at 1; p99 at 64 of p50; memory of the template's; seconds.
# Memory after many requests of before; p99 of a list beside another tenant's twelve searches.
MOST_GROWTH, MOST_BESIDE_MS = 1.1, 250
LEAST_SPEED, LEAST_SPEED_ALONE, MOST_SPREAD, MOST_MEMORY, MOST_START_SECONDS = 2.0, 1.0, 4.0, 0.9, 1.5
PEER = Path(__file__).parents[1] / "app" / "benchmarks"
PEERS = {
    "peer": ("template_peer:app", {}),
    "async peer": ("async_peer:app", {}),
    "secured peer": ("async_peer:app", {"PEER_SECURED": "1"}),
}


_turns = itertools.count()


def measure(servers: dict[str, Server], ladder: list[int], seconds: float) -> dict[str, dict[str, float]]:
    """One round: list, then insert, each at every number of connections, each server in turn."""
    numbers: dict[str, dict[str, float]] = {name: {} for name in servers}
    for what in ("list", "insert"):
        for connections in ladder:
            order = list(servers.items())
            turn = next(_turns) % len(order)
            for name, server in order[turn:] + order[:turn]:  # nobody always comes after the same one
                raw_request = REQUESTS[what](server.port)
                asyncio.run(load_on(server.port, raw_request, seconds / 8, connections))
                before, at = server.cpu_seconds(), f"{what} at {connections}"
                rate, usual, slow = asyncio.run(load_on(server.port, raw_request, seconds, connections))
                numbers[name] |= {f"{at}: requests/s": rate, f"{at}: p50 ms": usual, f"{at}: p99 ms": slow}
                spent = server.cpu_seconds() - before
                numbers[name][f"{at}: CPU us"] = spent / max(rate * seconds, 1) * 1e6
    return numbers


def memory_after(server: Server, requests: int) -> dict[str, float]:
    """Memory before and after so many lists, at 16 connections."""
    before, done = server.memory_mb(), 0.0
    while done < requests:
        rate, *_ = asyncio.run(load_on(server.port, REQUESTS["list"](server.port), 5, 16))
        done += rate * 5
    return {"memory before MB": before, f"memory after {requests} requests MB": server.memory_mb()}


async def beside(server: Server, hostile: Callable[[], Awaitable[object]], seconds: float) -> dict[str, float]:
    """p50 and p99 of one calm client, of hostile times as so many of the calm ones: turns of both, one by one."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(6):
        under_attack = bool(turn % 2)
        task = asyncio.ensure_future(hostile()) if under_attack else None
        await asyncio.sleep(0.5)
        _, usual, slow = await load_on(server.port, REQUESTS["list"](server.port), seconds / 3, 1)
        times[under_attack].append(usual)
        times[under_attack].append(slow)
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    calm, attacked = ((statistics.median(each[::2]), statistics.median(each[1::2])) for each in times.values())
    return {"p50, of calm": attacked[0] / calm[0], "p99, of calm": attacked[1] / calm[1], "p99 ms": attacked[1]}


def hostile(server: Server, seconds: float) -> dict[str, float]:
    """Another tenant that searches on twelve connections, and 300 heads that nobody finishes."""
    search = request("GET", server.port, path="/api/things?search=usual%20wor%20siz", token=OTHER)

    async def searches() -> None:
        await load_on(server.port, search, 3600, 12)

    async def heads() -> None:
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(300)]
        try:
            for _, writer in opened:
                writer.write(b"GET / HTTP/1.1\r\nHo")
            await asyncio.sleep(3600)
        finally:
            for _, writer in opened:
                writer.close()

    found = {}
    for name, what in (("twelve searches of another tenant", searches), ("300 unfinished heads", heads)):
        numbers = asyncio.run(beside(server, what, seconds))
        found |= {f"beside {name}: {key}": value for key, value in numbers.items()}
    return found


def start(which: str, postgres: Postgres) -> Server:
    if which not in PEERS:
        return serve(postgres)
    port, (module, environment) = free_port(), PEERS[which]
    command = [sys.executable, "-m", "uvicorn", module, "--port", str(port)]
    environment = environment | {"PEER_DATABASE_URL": postgres.url(SUPERUSER), "PYTHONPATH": str(PEER)}
    return Server(command, environment, port)


def compare(seconds: float, rounds: int, ladder: list[int], requests: int) -> dict[str, dict[str, float]]:
    """Medians of all rounds, by server."""
    with running(settings=DURABLE) as postgres:
        fill(postgres)
        found: dict[str, list[dict[str, float]]] = {"service": [], **{name: [] for name in PEERS}}
        for which in found:
            start(which, postgres).stop()  # byte code and the page cache are warm from here on
        once: dict[str, dict[str, float]] = {}
        for number in range(rounds):
            servers = {name: start(name, postgres) for name in found}
            try:
                numbers = measure(servers, ladder, seconds)
                for name, server in servers.items():
                    found[name].append({"start to ready s": server.start_seconds, **numbers[name]})
                    if number == rounds - 1:
                        once[name] = memory_after(server, requests)
                if number == rounds - 1:
                    once["service"] |= hostile(servers["service"], seconds)
            finally:
                for server in servers.values():
                    server.stop()
    return {
        name: {key: statistics.median(each[key] for each in runs) for key in runs[0]} | once[name]
        for name, runs in found.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each number")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-requests", type=int, default=200_000)
    parser.add_argument("--connections", default="1,8,16,64,256", help="how many at once, one after the other")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ladder = [int(each) for each in options.connections.split(",")]
    found = compare(options.seconds, options.rounds, ladder, options.memory_requests)
    ours = found["service"]
    bounds: dict[str, tuple[float, str, float]] = {}
    for name in ("list", "insert"):
        for connections in ladder:
            key = f"{name} at {connections}: requests/s"
            least = LEAST_SPEED if connections >= 8 else LEAST_SPEED_ALONE
            bounds[f"{name} at {connections}, times"] = (ours[key] / max(found[p][key] for p in PEERS), ">=", least)
        if 64 in ladder:
            spread = ours[f"{name} at 64: p99 ms"] / ours[f"{name} at 64: p50 ms"]
            bounds[f"{name} at 64, p99 of p50"] = (spread, "<=", MOST_SPREAD)
    after = f"memory after {options.memory_requests} requests MB"
    memory = ours[after] / found["peer"][after]
    bounds["memory after all, of before"] = (ours[after] / ours["memory before MB"], "<=", MOST_GROWTH)
    under_attack = ours["beside twelve searches of another tenant: p99 ms"]
    bounds["p99 beside searches, ms"] = (under_attack, "<=", MOST_BESIDE_MS)
    bounds["memory, of the peer's"] = (memory, "<=", MOST_MEMORY)
    watched = cost_of_metrics() | cost_of_spans()
    bounds |= {name: (watched[name], "<=", most) for name, most in (MOST_FOR_METRICS | MOST_FOR_SPANS).items()}
    bounds["start to ready, s"] = (ours["start to ready s"], "<=", MOST_START_SECONDS)
    kept = {name: value >= bound if sign == ">=" else value <= bound for name, (value, sign, bound) in bounds.items()}
    if options.json:
        print(json.dumps({"measured": found, "bounds": bounds, "kept": kept}, indent=2))
    else:
        print(f"{'':56}" + "".join(f"{name:>22}" for name in found))
        for key in ours:
            print(f"{key:56}" + "".join(f"{numbers.get(key, float('nan')):22.2f}" for numbers in found.values()))
        for name, (value, sign, bound) in bounds.items():
            print(f"{name:26} {value:6.2f}  {sign} {bound}  {'kept' if kept[name] else 'BROKEN'}")
    return 0 if all(kept.values()) else 3


if __name__ == "__main__":
    sys.exit(main())
