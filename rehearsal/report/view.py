"""What the sections of a page look things up in: the rehearsal, its graph, and what is only of the page."""

from functools import cached_property

from graph import Resource
from graph.values import at, texts
from graph.wire import MASK
from rehearsal.as_graph import graph_of
from rehearsal.report.markup import Html, code, link
from rehearsal.result import Rehearsal, Rehearsed


class View:
    """A rehearsal with its graph, in which every secret value is taken out."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.graph = graph_of(rehearsal)
        self._anchors = {one.urn: f"r{index}" for index, one in enumerate(rehearsal.resources)}

    def is_secret(self, resource: Rehearsed, path: str) -> bool:
        """Whether a field is secret, lies inside a secret, or holds one."""
        secrets = resource.declared.secret_paths
        return bool(secrets) and any(_within(path, secret) or _within(secret, path) for secret in secrets)

    @cached_property
    def _secret_values(self) -> tuple[str, ...]:
        """Secret texts, the longest first, that messages of AWS may quote."""
        found: set[str] = set()
        for resource in self.rehearsal.resources:
            for path in resource.declared.secret_paths:
                found.update(texts(at(resource.declared.inputs, path)))
        found.update(*(texts(self.rehearsal.exports.get(name)) for name in self.rehearsal.secret_exports))
        return tuple(sorted((value for value in found if value), key=lambda value: (-len(value), value)))

    def scrub(self, message: str) -> str:
        """A message with every secret value that it quotes taken out."""
        for value in self._secret_values:
            message = message.replace(value, MASK)
        return message

    def resource(self, one: Rehearsed) -> Resource:
        """A rehearsed resource in the graph."""
        return self.graph.by_urn[one.urn]

    def physical_name(self, one: Rehearsed) -> str:
        """The name that AWS shows for a resource; empty where it has none."""
        return self.graph.physical_name(self.resource(one))

    def anchor(self, urn: str) -> str:
        """The id on this page of a resource."""
        return self._anchors.get(urn, "resources")

    def link(self, resource: Resource | Rehearsed) -> Html:
        """A resource's name, leading to its entry; a component has none of its own."""
        if not self.graph.by_urn[resource.urn].custom:
            return code(resource.name)
        return link(self.anchor(resource.urn), code(resource.name))

    def named(self, reference: object) -> Html:
        """The name of the resource that a reference names, else the reference itself."""
        found = self.graph.find(reference)
        return self.link(found) if found is not None else code(reference)


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))
