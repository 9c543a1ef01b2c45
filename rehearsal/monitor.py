"""The resource monitor of a rehearsal: Pulumi's own mock monitor, but one that remembers everything it is sent."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import resource_pb2

from graph import wire
from graph.resource import REFERENCE_TYPE, STACK_TYPE
from rehearsal.errors import RefusedError
from rehearsal.result import Declared, Refusal


class Realiser(Protocol):
    """What makes a declared resource real, or pretends to."""

    def create(self, declared: Declared, provider: Declared | None) -> tuple[str, Mapping[str, Any]]:
        """The physical id and the outputs. Must not raise for what a resource itself gets wrong: it records that."""

    def component(self, declared: Declared) -> None:
        """A component is registered, before its children are."""

    def read(self, declared: Declared, provider: Declared | None) -> tuple[str, Mapping[str, Any]]:
        """The same for a resource that the program reads with `.get` instead of declaring it."""


class _Unused(Mocks):
    def call(self, args: MockCallArgs) -> Any:
        raise NotImplementedError

    def new_resource(self, args: MockResourceArgs) -> Any:
        raise NotImplementedError


class Monitor(MockMonitor):
    """Records every registration of one program and lets a realiser make it.

    Notes a refusal for a custom resource without an explicit provider. Raises RefusedError for a second resource with
    one URN, a function call that has no provider or that the rehearsal cannot answer, and an unknown stack reference.
    """

    def __init__(
        self,
        project: str,
        stack: str,
        root: Path,
        realiser: Realiser,
        references: Mapping[str, Mapping[str, Any]],
    ) -> None:
        super().__init__(_Unused())
        self._project, self._stack, self._root = project, stack, root
        self._realiser = realiser
        self._references = references
        self.declared: dict[str, Declared] = {}
        self.made: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.component_outputs: dict[str, Mapping[str, Any]] = {}
        self.exports: dict[str, Any] = {}
        self.secret_exports: tuple[str, ...] = ()
        self.refusals: list[Refusal] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's URN: the chain of all parents' types, without the stack's own.

        The stock monitor keeps the stack's type and only the nearest parent's, so its URNs are not the engine's.
        """
        chain = parent.split("::")[2] if parent else ""
        qualified = type_ if chain in ("", STACK_TYPE) else f"{chain}${type_}"
        return f"urn:pulumi:{self._stack}::{self._project}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        declared = self._record(urn, request)
        if not declared.custom:
            self._realiser.component(declared)
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        provider = self.provider_of(declared)
        id_, outputs = self._realiser.create(declared, provider)
        self.made[urn] = (id_, outputs)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=id_, object=wire.to_struct(outputs, declared.secret_names)
        )

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        urn = self.make_urn(request.parent, request.type, request.name)
        declared = self._record(urn, request, read=True)
        if request.type == REFERENCE_TYPE:
            self._realiser.component(declared)
            outputs: Mapping[str, Any] = self._reference(request.id)
        else:
            _, outputs = self._realiser.read(declared, self.provider_of(declared))
        self.made[urn] = (request.id, outputs)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=wire.to_struct(outputs))

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if not request.provider:
            raise RefusedError(
                f"function {request.tok} is called without an explicit provider: pass "
                "pulumi.InvokeOptions(provider=...)"
            )
        raise RefusedError(
            f"function {request.tok} cannot be answered in a rehearsal: give the program the value as a setting"
        )

    def RegisterStackTransform(self, _request: Any) -> Any:  # noqa: N802
        raise RefusedError(
            "the program registers a transform of its resources, which only the engine carries out: leave it out"
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        outputs, secrets = wire.to_python(request.outputs)
        if request.urn.split("::")[2] == STACK_TYPE:
            self.exports, self.secret_exports = outputs, secrets
        else:
            self.component_outputs[request.urn] = outputs
        return empty_pb2.Empty()

    def _record(self, urn: str, request: Any, *, read: bool = False) -> Declared:
        for option, value in request.ListFields():
            if option.name not in _KNOWN and str(value):  # the SDK always names hooks, be there none
                what = "its parts made by a plugin (a remote component)" if option.name == "remote" else option.name
                raise RefusedError(f"{request.name} has {what}, which only the engine carries out: leave it out")
        if urn in self.declared:
            raise RefusedError(f"two resources have one URN, {urn}: give one of them another name")
        properties, secrets = wire.to_python(request.properties if read else request.object)
        common = {
            "urn": urn,
            "type": request.type,
            "name": request.name,
            "inputs": properties,
            "secret_paths": secrets,
            "parent": request.parent,
            "provider": request.provider.rsplit("::", 1)[0],
            "dependencies": tuple(sorted(request.dependencies)),
            "source": self._source(request),
        }
        declared = (
            Declared(**common, read=True, import_id=request.id) if read else Declared(**common, **_options(request))
        )
        self.declared[urn] = declared
        if declared.custom and not declared.provider and declared.type != REFERENCE_TYPE and not declared.is_provider:
            self.refusals.append(
                Refusal(
                    check="explicit-provider",
                    urn=urn,
                    name=declared.name,
                    what="has no explicit provider, so the default one would choose its account and region",
                    fix="pass ResourceOptions(provider=...) or give its component a provider",
                    source="https://www.pulumi.com/docs/iac/concepts/resources/providers/",
                )
            )
        return declared

    def provider_of(self, declared: Declared) -> Declared | None:
        """The provider that makes a resource; None where it names none."""
        return self.declared.get(declared.provider)

    def _reference(self, name: str) -> dict[str, Any]:
        outputs = self._references.get(name, self._references.get(name.rsplit("/", 1)[-1]))
        if outputs is None:
            raise RefusedError(f"the program refers to stack {name!r}, which is not part of this rehearsal")
        return {"name": name, "outputs": dict(outputs), "secretOutputNames": []}

    def _source(self, request: Any) -> str:
        """The innermost line of the program itself that led to this registration."""
        for frame in request.stackTrace.frames:
            path = _inside(self._root, frame.pc.uri)
            if path:
                return f"{path}:{frame.pc.line}"
        return ""


_KNOWN: Final = frozenset(
    (
        *("type", "name", "id", "parent", "custom", "object", "properties", "provider", "providers", "importId"),
        *("dependencies", "propertyDependencies", "protect", "retainOnDelete", "ignoreChanges", "replaceOnChanges"),
        *("deleteBeforeReplace", "deleteBeforeReplaceDefined", "additionalSecretOutputs", "aliases", "aliasSpecs"),
        # Which plugin, how long it may take, what a preview shows, and what the SDK itself says.
        *("version", "packageRef", "pluginDownloadURL", "pluginChecksums", "customTimeouts", "hideDiffs"),
        *("acceptSecrets", "acceptResources", "accepts_byte_string", "supportsPartialValues"),
        *("supportsResultReporting", "sourcePosition", "stackTrace", "parentStackTraceHandle"),
    )
)
"""What is recorded of a registration or changes nothing of it. By others resources come, go or run code otherwise."""


@cache
def _inside(root: Path, uri: str) -> str:
    """A file's path inside a project; empty for one outside, or of a library."""
    path = Path(unquote(urlsplit(uri).path))
    return str(path.relative_to(root)) if path.is_relative_to(root) and "site-packages" not in path.parts else ""


def _options(request: Any) -> dict[str, Any]:
    return {
        "custom": request.custom,
        "property_dependencies": {
            key: tuple(sorted(value.urns)) for key, value in request.propertyDependencies.items() if value.urns
        },
        "protect": request.protect,
        "retain_on_delete": request.retainOnDelete,
        "delete_before_replace": request.deleteBeforeReplace,
        "ignore_changes": tuple(request.ignoreChanges),
        "replace_on_changes": tuple(request.replaceOnChanges),
        "additional_secret_outputs": tuple(request.additionalSecretOutputs),
        "aliases": tuple(_alias(alias) for alias in request.aliases),
        "import_id": request.importId,
    }


def _alias(alias: Any) -> str:
    if alias.urn:
        return str(alias.urn)
    spec = alias.spec
    parts = {"type": spec.type, "name": spec.name, "stack": spec.stack, "project": spec.project}
    parts["parent"] = "none" if spec.noParent else spec.parentUrn
    return ",".join(f"{key}={value}" for key, value in parts.items() if value)
