"""How a customer's data leave: how long they cannot write while they move, and how fast and lean an export is.

`app/.venv/bin/python benchmarks/custody.py [move|promote|export] [--json] [--rows 5000 --rows 20000 ...] [--runs 3]`.
Each size is a customer of so many rows and 500 files. A move is between two databases of the embedded Postgres and two
buckets of one moto, with 200 rows changed after the copy. A promotion too: frozen from `tenant freeze` to the end of
`tenant import`, without the time that tasks take to start. An export is `workbuoy-app tenant hand-over` in a process of
its own, in turn with a bare COPY of the same rows as JSON, which no export can beat; medians of the runs.

Exit 1 where a customer is frozen for more than 5 s at any size, or an export writes fewer than 2,000 rows a second or
takes more than 200 MB.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# Python puts this folder first; the service's package and the places of its tests stand in app/.
sys.path[0] = str(Path(__file__).parent.parent / "app")

from tests.move.scene import NAME, Two, versioned  # noqa: E402
from tests.promotion.scene import Scene, client, fill, rows, tenant_id, with_bucket  # noqa: E402
from tests.test_login import superuser_url  # noqa: E402
from workbuoy_app import registry  # noqa: E402
from workbuoy_app.devtools import embedded_postgres, servers  # noqa: E402
from workbuoy_app.migrate import migrate  # noqa: E402
from workbuoy_app.promotion import bucket  # noqa: E402
from workbuoy_app.promotion.freeze import freeze  # noqa: E402
from workbuoy_app.settings import Settings, load  # noqa: E402

KINDS = ("move", "promote", "export")
SIZES, FILES, CHANGED = (5_000, 20_000, 100_000), 500, 200
FROZEN_LIMIT_SECONDS, LEAST_ROWS_A_SECOND, MOST_MB = 5.0, 2_000, 200
MIB = 1024 * 1024
COPY = """
import sys, psycopg
with psycopg.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    with cursor.copy("copy (select row_to_json(t) from things t) to stdout") as rows:
        sum(len(one) for one in rows)
"""
THINGS = """
insert into things (tenant_id, id, title, body, status, created_at, updated_at)
select %s, cast(lpad(to_hex(n), 12, '0') || '7' || substr(md5(cast(n as text)), 14) as uuid), 'thing ' || n,
    repeat('some words ', 20), 'open', now(), now()
from generate_series(1, %s) n
"""
CHANGE = """
update things set body = 'changed' where tenant_id = %s and id in
    (select id from things where tenant_id = %s and title like 'thing %%' order by id limit %s)
"""


Figures = dict[str, float]


def filled(settings: Settings, things: int) -> None:
    """The customer with its rows and files."""
    rows(settings, THINGS, [tenant_id(settings), things])
    fill(settings, NAME, things=1, objects=FILES, chunks=0, sizes=(4096,))


def copied(source: Settings, things: int, *steps: Callable[[], object]) -> Figures:
    """Seconds of both steps of a copy, and then some rows are changed."""
    own, found = tenant_id(source), {}
    filled(source, things)
    for name, step in zip(("copy", "receive"), steps, strict=True):
        began = time.monotonic()
        step()
        found[name] = time.monotonic() - began
    rows(source, CHANGE, [own, own, CHANGED])
    return found


def promoted(scene: Scene, things: int) -> Figures:
    """Seconds by step."""
    found = copied(scene.pool, things, scene.export, scene.receive)
    began = time.monotonic()
    freeze(scene.pool, NAME)
    scene.export()
    if not scene.receive().opened:
        sys.exit("the silo did not open")
    return {**found, "frozen": time.monotonic() - began}


def moved(two: Two, things: int) -> Figures:
    """Seconds by step."""
    clock = time.monotonic
    found = copied(two.source, things, two.send, two.receive)
    found["frozen"] = two.cut_over().frozen_seconds
    began = clock()
    two.compare()
    return {**found, "compare": clock() - began}


def exported(settings: Settings, url: str, things: int, runs: int) -> Figures:
    """Medians of an export and of a bare COPY, in turn."""
    filled(settings, things)
    storage = settings.storage
    assert storage is not None  # noqa: S101  by with_bucket
    client(storage).create_bucket(
        Bucket=f"{storage.bucket}-exports",
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": storage.region},
    )
    environment = {
        "DATABASE_URL": url, "OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false", "S3_BUCKET": storage.bucket,
        "S3_REGION": storage.region, "EXPORTS_BUCKET": f"{storage.bucket}-exports",
        "AWS_ENDPOINT_URL": str(storage.endpoint),
    }  # fmt: skip
    command = [str(Path(sys.executable).parent / "workbuoy-app"), "tenant", "hand-over", NAME]
    taken: dict[str, list[Figures]] = {"export": [], "copy": []}
    for _ in range(runs):
        taken["export"].append(run(command, environment))
        taken["copy"].append(run([sys.executable, "-c", COPY, superuser_url(settings)], {}))
        time.sleep(1)  # an export's folder is named by its second
    seconds, copy = (statistics.median(one["seconds"] for one in taken[name]) for name in ("export", "copy"))
    return {
        "export": seconds,
        "of it CPU": statistics.median(one["cpu"] for one in taken["export"]),
        "rows a second": things / seconds,
        "peak MB": max(one["mb"] for one in taken["export"]),
        "a bare COPY": copy,
        "times a COPY": seconds / copy,
    }


def run(command: list[str], environment: dict[str, str]) -> Figures:
    """One process: its wall and CPU seconds, and its peak memory. A failure of it ends the benchmark."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command[1:3])} failed: {output.read().decode()[-600:]}")
    scale = MIB if sys.platform == "darwin" else 1024  # ru_maxrss is bytes on macOS, KiB elsewhere
    cpu = usage.ru_utime + usage.ru_stime
    return {"seconds": time.monotonic() - began, "cpu": cpu, "mb": usage.ru_maxrss / scale}


def too_slow(found: dict[str, dict[int, Figures]]) -> bool:
    """Whether any figure is beyond its bound."""
    frozen = [one["frozen"] for kind in ("move", "promote") for one in found.get(kind, {}).values()]
    exports = found.get("export", {}).values()
    return (
        any(one > FROZEN_LIMIT_SECONDS for one in frozen)
        or any(one["rows a second"] < LEAST_ROWS_A_SECOND or one["peak MB"] > MOST_MB for one in exports)
    )  # fmt: skip


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=KINDS, help="by default all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--runs", type=int, default=3, help="of an export")
    options = parser.parse_args()
    os.environ |= servers.CREDENTIALS
    bucket.storage_client = client
    kinds = (options.what,) if options.what else KINDS
    found: dict[str, dict[int, Figures]] = {kind: {} for kind in kinds}
    with embedded_postgres.running() as postgres, servers.moto() as moto:

        def place(name: str, region: str) -> tuple[Settings, str]:
            url = postgres.create_database(name.replace("-", "_"))
            settings = load({"DATABASE_URL": url, "OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"})
            migrate(settings)
            return versioned(with_bucket(settings, moto, name, region)), url

        for things in options.rows or SIZES:
            for kind in kinds:
                source, url = place(f"{kind}-ireland-{things}", "eu-west-1")
                registry.add_tenant(source, NAME)
                registry.add_member(source, NAME, "https://login.example", "somebody")
                if kind == "export":
                    measured = exported(source, url, things, options.runs)
                elif kind == "move":
                    measured = moved(Two(source, place(f"{kind}-stockholm-{things}", "eu-north-1")[0]), things)
                else:
                    measured = promoted(Scene(source, place(f"{kind}-silo-{things}", "eu-west-1")[0]), things)
                found[kind][things] = {name: round(value, 2) for name, value in measured.items()}
                print(f"{kind} of {things:,} rows: {found[kind][things]}", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for kind, sizes in found.items():
            print(f"\n{kind:16}" + "".join(f"{things:>12,}" for things in sizes))
            for name in next(iter(sizes.values())):
                print(f"{name:16}" + "".join(f"{one[name]:12.2f}" for one in sizes.values()))
    return int(too_slow(found))


if __name__ == "__main__":
    sys.exit(main())
