"""Workflows as GitHub reads them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.yaml_text import parse_yaml
from tests.conftest import ROOT

FOLDER: Final = ROOT / ".github/workflows"
CREDENTIALS: Final = "aws-actions/configure-aws-credentials"
SAME_REPOSITORY: Final = "github.event.pull_request.head.repo.full_name == github.repository"


@dataclass(frozen=True)
class Job:
    """One job; `id` is WORKFLOW.JOB."""

    workflow: "Workflow"
    name: str
    content: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.workflow.name}.{self.name}"

    @property
    def steps(self) -> list[dict[str, Any]]:
        return list(self.content.get("steps", []))

    @property
    def needs(self) -> list["Job"]:
        """The jobs that it waits for."""
        named = self.content.get("needs", [])
        return [self.workflow.job(one) for one in ([named] if isinstance(named, str) else named)]

    @property
    def condition(self) -> str:
        return " ".join(str(self.content.get("if", "")).split())

    def runs(self) -> list[str]:
        """What its steps run."""
        return [step["run"] for step in self.steps if "run" in step]

    def uses(self, action: str) -> Iterator[dict[str, Any]]:
        """Steps that use an action."""
        return (step for step in self.steps if step.get("uses", "").partition("@")[0] == action)


@dataclass(frozen=True)
class Workflow:
    """One file."""

    name: str
    text: str
    content: Mapping[Any, Any]

    @property
    def triggers(self) -> Mapping[str, Any]:
        return dict(self.content["on"])

    @property
    def jobs(self) -> list[Job]:
        return [Job(self, name, content) for name, content in self.content["jobs"].items()]

    def job(self, name: str) -> Job:
        return Job(self, name, self.content["jobs"][name])


def parse(name: str, text: str) -> Workflow:
    """A workflow from its text."""
    return Workflow(name, text, parse_yaml(text, name)[0])


WORKFLOWS: Final = [parse(file.stem, file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.yml"))]
JOBS: Final = [job for workflow in WORKFLOWS for job in workflow.jobs]
RUNS: Final = sorted({" ".join(line.split()) for job in JOBS for line in job.runs()})
USES: Final = re.compile(r"^\s*(?:- )?uses: (\S+?)(?:\s+#\s*(.*))?$", re.MULTILINE)
