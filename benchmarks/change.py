"""How long the review between two revisions takes, beside declaring the stack once.

    python -m benchmarks.change [--stack prod] [--rounds 5]

Each is a process of its own, in turn in one run; prints medians and the ratio.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]


def seconds(arguments: Sequence[str]) -> float:
    """Seconds of one `workbuoy` command; a review that stops (3) has done its work."""
    started = time.perf_counter()
    command = [sys.executable, "-c", "from operations.main import main; main()", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default="prod")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    once, since = [], []
    for _ in range(asked.rounds):
        once.append(seconds(["rehearse", asked.stack, "--declare-only", "--json"]))
        since.append(seconds(["review", asked.stack, "--since", "HEAD"]))
    base, compared = statistics.median(once), statistics.median(since)
    print(f"{asked.stack} declared once {base:.2f} s; reviewed since HEAD {compared:.2f} s, {compared / base:.2f} x")


if __name__ == "__main__":
    main()
