"""A plan beside another of the same change: the one made without an account, and the engine's own.

Where they differ, either an account holds something else than the program asked for, or one of the two plans is wrong.
Both deserve a line; neither stops by itself, since each plan is judged on its own.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import InputError
from graph.plan import Plan
from graph.resource import name_of
from graph.values import root_of

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Step:
    """What a plan does to one resource, and the properties that replace it."""

    op: str
    replacing: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.op} ({', '.join(self.replacing)})" if self.replacing else self.op


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """One resource to which the other plan, `origin`, does something else."""

    urn: str
    here: Step
    there: Step
    origin: str

    def __str__(self) -> str:
        return f"{name_of(self.urn)}: {self.here} here, {self.there} in the plan of {self.origin}"


_SAME: Final = Step("same")


def steps_as_json(plan: Plan) -> str:
    """The steps of a plan for another run to compare with; no value of a resource is in it."""
    steps = [{"urn": urn, "op": one.op, "replacing": list(one.replacing)} for urn, one in _steps(plan).items()]
    return json.dumps({"schema": SCHEMA, "stack": plan.stack, "source": plan.source, "steps": steps}, indent=1) + "\n"


def compare_plans(plan: Plan, file: Path) -> tuple[PlanDifference, ...]:
    """Where a plan and the recorded steps of another differ.

    Raises InputError for a file that is none of ours, or of another stack.
    """
    origin, there = _read(file, plan.stack)
    here = _steps(plan)
    urns = dict.fromkeys((*here, *there))
    both = ((urn, here.get(urn, _SAME), there.get(urn, _SAME)) for urn in urns)
    return tuple(PlanDifference(urn, one, other, origin) for urn, one, other in both if one != other)


def _steps(plan: Plan) -> Mapping[str, Step]:
    return {
        one.urn: Step(one.op, tuple(sorted({root_of(path) for path in one.replace_paths})))
        for one in plan.steps
        if one.changes and not one.is_component and not one.is_provider
    }


def _read(file: Path, stack: str) -> tuple[str, Mapping[str, Step]]:
    try:
        body: Any = json.loads(file.read_text(encoding="utf-8"))
        if body["schema"] != SCHEMA:
            raise InputError(f"{file}: speaks schema {body['schema']!r}, this one {SCHEMA}")
        if body["stack"] != stack:
            raise InputError(f"{file}: is a plan of {body['stack']}, not of {stack}")
        return str(body["source"]), dict(_read_steps(body["steps"]))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{file}: holds no steps, as `workbuoy review --steps` writes them ({error!r})") from error


def _read_steps(steps: Any) -> Iterator[tuple[str, Step]]:
    for one in steps:
        yield str(one["urn"]), Step(str(one["op"]), tuple(str(name) for name in one["replacing"]))
