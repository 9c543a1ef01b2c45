"""The two recorded forms of a preview, as far as they are read; another form is another version, and refused.

Sources, in pulumi/pulumi: pkg/backend/display/json.go for `pulumi preview --json`, sdk/go/common/apitype/events.go for
the engine's events.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from graph.resource import STACK_TYPE, Resource, name_of, type_of
from graph.wire import from_json

Properties = Annotated[Mapping[str, Any], BeforeValidator(lambda value: {} if value is None else value)]
Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: () if value is None else value)]


class _Recorded(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=False, alias_generator=to_camel)


class RecordedFrame(_Recorded):
    source_position: str = ""


class RecordedResource(_Recorded):
    urn: str
    custom: bool | None = None
    inputs: Properties = Field(default_factory=dict)
    outputs: Properties = Field(default_factory=dict)
    id: str = ""
    parent: str = ""
    provider: str = ""
    external: bool | None = None
    protect: bool | None = None
    retain_on_delete: bool | None = None
    dependencies: Names = ()
    property_dependencies: Mapping[str, Names] | None = None
    ignore_changes: Names = ()
    source_position: str = ""
    stack_trace: tuple[RecordedFrame, ...] | None = None

    def resource(self) -> Resource:
        """The resource with marks in the place of what the recording does not show."""
        return Resource(
            urn=self.urn,
            type=type_of(self.urn),
            name=name_of(self.urn),
            inputs=from_json(self.inputs),
            outputs=from_json(self.outputs),
            id=self.id,
            # Where it is not said, it is one: a resource is never judged as less than it may be.
            custom=type_of(self.urn) != STACK_TYPE if self.custom is None else self.custom,
            read=bool(self.external),
            parent=self.parent,
            provider=_without_id(self.provider),
            dependencies=self.dependencies,
            property_dependencies=self.property_dependencies or {},
            protect=bool(self.protect),
            retain_on_delete=bool(self.retain_on_delete),
            ignore_changes=self.ignore_changes,
            source=self._source(),
        )

    def _source(self) -> str:
        """`file:line` of the first of the project's own lines that led to the resource."""
        for position in (self.source_position, *(frame.source_position for frame in self.stack_trace or ())):
            found = re.fullmatch(r"project:///(.+\.py)#(\d+)", position)
            if found and ".." not in found[1] and "site-packages" not in found[1]:
                return f"{found[1]}:{found[2]}"
        return ""


def _without_id(provider: str) -> str:
    """A provider's URN; a reference to one ends in its id."""
    return provider.rpartition("::")[0] if provider.count("::") > 3 else provider


class RecordedDifference(_Recorded):
    """Both recorders' names for the same thing: `kind` in previews, `diffKind` in events."""

    kind: str = Field(validation_alias=AliasChoices("kind", "diffKind"))


class RecordedStep(_Recorded):
    op: str
    urn: str
    old: RecordedResource | None = Field(default=None, validation_alias=AliasChoices("oldState", "old"))
    new: RecordedResource | None = Field(default=None, validation_alias=AliasChoices("newState", "new"))
    detailed_diff: Mapping[str, RecordedDifference] | None = None
    diffs: Names = Field(default=(), validation_alias=AliasChoices("diffReasons", "diffs"))
    keys: Names = Field(default=(), validation_alias=AliasChoices("replaceReasons", "keys"))


class RecordedDiagnostic(_Recorded):
    message: str = ""
    severity: str = ""

    @property
    def is_error(self) -> bool:
        """`info#err` is streamed error output: noise of a process that is ended, or the engine's own last words."""
        last_words = self.severity == "info#err" and self.message.lstrip().startswith("error:")
        return self.severity == "error" or last_words


class RecordedPreview(_Recorded):
    """A file of `pulumi preview --json`."""

    steps: tuple[RecordedStep, ...]
    change_summary: Mapping[str, int]
    config: Mapping[str, str] | None = None
    diagnostics: tuple[RecordedDiagnostic, ...] | None = None


class RecordedPolicy(_Recorded):
    message: str = ""
    policy_name: str = ""
    enforcement_level: str = ""
    resource_urn: str | None = None


class RecordedSummary(_Recorded):
    """`is_preview` has no default: what does not say that it is a preview is none."""

    resource_changes: Properties
    is_preview: bool
    result: str = ""
    policy_packs: Properties = Field(default_factory=dict, validation_alias="PolicyPacks")


class RecordedPre(_Recorded):
    metadata: RecordedStep


class RecordedPrelude(_Recorded):
    config: Mapping[str, str] | None = None


class RecordedEvent(_Recorded):
    """One of the engine's events; at most one of its fields is set."""

    resource_pre_event: RecordedPre | None = None
    policy_event: RecordedPolicy | None = None
    diagnostic_event: RecordedDiagnostic | None = None
    prelude_event: RecordedPrelude | None = None
    summary_event: RecordedSummary | None = None
