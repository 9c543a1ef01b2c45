"""Under which roles code runs: a task's, a function's, and a service's by its task."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from facts import tokens as t
from graph import Graph, Resource

_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    t.TASK_DEFINITION: ("taskRoleArn", "executionRoleArn"),
    t.FUNCTION: ("role",),
}
RUNNERS: Final = (*_ROLES, t.SERVICE)


@dataclass(frozen=True, slots=True)
class RunsAs:
    """A property that says under which role something runs, and the role; None where the graph does not declare it."""

    property: str
    value: Any
    role: Resource | None


def runs_as(graph: Graph, one: Resource) -> Iterator[RunsAs]:
    """Every role of something that runs code. A service whose task is declared elsewhere has a task of no role.

    Another revision of a declared task counts as that.
    """
    named = one.inputs.get("taskDefinition")
    tasks = graph.referred(one, "taskDefinition", t.TASK_DEFINITION) if one.type == t.SERVICE else [one]
    if not tasks and isinstance(named, str):
        family = graph.find(named.rpartition("/")[2].partition(":")[0], t.TASK_DEFINITION)
        tasks = [family] if family is not None else []
    for task in tasks:
        for name in _ROLES[task.type]:
            if (value := task.inputs.get(name)) is not None:
                yield RunsAs(name, value, next(iter(graph.referred(task, name, t.ROLE)), None))
    if not tasks and isinstance(named, str):  # one that is not known yet is made along with the service
        yield RunsAs("taskDefinition", named, None)
