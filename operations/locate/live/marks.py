"""Tags and protections that a live resource has lost."""

from collections.abc import Iterator

from operations.locate.differences import Told, difference
from operations.locate.live.overlay import Overlaid
from policies.tags import APPLICATION, ENVIRONMENT, TENANT
from rehearsal.report.data import guards
from rehearsal.report.graph import Graph
from rehearsal.result import Rehearsal

_TAGS = (APPLICATION, ENVIRONMENT, TENANT)


def lost_marks(declared: Rehearsal, live: Overlaid) -> Iterator[Told]:
    """Whose a resource is, and what guards it against deletion, where the account says otherwise."""
    before, after = Graph(declared), Graph(live.rehearsal)
    for urn, found in live.matched.items():
        resource = declared.by_urn[urn]
        wanted = before.properties(resource).get("tags") or {}
        for tag in _TAGS:
            if wanted.get(tag) != found.tags.get(tag):
                yield resource, difference(before, resource, f"tag {tag}", wanted.get(tag), found.tags.get(tag))
        then, now = (", ".join(guards(*one)) for one in ((before, resource), (after, live.rehearsal.by_urn[urn])))
        if then != now:
            yield resource, difference(before, resource, "protected by", then, now)
