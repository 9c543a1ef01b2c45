"""Walks the table of kinds: creates a declared resource in moto, or changes one that stands."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rehearsal import missing
from rehearsal.cloud import Cloud, CloudError
from rehearsal.compare import check_known, place, translate
from rehearsal.declaring import Declaring, tags_all
from rehearsal.kinds import DECLARED_ONLY, KINDS
from rehearsal.kinds.kind import Call, Kind, Out, finder
from rehearsal.kinds.local import LOCAL
from rehearsal.made import Made
from rehearsal.naming import context, fill, named
from rehearsal.reading import Reader
from rehearsal.result import Declared, Refusal, State
from rehearsal.stand_ins import StandIn

_NOT_TRIED = "not tried: it needs {}, which failed"


class Mapper:
    """Creates resources in one account of moto, and afterwards reads every one back.

    What a single resource gets wrong is recorded with it and never raised, so that all mistakes are reported at once.
    """

    def __init__(self, cloud: Cloud, notify: Callable[[Made], None]) -> None:
        self.cloud = cloud
        self._notify = notify
        self._pretend = Declaring(cloud.account, cloud.region)
        self.made: dict[str, Made] = {}
        self.reader = Reader(cloud, self.made)
        self.stand_ins: list[StandIn] = []
        self.refusals: list[Refusal] = []

    # ---- creating

    def create(self, declared: Declared, provider: Declared | None, *, salt: str = "") -> tuple[str, Mapping[str, Any]]:
        """Make one resource. Its outputs are moto's, or made up when it failed, so that the program goes on."""
        made = self.made[declared.urn] = Made(declared, salt=salt)
        started = time.perf_counter()
        try:
            self._create(made, provider)
        except (CloudError, _ResourceError, ValueError, LookupError) as fault:
            made.state, made.reason = State.FAILED, _one_line(fault)
        if made.state is not State.COMPARED:
            made.id, made.outputs = self._pretend.create(declared, provider)
            made.region = self._pretend.region_of(declared, provider)
        made.create_ms = (time.perf_counter() - started) * 1000
        self._notify(made)
        return made.id, made.outputs

    def change(
        self, declared: Declared, provider: Declared | None, old: Made, update: Callable[[Made, Made], None]
    ) -> tuple[str, Mapping[str, Any]]:
        """Make what stands into what is declared now; where that fails, it is reported, and goes on as it stood."""
        made = self.made[declared.urn] = Made(declared, id=old.id, outputs=old.outputs, salt=old.salt)
        started = time.perf_counter()
        try:
            self._change(made, provider, old, update)
        except (CloudError, _ResourceError, ValueError, LookupError) as fault:
            made.state, made.reason = State.FAILED, _one_line(fault)
        made.create_ms = (time.perf_counter() - started) * 1000
        self._notify(made)
        return made.id, made.outputs

    def _change(self, made: Made, provider: Declared | None, old: Made, update: Callable[[Made, Made], None]) -> None:
        kind = self._prepare(made, provider)
        if kind is None:
            made.outputs = {**old.outputs, **made.declared.inputs}
            return
        if kind.name and not old.declared.inputs.get(kind.name.field):
            made.properties[kind.name.field] = old.properties[kind.name.field]  # a made-up name stays
        now = context(made.declared, made.properties, account=self.cloud.account, region=made.region)
        made.values = {**now, **old.values, **made.properties, "properties": made.properties, "was": old.properties}
        self._provide(made, kind)
        update(old, made)
        self._give_out(made, kind)
        made.state = State.COMPARED

    def fail(self, declared: Declared, reason: str) -> None:
        """Note a resource that cannot be made."""
        self.made[declared.urn] = Made(declared, state=State.FAILED, reason=reason)

    def component(self, declared: Declared) -> None:
        """Nothing is made of a component."""

    def read(self, declared: Declared, provider: Declared | None) -> tuple[str, Mapping[str, Any]]:
        """A `.get`: nothing to compare, as a rehearsal has no account to read from."""
        made = self.made[declared.urn] = Made(declared, reason="read from the account, which a rehearsal has not")
        made.id, made.outputs = self._pretend.read(declared, provider)
        return made.id, made.outputs

    def _create(self, made: Made, provider: Declared | None) -> None:
        kind = self._prepare(made, provider)
        if kind is None:
            if made.declared.type not in DECLARED_ONLY:
                made.id, made.outputs = self._pretend.create(_salted(made), provider)
            return
        made.values = context(_salted(made), made.properties, account=self.cloud.account, region=made.region)
        self._provide(made, kind)
        self._send(made, kind)
        self._give_out(made, kind)
        made.state = State.COMPARED

    def _prepare(self, made: Made, provider: Declared | None) -> Kind | None:
        """The kind of a resource and what is declared of it in its terms; None where AWS holds nothing of it."""
        declared = made.declared
        token = declared.type
        self._refuse_lost_outputs(made)
        if declared.is_provider or token in LOCAL:
            made.state = State.COMPARED
            return None
        if token in DECLARED_ONLY:
            made.reason = DECLARED_ONLY[token].reason
            return None
        kind = KINDS.get(token)
        if kind is None:
            raise _ResourceError(f"the rehearsal does not know the type {token}: declare it in rehearsal/kinds/")
        self._refuse_after_failure(declared)
        made.kind = kind
        made.region = self._pretend.region_of(declared, provider)
        made.properties = named(_salted(made), kind.name)
        made.properties.pop("region", None)
        unknown = check_known(kind.fields, made.properties)
        if unknown:
            raise _ResourceError(
                f"the rehearsal does not know {', '.join(unknown)} of {token}: declare it in rehearsal/kinds/"
            )
        if "tags" in kind.fields and (tags := tags_all(declared, provider)):
            made.properties["tags"] = tags
        return kind

    def _refuse_lost_outputs(self, made: Made) -> None:
        lost = list(missing.used(made.declared.inputs))
        if lost:
            raise _ResourceError("; ".join(f"{path} uses output {what}, which the kind lacks" for path, what in lost))

    def _refuse_after_failure(self, declared: Declared) -> None:
        for urn in declared.dependencies:
            other = self.made.get(urn)
            if other is not None and other.state is State.FAILED:
                raise _ResourceError(_NOT_TRIED.format(other.declared.name))

    def _provide(self, made: Made, kind: Kind) -> None:
        policy = made.properties.get(kind.managed_policy) if kind.managed_policy else None
        if isinstance(policy, str) and ":iam::aws:policy/" in policy:
            self.cloud.load_managed_policy(policy)
        boundary = made.properties.get(kind.boundary) if kind.boundary else None
        if boundary:
            self._provide_boundary(made, kind, boundary)
        arn = made.properties.get(kind.certificate) if kind.certificate else None
        if arn and self.cloud.stand_in_certificate(arn, made.region):
            path = f"{made.declared.name}.{kind.certificate}"
            self.stand_ins.append(StandIn(path, arn, "an empty certificate under this ARN"))

    def _provide_boundary(self, made: Made, kind: Kind, arn: str) -> None:
        from rehearsal.boundary import stand_in_boundary  # stacks without one need nothing of bootstrap

        stand_in = stand_in_boundary(self.cloud, arn, made.declared.urn, made.region)
        if stand_in:
            self.stand_ins.append(StandIn(f"{made.declared.name}.{kind.boundary}", arn, stand_in))

    def _send(self, made: Made, kind: Kind) -> None:
        sent = {**kind.defaults, **made.properties}
        for call in kind.calls:
            params = fill(dict(call.params), made.values)
            touched = call.always or call.name == "create"
            for key, value in sent.items():
                one = kind.fields.get(key)
                if one is not None and one.aws and one.call == call.name and value is not None:
                    place(params, one.aws, translate(one, value))
                    touched = True
            if touched:
                self._call(made, kind, call, params)

    def _call(self, made: Made, kind: Kind, call: Call, params: dict[str, Any]) -> None:
        packed = call.pack(params)
        if packed is None:
            return
        wanted = {key: value for key, value in packed.items() if value is not None}
        response = self.send(made, kind, call, wanted)
        if call.name == "create":
            made.values["made"] = response
            if kind.document:
                made.values["document"] = fill(kind.document, made.values)
            self._identify(made, kind)

    def send(self, made: Made, kind: Kind, call: Call, params: dict[str, Any]) -> Any:
        """Send one operation for a resource, held to AWS's model first. Raises CloudError."""
        region = kind.global_region or made.region
        self._hold_to_model(made, kind, call, params, region)
        try:
            return self.cloud.call(kind.service, call.operation, params, region)
        except CloudError as fault:
            if not call.moto_breaks or fault.code != call.moto_breaks:
                raise
            return {}

    def _hold_to_model(self, made: Made, kind: Kind, call: Call, params: dict[str, Any], region: str) -> None:
        found, page = self.cloud.breaches(kind.service, call.operation, params, region)
        self.refusals += [
            Refusal(
                check=f"model-{one.kind}",
                urn=made.declared.urn,
                name=made.declared.name,
                what=f"{property_at(kind, call, one.path)} {one.what}",
                fix=one.fix,
                source=page,
            )
            for one in found
        ]

    def _identify(self, made: Made, kind: Kind) -> None:
        id_ = fill(kind.id, made.values)
        if id_ is None:
            raise _ResourceError(f"moto gave no id (looked for {kind.id})")
        made.id = made.values["id"] = str(id_)

    def _give_out(self, made: Made, kind: Kind) -> None:
        document = made.values.get("document")
        if not kind.document and any(isinstance(out, Out) for out in kind.outputs.values()):
            document = self.reader.read(made, kind, cached=False)
        outputs = {**kind.defaults, **made.declared.inputs}
        outputs.update({key: value for key, value in made.properties.items() if key != "tags"})
        for key, out in kind.outputs.items():
            value = finder(out.path)(document) if isinstance(out, Out) else fill(out, made.values)
            if value is not None:
                outputs[key] = value
        if "tags" in kind.fields:
            outputs["tagsAll"] = made.properties.get("tags", {})
        outputs["region"] = made.region
        made.values["outputs"] = outputs
        made.outputs = missing.with_markers(kind.type_, made.declared.name, outputs)


def property_at(kind: Kind, call: Call, path: str) -> str:
    """A place in a request in the program's names, as far as the kind's table tells; the rest in camel case."""
    steps = path.replace("[", ".[").split(".")
    best, rest = "", steps
    for key, one in kind.fields.items():
        if (
            one.call == call.name
            and one.aws
            and steps[: len(one.aws)] == list(one.aws)
            and len(one.aws) > len(steps) - len(rest)
        ):
            best, rest = key, steps[len(one.aws) :]
    return ".".join([*([best] if best else []), *(step[:1].lower() + step[1:] for step in rest)]).replace(".[", "[")


def _salted(made: Made) -> Declared:
    """The declaration under a URN that gives made-up names of its own, where another holds the first ones."""
    return replace(made.declared, urn=made.declared.urn + made.salt) if made.salt else made.declared


class _ResourceError(Exception):
    """What is wrong with one resource."""


def _one_line(fault: Exception) -> str:
    return " ".join(str(fault).split())
