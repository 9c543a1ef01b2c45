"""What a rehearsal leaves: text or JSON on stdout, and files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from operations.ending import notify, print_json, print_text

if TYPE_CHECKING:
    from rehearsal.result import Rehearsal


def print_result(result: "Rehearsal", *, json_wanted: bool, verbose: bool) -> None:
    """Print the result on stdout."""
    if json_wanted:
        from operations.outputs.rehearsed import as_json

        print_json("rehearse", as_json(result))
        return
    from rehearsal.summary import summary

    print_text(summary(result, verbose=verbose))


def write_report(result: "Rehearsal", file: Path) -> None:
    """Write the page. Raises ProblemsError where it cannot be written."""
    from rehearsal.report import write

    write(result, file, made_at=datetime.now(UTC), about=_about(result))
    notify(f"The report is in {file}")


def _about(result: "Rehearsal") -> list[tuple[str, str]]:
    """What the head of the report says beside the rehearsal itself: what it costs, and of which commit it is."""
    from operations.cost.estimate import estimate
    from operations.cost.prices import read_prices
    from operations.tenant.deployment.journal import UNKNOWN, version_of
    from project.files import find_project
    from rehearsal.as_graph import graph_of

    cost = estimate(graph_of(result), read_prices())
    least = "at least " if cost.unpriced else ""
    commit = version_of(find_project(Path.cwd()).root, [])
    about = [("At rest", f"{least}{cost.usd_per_month:,.2f} USD a month")]
    head, _, changes = commit.partition("+")
    shown = head[:12] + (", and changes that are in no commit" if changes else "")
    return about if commit == UNKNOWN else [*about, ("Commit", shown)]


def write_policy_report(result: "Rehearsal", file: Path) -> None:
    """Write every control's verdict. Raises ProblemsError where it cannot be written."""
    from operations.outputs.policies import PoliciesCheck
    from project.whole_file import write_whole

    verdicts = PoliciesCheck.of(result.policies).as_document() if result.policies else {}
    write_whole(file, json.dumps(verdicts, indent=2, ensure_ascii=False) + "\n")
    notify(f"The policies' verdicts are in {file}")
