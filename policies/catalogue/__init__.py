"""The control catalogue: what must hold, whom it protects and how to mend it. Data lies in the YAML files beside."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from graph.errors import InputError
from infra.environments import PERMANENT_ENVIRONMENTS
from policies.entries import entries

Level = Literal["mandatory", "advisory"]
Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
FOLDER = Path(__file__).parent

ControlId = Annotated[
    str,
    Field(
        pattern=r"^(WB\.\d+|CKV2?_AWS_\d+|CIS 5\.0\.0/\d+(\.\d+)+"
        r"|(RDS|S3|SecretsManager|IAM|KMS|CloudWatch|SNS|ECS|ECR|Lambda|ELB|EC2|WAF)\.\d+)\*?$"
    ),
]
Sentence = Annotated[str, Field(min_length=8)]


class Setting(BaseModel):
    """What a pack's configuration may say about one control, with its bounds and default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["integer", "strings", "integers"]
    default: int | tuple[str, ...] | tuple[int, ...]
    description: Sentence
    minimum: int | None = None
    maximum: int | None = None

    def problem(self, value: Any) -> str | None:
        """Why `value` does not fit, or None."""
        if self.type == "integer":
            return self._integer_problem(value)
        if not isinstance(value, list | tuple):
            return "must be a list"
        if self.type == "strings" and not all(isinstance(item, str) and item for item in value):
            return "must be a list of texts"
        if self.type == "integers" and not all(_is_integer(item) for item in value):
            return "must be a list of whole numbers"
        return None

    def _integer_problem(self, value: Any) -> str | None:
        if not _is_integer(value):
            return "must be a whole number"
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}; it is {value:g}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum}; it is {value:g}"
        return None

    def schema_property(self) -> dict[str, Any]:
        """The same bounds in the JSON schema that the Pulumi engine checks a pack's configuration with."""
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        # The engine fills in a schema's defaults; an empty list must not hide what the stack's settings say.
        shared: dict[str, Any] = {"description": self.description} | ({"default": default} if default else {})
        if self.type != "integer":
            return shared | {"type": "array", "items": {"type": self.type.removesuffix("s")}}
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return shared | {"type": "integer"} | {k: v for k, v in bounds.items() if v is not None}


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)


class Control(BaseModel):
    """One control. `ids` are the public ones it answers; a `*` after an id means that it was not verified."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$")]
    ids: Annotated[tuple[ControlId, ...], Field(min_length=1)]
    severity: Severity
    level: Level = "mandatory"
    title: Sentence
    protects: Sentence
    fix: Sentence
    by: Literal["policy", "guard", "rehearsal"] = "policy"
    reads: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    settings: Mapping[str, Setting] = Field(default_factory=dict)
    service: str = ""

    @model_validator(mode="after")
    def _a_policy_reads_something(self) -> Self:
        if self.by == "policy" and not self.reads:
            raise ValueError("a control that a policy implements names the properties it reads")
        return self

    def level_in(self, environment: str) -> Level:
        """Mandatory where customers' data lies; elsewhere the finding is shown and stops nothing."""
        return self.level if environment in PERMANENT_ENVIRONMENTS else "advisory"

    def defaults(self) -> dict[str, Any]:
        return {name: setting.default for name, setting in self.settings.items()}


@cache
def catalogue(folder: Path = FOLDER) -> Mapping[str, Control]:
    """Every control by name, in the files' order; raises InputError with all problems at once."""
    controls: dict[str, Control] = {}
    owners: dict[str, str] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        for entry in entries(path):
            name = entry.get("name", "a control without a name")
            try:
                control = Control(**entry, service=path.stem)
            except ValidationError as error:
                problems += [
                    f"{path.name}: {name}: {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
                    for problem in error.errors()
                ]
                continue
            if name in controls:
                problems.append(f"{path.name}: {name} stands there twice")
            for public in control.ids:
                if public in owners:
                    problems.append(f"{path.name}: {public} belongs to {owners[public]} and to {name}")
                owners[public] = name
            controls[name] = control
    if problems:
        raise InputError(*problems)
    return controls
