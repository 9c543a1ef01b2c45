"""How long a review takes, beside what it cannot do without: reading the recording's JSON.

    python -m benchmarks.review [--rounds 5]

Prints medians, and each as a multiple of the floor of the same run. The large recording is this project's own, repeated
under other names until it has 95 MB.
"""

import argparse
import datetime
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.measuring import median_seconds
from graph.recordings import read_events
from operations.review.assess import assess
from operations.review.markdown import render

ROOT = Path(__file__).parents[1]
RECORDING = ROOT / "tests/recordings/program/alarm-address.events.jsonl.gz"
LARGE_MEGABYTES = 95
TODAY = datetime.date(2026, 11, 22)


def review(path: Path) -> None:
    """Read, judge and render a recording."""
    render(assess(read_events(path), Path("no such folder"), TODAY))


def floor(path: Path) -> None:
    """Only parse each line."""
    with path.open(encoding="utf-8") as opened:
        for line in opened:
            json.loads(line)


def write_large(path: Path, lines: list[str]) -> None:
    """The same steps again and again, each time of other components; the summary counts them all."""
    steps = [line for line in lines if '"resourcePreEvent"' in line]
    summary = next(line for line in lines if '"summaryEvent"' in line)
    others = [line for line in lines if '"preludeEvent"' in line]
    size, copies = sum(map(len, steps)), 0
    with path.open("w", encoding="utf-8") as opened:
        opened.writelines(others)
        while size * (copies + 1) < LARGE_MEGABYTES * 1_000_000:
            copies += 1
            opened.writelines(line.replace("workbuoy:aws:", f"workbuoy:aws{copies}:") for line in steps)
        body = json.loads(summary)
        counts = body["summaryEvent"]["resourceChanges"]
        body["summaryEvent"]["resourceChanges"] = {op: number * copies for op, number in counts.items()}
        opened.write(json.dumps(body) + "\n")


def in_a_process(path: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of one review of a file in a process of its own."""
    script = f"from pathlib import Path; from benchmarks.review import measured; measured(Path({str(path)!r}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    seconds, megabytes = done.stdout.split()[-2:]
    return float(seconds), float(megabytes)


def measured(path: Path) -> None:
    """Print what one review took."""
    started = time.perf_counter()
    review(path)
    print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "prod.events.jsonl"
        small.write_bytes(gzip.decompress(RECORDING.read_bytes()))
        base, whole = (median_seconds(partial(work, small), rounds) for work in (floor, review))
        print(
            f"prod ({small.stat().st_size / 1e6:.1f} MB): JSON alone {base:.3f} s; review {whole:.3f} s, "
            f"{whole / base:.1f} x the floor"
        )
        large = Path(folder) / "large.events.jsonl"
        write_large(large, small.read_text(encoding="utf-8").splitlines(keepends=True))
        base = median_seconds(partial(floor, large), 1)
        seconds, megabytes = in_a_process(large)
        print(
            f"large ({large.stat().st_size / 1e6:.0f} MB): JSON alone {base:.1f} s; review {seconds:.1f} s, "
            f"{seconds / base:.1f} x the floor, {megabytes:.0f} MB at the most"
        )


if __name__ == "__main__":
    main()
