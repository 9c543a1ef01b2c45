"""Which thing a resource is about: a bucket's versioning is about the bucket."""

from graph import Graph, Resource
from graph.values import at


def subjects(graph: Graph, one: Resource, of: str, of_type: str) -> list[str]:
    """The URNs of what a resource guards; where it is of another stack, the text by which it is named.

    Where not even that is known, whatever of its type the resource's component holds: so a rename stays one subject.
    """
    if not of:
        return [one.urn]
    found = graph.referred(one, of, of_type)
    if found:
        return [target.urn for target in found]
    named = at(one.inputs, of)
    return [named] if isinstance(named, str) and named else [f"{of_type} of {one.parent or one.urn}"]
