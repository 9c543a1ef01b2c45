"""When a bucket's or a registry's lifecycle deletes what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from facts import tokens as t
from facts.stores import FOREVER, Form
from facts.stores.rules import read_rules
from facts.subjects import subjects
from graph import Graph
from graph.marks import is_known
from graph.values import document, items, maps, number


@dataclass(frozen=True, slots=True)
class Deadline:
    """After how many days something is deleted; the newest `spared` of it are kept however old they are."""

    days: float
    spared: float = 0.0


@dataclass(slots=True)
class Lifecycle:
    """What is deleted of one bucket or registry: by scope (empty for all of it) and by what it is.

    `unread` are the URNs of what says it and cannot be read; `by` is what says it, else the thing itself.
    """

    by: str
    deadlines: dict[tuple[str, str], Deadline]
    unread: list[str]

    def deadline(self, scope: str, what: str) -> Deadline:
        """When something within a scope is deleted: a narrower scope is covered by the rule over the whole."""
        return self.deadlines.get((scope, what)) or self.deadlines.get(("", what)) or Deadline(FOREVER)


def lifecycles(graph: Graph) -> Mapping[str, Lifecycle]:
    """The lifecycle of every bucket and registry, by its URN or the text that names it."""
    found: dict[str, Lifecycle] = {}
    for bucket in graph.of(t.BUCKET):
        _add(found, bucket.urn, bucket.urn, bucket.inputs.get("lifecycleRules"), deadlines)
    for side in graph.of(t.BUCKET_LIFECYCLE):
        for subject in subjects(graph, side, "bucket", t.BUCKET):
            _add(found, subject, side.urn, side.inputs.get("rules"), deadlines)
    for registry in graph.of(t.REPOSITORY):
        _add(found, registry.urn, registry.urn, None, image_deadlines)
    for side in graph.of(t.REPOSITORY_LIFECYCLE):
        for subject in subjects(graph, side, "repository", t.REPOSITORY):
            _add(found, subject, side.urn, side.inputs.get("policy"), image_deadlines)
    return found


def _add(found: dict[str, Lifecycle], subject: str, by: str, rules: Any, read: Any) -> None:
    lifecycle = found.setdefault(subject, Lifecycle(by, {}, []))
    if rules is None:
        return
    lifecycle.by = by
    if not is_known(rules):
        lifecycle.unread.append(by)
        return
    try:
        for place, deadline in read(rules):
            known = lifecycle.deadlines.get(place)
            if known is None or (deadline.days, deadline.spared) < (known.days, known.spared):
                lifecycle.deadlines[place] = deadline
    except (ValueError, TypeError, AttributeError):
        lifecycle.unread.append(by)


def deadlines(rules: Any) -> Iterator[tuple[tuple[str, str], Deadline]]:
    """When the enabled rules of a bucket delete what, of rules of its own resource or inside the bucket."""
    read = read_rules(rules)
    for form in (Form.OBJECTS, Form.NONCURRENT_VERSIONS):
        for span in read.spans[form]:
            if span.days is not None:
                yield (span.scope, form), Deadline(span.days, span.spared or 0.0)


def image_deadlines(policy: Any) -> Iterator[tuple[tuple[str, str], Deadline]]:
    """When a registry's rules delete images: after days, or beyond a number of them, which counts as kept."""
    rules: Iterable[Mapping[str, Any]] = maps(document(policy).get("rules"))
    for rule in rules:
        for selection in maps(rule.get("selection")):
            count = number(selection.get("countNumber"))
            tags = items(selection.get("tagPrefixList") or selection.get("tagPatternList"))
            scope = " ".join(str(one) for one in (selection.get("tagStatus", "any"), *tags) if one != "any")
            by_age = selection.get("countType") == "sinceImagePushed"
            if count is not None:
                yield (scope, "images" if by_age else "images beyond a number"), Deadline(count)
