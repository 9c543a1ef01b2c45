"""What GitHub Actions gives each step to write into, as files that environment variables name."""

import os
from collections.abc import Mapping
from pathlib import Path

from infra.problems import Problem, ProblemsError


def write_outputs(outputs: Mapping[str, str]) -> None:
    """Add a step's outputs, each on one line. Raises ProblemsError outside a workflow."""
    if not (file := os.environ.get("GITHUB_OUTPUT")):
        raise ProblemsError([Problem(message="--github-output needs GITHUB_OUTPUT; outside a workflow use --json")])
    with Path(file).open("a", encoding="utf-8") as stream:
        stream.writelines(f"{name}={value}\n" for name, value in outputs.items())


def write_summary(text: str) -> bool:
    """Add Markdown to the job's summary; False outside a workflow."""
    if not (file := os.environ.get("GITHUB_STEP_SUMMARY")):
        return False
    with Path(file).open("a", encoding="utf-8") as stream:
        stream.write(text.rstrip("\n") + "\n\n")
    return True
