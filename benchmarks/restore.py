"""How long one customer's restore takes, step by step, and how it grows with the customer's rows.

`python benchmarks/restore.py [--json] [--rows 10000 --rows 100000]`. Each size is a rehearsal of prod's service with
two customers of so many rows and 200 files each, on the embedded Postgres with an archive; RDS's own time is not in it.
Exit 1 where 10,000 rows take more than 40 s from the copy's beginning, or freeze the customer for more than 20 s, or
where ten times the rows cost more than fifteen times the time.
"""

import argparse
import json
import re
import sys
from pathlib import Path

# Python puts this folder first, where this file would hide the package of the same name.
sys.path[0] = str(Path(__file__).parent.parent)

from project.files import find_project  # noqa: E402
from rehearsal.cloud import running  # noqa: E402
from rehearsal.run import Options, rehearse  # noqa: E402
from rehearsal.scratch import scratch  # noqa: E402
from rehearsal.service.restoring import FILES, ROWS, Restoring  # noqa: E402
from rehearsal.service.run import rehearse_service  # noqa: E402
from rehearsal.service.surroundings import Surroundings  # noqa: E402

ROOT = Path(__file__).parent.parent
SIZES = (ROWS, 10 * ROWS)
RESTORE_LIMIT_SECONDS, FROZEN_LIMIT_SECONDS = 40.0, 20.0
GROWING, GROWTH_LIMIT = ("restore", "frozen"), 15.0
_FROZEN, _WHOLE = re.compile(r"frozen ([\d.]+) s"), re.compile(r"([\d.]+) s from the copy's beginning")


def measure(rows: int) -> dict[str, float]:
    """Seconds by step, `frozen` and `restore` (from the copy's beginning to the end) among them."""
    with Surroundings(ROOT / "app", archiving=True) as surroundings, running() as moto:
        rehearsal = rehearse(find_project(ROOT), "prod", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        found = rehearse_service(rehearsal, cloud, surroundings, further=Restoring(rows=rows, files=FILES).steps())
    if not found.passed:
        sys.exit(f"{rows} rows: {[step.detail for step in found.steps if not step.passed] or found.incomplete}")
    steps = [step for step in found.steps if step.name.startswith("restore: ")]
    details = " ".join(step.detail for step in steps)
    frozen, whole = (float(match[1]) for one in (_FROZEN, _WHOLE) if (match := one.search(details)))
    seconds = {step.name.removeprefix("restore: "): round(step.seconds, 1) for step in steps}
    return {**seconds, "frozen": frozen, "restore": whole}


def main() -> int:
    """Print the table, and hold the smallest size to its limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, action="append")
    options = parser.parse_args()
    with scratch():
        found = {rows: measure(rows) for rows in options.rows or SIZES}
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"{'seconds':50}" + "".join(f"{rows:>12,}" for rows in found))
        for name in next(iter(found.values())):
            print(f"{name:50}" + "".join(f"{one[name]:12.1f}" for one in found.values()))
    held, tenfold = found.get(ROWS, {}), found.get(10 * ROWS, {})
    if held and tenfold and not options.json:
        print(f"{'ten times the rows':50}" + "".join(f"  {name} x{tenfold[name] / held[name]:.1f}" for name in GROWING))
    over = held.get("restore", 0) > RESTORE_LIMIT_SECONDS or held.get("frozen", 0) > FROZEN_LIMIT_SECONDS
    grows = any(held and tenfold and tenfold[name] > GROWTH_LIMIT * held[name] for name in GROWING)
    return int(over or grows)


if __name__ == "__main__":
    sys.exit(main())
