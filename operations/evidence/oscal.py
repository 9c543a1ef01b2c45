"""A pack as OSCAL assessment results, the form in which auditors' tools read verdicts.

Source: https://pages.nist.gov/OSCAL-Reference/models/
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any, Final

from operations.evidence.items import Item, State
from operations.evidence.judged import Judged, Pack

VERSION: Final = "1.2.1"
_SPACE: Final = uuid.UUID(
    "6e0e6a52-7d0c-5a9e-9b35-0e6b7c1f2a11"
)  # of this project's names: the same pack, the same ids


def as_oscal(pack: Pack, tool_version: str) -> dict[str, Any]:
    """The document. Nothing in it is random: the same pack gives the same text."""
    at = pack.until.isoformat(timespec="seconds")
    plan = _id(pack, "plan")
    return {
        "assessment-results": {
            "uuid": _id(pack, "results"),
            "metadata": {
                "title": f"Workbuoy: controls since {pack.since.date()}",
                "last-modified": at,
                "version": tool_version,
                "oscal-version": VERSION,
            },
            "import-ap": {"href": f"#{plan}"},
            "results": [
                {
                    "uuid": _id(pack, "result"),
                    "title": "Controls and evidence of the period",
                    "description": f"Stacks: {', '.join(pack.stacks)}. Judged by workbuoy evidence.",
                    "start": pack.since.isoformat(timespec="seconds"),
                    "end": at,
                    "reviewed-controls": {"control-selections": [{"include-controls": list(_selected(pack))}]},
                    "observations": [*_controls(pack), *(_item(pack, one) for one in pack.items)],
                    "findings": [_finding(pack, one) for one in pack.judged],
                }
            ],
            "back-matter": {
                "resources": [
                    {
                        "uuid": plan,
                        "title": "Assessment plan",
                        "description": "What is asked of each control and kind of evidence: docs/evidence.md and "
                        "docs/controls.md of the project that made this pack.",
                    }
                ]
            },
        }
    }


def control_id(one: Judged) -> str:
    """A requirement's id as a token: `soc-2-cc6.1`, `gdpr-art.-32-1-a`."""
    return re.sub(r"[^a-z0-9.]+", "-", f"{one.framework.framework} {one.requirement.id}".lower()).strip("-")


def _selected(pack: Pack) -> Iterator[dict[str, str]]:
    yield from ({"control-id": control_id(one)} for one in pack.judged)


def _controls(pack: Pack) -> Iterator[dict[str, Any]]:
    for one in pack.controls:
        counts = ", ".join(f"{number} {status}" for status, number in one.counts.items() if number)
        yield {
            "uuid": _id(pack, f"control {one.name}"),
            "title": one.name,
            "description": f"{one.state.value}: {counts or 'nothing that it covers'}",
            "methods": ["TEST"],
            "collected": pack.until.isoformat(timespec="seconds"),
        }


def _item(pack: Pack, one: Item) -> dict[str, Any]:
    found: dict[str, Any] = {
        "uuid": _id(pack, f"evidence {one.kind}"),
        "title": one.title,
        "description": f"{one.state.value}: {'; '.join(one.summary) or 'nothing'}",
        "methods": ["EXAMINE"],
        "collected": pack.until.isoformat(timespec="seconds"),
    }
    if one.documents:
        found["relevant-evidence"] = [{"href": path, "description": one.title} for path in one.documents]
    return found


def _finding(pack: Pack, one: Judged) -> dict[str, Any]:
    related = [f"control {name}" for name in one.requirement.controls]
    related += [f"evidence {kind}" for kind in one.requirement.evidence]
    satisfied = one.state is State.PASSED
    status = {"state": "satisfied" if satisfied else "not-satisfied"}
    if not satisfied:
        status |= {"reason": "fail" if one.state is State.FAILED else "other", "remarks": "; ".join(one.because)}
    return {
        "uuid": _id(pack, f"finding {control_id(one)}"),
        "title": f"{one.framework.framework} {one.requirement.id}",
        "description": one.requirement.title,
        "target": {"type": "objective-id", "target-id": control_id(one), "status": status},
        "related-observations": [{"observation-uuid": _id(pack, name)} for name in related],
    }


def _id(pack: Pack, name: str) -> str:
    return str(uuid.uuid5(_SPACE, f"{pack.since.isoformat()} {pack.until.isoformat()} {' '.join(pack.stacks)} {name}"))
