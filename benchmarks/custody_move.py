"""How long a customer cannot write while it moves, and whether that grows with what was copied before.

`app/.venv/bin/python benchmarks/custody_move.py [--json] [--rows 5000 --rows 20000 --rows 100000]`. Each size is a
customer of so many rows and 500 files, with 200 rows changed after the copy, between two databases of the embedded
Postgres and two buckets of one moto. Exit 1 where the customer is frozen for more than 5 s at any size.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

# Python puts this folder first; the service's package and the places of its tests stand in app/.
sys.path[0] = str(Path(__file__).parent.parent / "app")

from tests.move.scene import NAME, Two, versioned  # noqa: E402
from tests.promotion.scene import client, fill, rows, tenant_id, with_bucket  # noqa: E402
from workbuoy_app import registry  # noqa: E402
from workbuoy_app.devtools import embedded_postgres, servers  # noqa: E402
from workbuoy_app.migrate import migrate  # noqa: E402
from workbuoy_app.promotion import bucket  # noqa: E402
from workbuoy_app.settings import load  # noqa: E402

SIZES, FILES, CHANGED, FROZEN_LIMIT_SECONDS = (5_000, 20_000, 100_000), 500, 200, 5.0
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


def measure(two: Two, things: int) -> dict[str, float]:
    """Seconds by step."""
    own, found, clock = tenant_id(two.source), {}, time.monotonic
    rows(two.source, THINGS, [own, things])
    fill(two.source, NAME, things=1, objects=FILES, chunks=0, sizes=(4096,))
    for name, step in (("copy", two.send), ("receive", two.receive)):
        began = clock()
        step()
        found[name] = clock() - began
    rows(two.source, CHANGE, [own, own, CHANGED])
    found["frozen"] = two.cut_over().frozen_seconds
    began = clock()
    two.compare()
    return {**found, "compare": clock() - began}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, action="append")
    options = parser.parse_args()
    os.environ |= servers.CREDENTIALS
    bucket.storage_client = client
    found = {}
    with embedded_postgres.running() as postgres, servers.moto() as moto:
        for things in options.rows or SIZES:
            made = []
            for name, region in (("ireland", "eu-west-1"), ("stockholm", "eu-north-1")):
                url = postgres.create_database(f"{name}_{things}")
                settings = load({"DATABASE_URL": url, "OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"})
                migrate(settings)
                made.append(versioned(with_bucket(settings, moto, f"{name}-{things}", region)))
            two = Two(*made)
            registry.add_tenant(two.source, NAME)
            registry.add_member(two.source, NAME, "https://login.example", "somebody")
            found[things] = {name: round(seconds, 2) for name, seconds in measure(two, things).items()}
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"{'seconds':10}" + "".join(f"{things:>12,}" for things in found))
        for name in next(iter(found.values())):
            print(f"{name:10}" + "".join(f"{one[name]:12.2f}" for one in found.values()))
    return int(any(one["frozen"] > FROZEN_LIMIT_SECONDS for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
