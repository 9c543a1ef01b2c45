"""`workbuoy local`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import CHECK_FAILED, JSON, fail, notify, print_result, report_errors

if TYPE_CHECKING:
    from operations.local.run import LocalRun


@click.command()
@JSON
@click.option("--verbose", is_flag=True, help="Also show what the engine says, on stderr.")
@report_errors
def local(*, json_wanted: bool, verbose: bool) -> None:
    """Stand up the stack `local` in a moto server by the real engine and the genuine provider, and take it down.

    A second update and a refresh must change nothing but what moto is known not to hold
    (operations/local/not_held.yaml). Nothing stays: backend, server and copy of the project are gone afterwards.
    A step that fails ends it; what came before is reported. Exits with 3 where a step failed, something else changed,
    or something is left.
    """
    from operations.local.run import require_genuine_plugins, run
    from project.files import find_project

    project = find_project(Path.cwd())
    require_genuine_plugins()
    life = run(project, lambda line: notify(line) if verbose or line.endswith("...") else None)
    print_result("local", as_json(life), as_text(life), json_wanted=json_wanted)
    if not life.passed:
        left = "how many resources are left is not known" if life.left is None else f"{life.left} resources are left"
        fail(CHECK_FAILED, *life.problems, *map(str, life.unexplained), *([left] if life.left != 0 else []))


def as_json(life: "LocalRun") -> dict[str, object]:
    """For programs."""
    steps = [
        {
            "name": step.name,
            "seconds": round(step.seconds, 1),
            "changes": step.changes,
            "problems": list(step.problems),
            "changed": [{"urn": one.urn, "what": one.what, "reason": one.reason or None} for one in step.changed],
        }
        for step in life.steps
    ]
    return {"passed": life.passed, "left": life.left, "steps": steps}


def as_text(life: "LocalRun") -> str:
    """For people: the steps, and what moto does not hold, by reason."""
    lines = []
    for step in life.steps:
        counts = ", ".join(f"{number} {op}" for op, number in sorted(step.changes.items())) or "nothing"
        lines.append(f"{step.name:<10} {step.seconds:6.1f} s  {'FAILED' if step.problems else counts}")
        reasons: dict[str, list[str]] = {}
        for one in step.changed:
            reasons.setdefault(one.reason or "NOT EXPLAINED", []).append(str(one))
        for reason, places in reasons.items():
            lines.append(f"  {reason}:")
            lines += [f"    {place}" for place in places]
    return "\n".join(lines)
