"""Commands beside the engine's own: `workbuoy drift` and a refresh, a deployment without a change and a preview.

    python -m benchmarks.engine [--rounds 3] [--json]

On the stack `local` of the example project, with the real CLI on PATH and the tests' stand-in plugins, which answer at
once: beside the seconds that AWS takes, ours weigh less. Both of a pair run in turn; medians of the CPU seconds of all
that a command starts, since wall time says how busy a machine is. Rollout and smoke test are left out: no service runs.
Python's byte code is kept between runs, as it is unless PYTHONDONTWRITEBYTECODE says otherwise; that is taken away.

prod is not measured. It would need the genuine AWS provider, since a stack that names no moto server asks AWS whose
account it is; the benchmark says whether that provider is here. No figure of ours grows with the stack but the
policies', which are asked about every resource.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import Measurement, measure, median
from operations.engine.plugins import wrong_with
from tests.conftest import declared_graph
from tests.operations.engine.scene import WORKBUOY, Scene, set_up

ROUNDS = 3
PROGRAM_SECONDS = 3.0
_OURS = [sys.executable, "-c", WORKBUOY]
_DRIFT = [sys.executable, "-c", "from operations.main import main; main()", "drift", "local"]
_ENGINE = ["--stack", "local", "--non-interactive"]
# Every Python process of the engine reads this file first; the program's says at its end what it took.
_NOTE = """
import atexit, os, resource, sys
def note():
    used = resource.getrusage(resource.RUSAGE_SELF)
    with open(os.environ["WORKBUOY_BENCHMARK"], "a") as file:
        print(used.ru_utime + used.ru_stime, file=file)
if any("pulumi-language-python-exec" in one for one in sys.orig_argv):
    atexit.register(note)
"""


@dataclass(frozen=True)
class Pair:
    """The engine's own command, and ours, which takes at most `limit` times as long."""

    name: str
    engine: list[str]
    ours: list[str]
    limit: float


PAIRS = (
    Pair("drift", ["pulumi", "refresh", "--preview-only", *_ENGINE], _DRIFT, 1.3),
    Pair("deploy", ["pulumi", "preview", *_ENGINE], [*_OURS, "deploy", "local", "--yes"], 1.5),
)


@contextmanager
def standing() -> Iterator[tuple[Scene, Path]]:
    """The stack, deployed, and the file in which the program notes what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = set_up(folder, declared_graph("local").resources)
        (folder / "site").mkdir()
        (folder / "site/sitecustomize.py").write_text(_NOTE)
        took = folder / "took"
        paths = [str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ |= {
            **scene.environment,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": os.pathsep.join(paths),
            "WORKBUOY_BENCHMARK": str(took),
        }
        measure([*_OURS, "deploy", "local", "--create", "--yes"], scene.project.root)
        yield scene, took


def measured(rounds: int) -> Iterator[Mapping[str, Any]]:
    """A row for each pair, and one for the program."""
    with standing() as (scene, took):
        root = scene.project.root
        for pair in PAIRS:
            both: tuple[list[Measurement], list[Measurement]] = ([], [])
            took.write_text("")
            for _ in range(rounds):
                for runs, command in zip(both, (pair.engine, pair.ours), strict=True):
                    runs.append(measure(command, root))
            theirs, ours = map(median, both)
            yield {
                "what": pair.name,
                "engine": {"cpu": theirs.cpu, "wall": theirs.wall},
                "ours": {"cpu": ours.cpu, "wall": ours.wall},
                "ratio": ours.cpu / theirs.cpu,
                "limit": pair.limit,
            }
        program = statistics.median(map(float, took.read_text().split()))
        yield {"what": "the program of a preview", "seconds": program, "limit": PROGRAM_SECONDS}


def text_of(row: Mapping[str, Any]) -> str:
    if "ratio" not in row:
        return f"{row['what']}: {row['seconds']:.2f} s CPU, limit {row['limit']}"
    sides = ", ".join(f"{side} {row[side]['cpu']:.2f} s CPU ({row[side]['wall']:.1f} s)" for side in ("engine", "ours"))
    return f"{row['what']}: {sides}: {row['ratio']:.2f} times, limit {row['limit']}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    arguments = parser.parse_args()
    if shutil.which("pulumi") is None:
        print("SKIPPED: nothing was measured beside the engine: the Pulumi CLI is not on PATH.", file=sys.stderr)
        return 0
    here = "not here" if wrong_with("aws") else "here, but this runs on stand-ins"  # asked before these take its place
    print(f"Measured on local; prod is not: the genuine AWS provider is {here}.", file=sys.stderr)
    rows = list(measured(arguments.rounds))
    print(json.dumps(rows, indent=2) if arguments.json else "\n".join(map(text_of, rows)))
    late = [row for row in rows if row.get("ratio", row.get("seconds")) > row["limit"]]
    for row in late:
        print(f"error: {text_of(row)}", file=sys.stderr)
    return 3 if late else 0


if __name__ == "__main__":
    sys.exit(main())
