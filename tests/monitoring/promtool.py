"""Trials of rules in one run of promtool, which starts in a moment."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_COMMENT = re.compile(r'expr: ".* # (.+)", time')


class Trial(NamedTuple):
    """Rules, tests as `promtool test rules` reads them, and how often the rules are evaluated."""

    rules: Sequence[dict[str, Any]]
    tests: Sequence[dict[str, Any]]
    every: str = "1m"


def failed(folder: Path, trials: Mapping[str, Trial]) -> set[str]:
    """The comments of the expressions that were not as expected. `folder` gets two files for each trial."""
    files = []
    for number, (rules, tests, every) in enumerate(trials.values()):
        (folder / f"rules-{number}.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": list(rules)}]}))
        content = {"rule_files": [f"rules-{number}.yml"], "evaluation_interval": every, "tests": list(tests)}
        file = folder / f"tests-{number}.yml"
        file.write_text(json.dumps(content))  # YAML too
        files.append(str(file))
    command = ["promtool", "test", "rules", *files]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    found = set(_COMMENT.findall(ran.stdout + ran.stderr))
    assert bool(found) == (ran.returncode != 0), ran.stderr[-2000:]
    return found
