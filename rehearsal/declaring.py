"""Declaring only: ids and outputs that look like AWS's, the same in every run, with nothing created."""

from collections.abc import Mapping
from typing import Any

from rehearsal import missing
from rehearsal.kinds import DECLARED_ONLY, KINDS
from rehearsal.kinds.kind import Kind, Out
from rehearsal.kinds.local import LOCAL
from rehearsal.naming import context, default_tags, fill, named
from rehearsal.result import Declared


class Declaring:
    """A realiser that creates nothing."""

    def __init__(self, account: str, region: str) -> None:
        self._account, self._region = account, region

    def create(self, declared: Declared, provider: Declared | None) -> tuple[str, Mapping[str, Any]]:
        """A made-up id and made-up outputs, from the kind's templates."""
        token = declared.type
        region = self.region_of(declared, provider)
        values = context(declared, declared.inputs, account=self._account, region=region)
        if declared.is_provider:
            return values["uuid"], dict(declared.inputs)
        if token in LOCAL:
            return LOCAL[token](declared)
        if token in DECLARED_ONLY:
            only = DECLARED_ONLY[token]
            values["id"] = fill(only.id, values)
            outputs = {**declared.inputs, **{key: fill(value, values) for key, value in only.outputs.items()}}
            return values["id"], missing.with_markers(token, declared.name, outputs)
        kind = KINDS.get(token)
        if kind is None:
            return values["hex"], missing.with_markers(token, declared.name, dict(declared.inputs))
        return self._made_up(kind, declared, provider, region)

    def component(self, declared: Declared) -> None:
        """Nothing is made of a component."""

    def read(self, declared: Declared, provider: Declared | None) -> tuple[str, Mapping[str, Any]]:
        """The same for a `.get`, under the id that the program gave."""
        _, outputs = self.create(declared, provider)
        return declared.import_id, outputs

    def region_of(self, declared: Declared, provider: Declared | None) -> str:
        """A resource's own region, else its provider's, else the rehearsal's."""
        own = declared.inputs.get("region")
        inherited = provider.inputs.get("region") if provider else None
        return str(own or inherited or self._region)

    def _made_up(
        self, kind: Kind, declared: Declared, provider: Declared | None, region: str
    ) -> tuple[str, Mapping[str, Any]]:
        properties = named(declared, kind.name)
        values = context(declared, properties, account=self._account, region=region)
        values["id"] = str(fill(kind.made_up_id or kind.id, values))
        outputs: dict[str, Any] = {**kind.defaults, **properties, "region": region}
        if "tags" in kind.fields:
            outputs["tagsAll"] = tags_all(declared, provider)
        for key, out in kind.outputs.items():
            value = fill(out.template if isinstance(out, Out) else out, values)
            if value is not None:
                outputs[key] = values[key] = value
        return values["id"], missing.with_markers(kind.type_, declared.name, outputs)


def tags_all(declared: Declared, provider: Declared | None) -> dict[str, str]:
    """A resource's own tags over its provider's default ones."""
    return {**default_tags(provider), **(declared.inputs.get("tags") or {})}
