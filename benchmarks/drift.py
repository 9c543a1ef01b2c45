"""What `workbuoy drift` adds to what a refresh reported.

`python benchmarks/drift.py [--json]`: how long it takes to judge what a refresh of prod reported, beside how long the
program takes to declare prod, medians of five runs in one process. Seconds of one machine say nothing on another; the
ratio is held to a limit. The whole command beside the engine's own refresh: `benchmarks/engine.py`.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Python puts this folder first, where this file would hide the package of the same name.
sys.path[0] = str(Path(__file__).parent.parent)

from benchmarks.measuring import median_seconds  # noqa: E402
from graph import Resource  # noqa: E402
from graph.wire import to_json  # noqa: E402
from operations.drift.found import judged  # noqa: E402
from operations.review.recorded import declare  # noqa: E402

RUNS = 5
JUDGING_LIMIT = 0.3
"""Of the program's own time: reading a stack anew takes the engine longer than declaring it takes the program."""
WEAKENED = {"deletionProtection": False, "backupRetentionPeriod": 1, "multiAz": False}


def events(graph: tuple[Resource, ...], weakened: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a refresh tells of every resource, as the engine's events hold it."""
    for one in graph:
        found = weakened if one.type == "aws:rds/instance:Instance" else {}
        inputs = to_json(one.inputs)
        old = {"urn": one.urn, "custom": one.custom, "id": one.id, "parent": one.parent, "provider": one.provider}
        old |= {"inputs": inputs, "outputs": {**to_json(one.outputs), **inputs}}
        new = {**old, "outputs": {**to_json(one.outputs), **inputs, **found}}
        yield {
            "resOutputsEvent": {
                "metadata": {"op": "update" if found else "same", "urn": one.urn, "old": old, "new": new}
            }
        }


def judging() -> list[dict[str, object]]:
    """Judging prod's drift, beside declaring prod."""
    started = time.perf_counter()
    graph = tuple(declare("prod", Path.cwd()))
    declared = time.perf_counter() - started
    rows: list[dict[str, object]] = [{"what": "declaring prod, imports included", "seconds": declared}]
    for name, weakened in (("nothing drifted", {}), ("a database weakened", WEAKENED)):
        refresh = list(events(graph, weakened))
        seconds = median_seconds(lambda refresh=refresh: judged("prod", refresh), RUNS)  # type: ignore[misc]
        rows.append(
            {
                "what": f"judging a refresh of prod: {name}",
                "seconds": seconds,
                "ratio": seconds / declared,
                "limit": JUDGING_LIMIT,
            }
        )
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    rows = judging()
    if arguments.json:
        print(json.dumps(rows, indent=2))
    for row in () if arguments.json else rows:
        ratio = f"{row['ratio']:6.2f} of it, limit {row['limit']}" if "ratio" in row else ""
        print(f"{row['what']:55} {row['seconds']:8.3f} s {ratio}")
    late = [row for row in rows if "ratio" in row and float(str(row["ratio"])) > float(str(row["limit"]))]
    for row in late:
        print(f"error: {row['what']}: {row['ratio']:.2f}, more than {row['limit']}", file=sys.stderr)
    return 3 if late else 0


if __name__ == "__main__":
    sys.exit(main())
