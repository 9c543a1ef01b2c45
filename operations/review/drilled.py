"""What a review says of a stack's restore drills: asked where there are credentials, told where there are none.

A pull request is recorded with credentials and judged without. What cannot be known is said, never left out.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.problems import ProblemsError
from operations.restore.drills import within_days
from project.whole_file import write_whole


def keep(file: Path, stack: str, warnings: Sequence[str]) -> None:
    """Write down what was asked of a stack, for the review of its recording."""
    write_whole(file, json.dumps({"stack": stack, "warnings": list(warnings)}, indent=2) + "\n")


def drill_warnings(stack: str, file: Path | None) -> list[str]:
    """What was found when it was asked; nothing where the settings here want no drills of the stack."""
    try:
        wanted = within_days(stack) is not None
    except ProblemsError:
        wanted = False  # no stack of this project
    if not wanted:
        return []
    kept = _read(file)
    if kept.get("stack") != stack or not isinstance(kept.get("warnings"), list):
        why = "nobody asked" if file is None else f"{file.name} does not say it"
        return [f"{stack}: not known whether a restore was tried lately: {why}. Ask with `workbuoy drills {stack}`"]
    return [str(one) for one in kept["warnings"]]


def _read(file: Path | None) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
