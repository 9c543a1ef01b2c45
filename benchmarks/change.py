"""How long a change takes to review and to rehearse, beside declaring and rehearsing the stack once.

    python -m benchmarks.change [--stack prod] [--rounds 5]

Each is a process of its own, in turn in one run; prints medians and ratios. The bounds: a review at most 2.2 times one
declaration, a rehearsal of a change at most 1.8 times one rehearsal, both without the service.
"""

import argparse
import statistics
import sys
from pathlib import Path

from benchmarks.measuring import measure

ROOT = Path(__file__).parents[1]
SINCE = ("--since", "HEAD")
NO_SERVICE = "--no-service"
WORKBUOY = (sys.executable, "-c", "from operations.main import main; main()")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default="prod")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    commands = {
        "declared once": ["rehearse", options.stack, "--declare-only", "--json"],
        "reviewed since HEAD": ["review", options.stack, *SINCE],
        "rehearsed once": ["rehearse", options.stack, NO_SERVICE, "--json"],
        "rehearsed since HEAD": ["rehearse", options.stack, *SINCE, NO_SERVICE, "--json"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, arguments in commands.items():
            taken[name].append(measure([*WORKBUOY, *arguments], ROOT).wall)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    for name, median in medians.items():
        beside = "rehearsed once" if name.startswith("rehearsed") else "declared once"
        print(f"{options.stack} {name:22} {median:6.2f} s  {median / medians[beside]:.2f} x {beside}")


if __name__ == "__main__":
    main()
