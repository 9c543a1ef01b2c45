"""What `workbuoy drift` costs over the engine's own refresh.

`python benchmarks/drift.py [--stack STACK] [--json]`. Without a stack: how long it takes to judge what a refresh of
prod told, beside how long the program takes to declare prod, medians of five runs in one process. With a stack that is
deployed and whose engine is here: `workbuoy drift STACK` beside `pulumi refresh --preview-only`, in turn, medians of
three. Seconds of one machine say nothing on another; the ratios are held to a limit.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Python puts this folder first, where this file would hide the package of the same name.
sys.path[0] = str(Path(__file__).parent.parent)

from graph import Resource  # noqa: E402
from graph.wire import to_json  # noqa: E402
from operations.drift.found import judged  # noqa: E402
from operations.review.recorded import declare  # noqa: E402

RUNS = 5
ENGINE_RUNS = 3
JUDGING_LIMIT = 0.3
"""Of the program's own time: reading a stack anew takes the engine longer than declaring it takes the program."""
DRIFT_LIMIT = 1.3
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


def median_seconds(function: Callable[[], object], runs: int) -> float:
    function()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def judging() -> list[dict[str, object]]:
    """Judging prod's drift, beside declaring prod."""
    started = time.perf_counter()
    graph = tuple(declare("prod", Path.cwd()))
    declared = time.perf_counter() - started
    rows: list[dict[str, object]] = [{"what": "declaring prod, imports included", "seconds": declared}]
    for name, weakened in (("nothing drifted", {}), ("a database weakened", WEAKENED)):
        told = list(events(graph, weakened))
        seconds = median_seconds(lambda told=told: judged("prod", told), RUNS)  # type: ignore[misc]
        rows.append(
            {
                "what": f"judging a refresh of prod: {name}",
                "seconds": seconds,
                "ratio": seconds / declared,
                "limit": JUDGING_LIMIT,
            }
        )
    return rows


def engine(stack: str | None) -> list[dict[str, object]]:
    """Both commands on a stack that stands; otherwise a loud line on stderr and no figure."""
    if stack is None or shutil.which("pulumi") is None:
        reason = "no --stack was named" if stack is None else "the Pulumi CLI is not on PATH"
        print(f"SKIPPED: drift was not measured beside the engine's refresh: {reason}.", file=sys.stderr)
        return []
    command = {
        "pulumi refresh --preview-only": ["pulumi", "refresh", "--preview-only", "--stack", stack, "--non-interactive"],
        "workbuoy drift": [str(Path(sys.executable).parent / "workbuoy"), "drift", stack],
    }
    seconds = {
        name: median_seconds(lambda one=one: subprocess.run(one, capture_output=True, check=False), ENGINE_RUNS)  # type: ignore[misc]
        for name, one in command.items()
    }
    theirs, ours = seconds.values()
    return [
        {"what": f"pulumi refresh --preview-only {stack}", "seconds": theirs},
        {"what": f"workbuoy drift {stack}", "seconds": ours, "ratio": ours / theirs, "limit": DRIFT_LIMIT},
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--stack", help="a stack that is deployed, to measure beside the engine itself")
    arguments = parser.parse_args()
    rows = [*judging(), *engine(arguments.stack)]
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
