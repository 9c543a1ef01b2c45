"""The two recorded forms, as far as a review reads them; another form is another version, and refused.

Sources, in pulumi/pulumi: pkg/backend/display/json.go for `pulumi preview --json`, sdk/go/common/apitype/events.go for
the engine's events.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

Inputs = Annotated[Mapping[str, Any], BeforeValidator(lambda value: {} if value is None else value)]
Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: () if value is None else value)]


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=False, alias_generator=to_camel)


class WireFrame(Wire):
    source_position: str = ""


class WireState(Wire):
    urn: str
    inputs: Inputs = Field(default_factory=dict)
    outputs: Inputs = Field(default_factory=dict)
    id: str = ""
    parent: str = ""
    provider: str = ""
    protect: bool | None = None
    retain_on_delete: bool | None = None
    source_position: str = ""
    stack_trace: tuple[WireFrame, ...] | None = None


class WireDiff(Wire):
    """Both recorders' names for the same thing: `kind` in previews, `diffKind` in events."""

    kind: str = Field(validation_alias=AliasChoices("kind", "diffKind"))


class WireStep(Wire):
    op: str
    urn: str
    old: WireState | None = Field(default=None, validation_alias=AliasChoices("oldState", "old"))
    new: WireState | None = Field(default=None, validation_alias=AliasChoices("newState", "new"))
    detailed_diff: Mapping[str, WireDiff] | None = None
    diffs: Names = Field(default=(), validation_alias=AliasChoices("diffReasons", "diffs"))
    keys: Names = Field(default=(), validation_alias=AliasChoices("replaceReasons", "keys"))


class WireDiagnostic(Wire):
    message: str = ""
    severity: str = ""


class WirePreview(Wire):
    """A file of `pulumi preview --json`."""

    steps: tuple[WireStep, ...]
    change_summary: Mapping[str, int]
    config: Mapping[str, str] | None = None
    diagnostics: tuple[WireDiagnostic, ...] | None = None


class WirePolicy(Wire):
    message: str = ""
    policy_name: str = ""
    enforcement_level: str = ""
    resource_urn: str | None = None


class WireSummary(Wire):
    resource_changes: Annotated[Mapping[str, int], BeforeValidator(lambda value: {} if value is None else value)]
    is_preview: bool = True
    result: str = ""


class WirePre(Wire):
    metadata: WireStep


class WirePrelude(Wire):
    config: Mapping[str, str] | None = None


class WireEvent(Wire):
    """One of the engine's events; at most one of its fields is set."""

    resource_pre_event: WirePre | None = None
    policy_event: WirePolicy | None = None
    diagnostic_event: WireDiagnostic | None = None
    prelude_event: WirePrelude | None = None
    summary_event: WireSummary | None = None
