"""A review as Markdown for the pull request: what is dangerous on the first screen, the rest under folds."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from graph.plan import PlanStep, PolicyResult
from graph.resource import name_of
from operations.review.assess import Review, ids_of
from operations.review.changes import Change, Noise
from operations.review.effects import Danger
from operations.review.inert import code, inert

SCREEN_LINES: Final = 40
"""What fits a screen without scrolling; an ordinary change's review is no longer."""
VISIBLE_CHANGES: Final = 12

NOISE: Final[Mapping[Noise, str]] = {
    "tags only": "their tags",
    "order only": "the order of a list",
    "in the cloud only": "back to what the program asked for before: the cloud differs",
}
# Words, for "+" and "-" would begin a list inside the list.
_DONE: Final = {
    "create": "new",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "forget": "forgotten",
    "import": "imported",
}
_VERBS: Final = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "forget": "to forget",
    "import": "to import",
    "same": "unchanged",
}


def render(review: Review, drills: Sequence[str] = ()) -> str:
    """The whole text, ending in a line break; `drills` is what to say of the stack's restore drills."""
    return "\n".join(_lines(review, drills)).rstrip() + "\n"


def _lines(review: Review, drills: Sequence[str]) -> Iterator[str]:
    yield f"## {review.plan.stack}: {_verdict(review)}"
    yield ""
    yield _overview(review)
    yield ""
    if review.plan.offline:
        between = inert(review.plan.source)
        yield f"Between {between}. State and drift are not in it: an account may hold something else."
        yield ""
    if review.failed:
        yield from _section("The preview failed, so this is not the whole plan", review.plan.errors)
    yield from _dangers("Possible loss", review, review.losses)
    yield from _dangers("Exposed, or allowed more", review, review.access)
    yield from _dangers("Outside residency", review, review.outside)
    yield from _dangers("Not judged, so stopped", review, review.not_judged)
    yield from _section("Policies that stop this", map(_policy, review.violations))
    yield from _section("Whether this stack could be brought back", drills)
    yield from _section("To be read", (f"{_name(d)}: {d.what}" for d in review.noted))
    yield from _section(
        f"Downtime: {review.downtime}", (f"{_tail(i.urn)}: {i.length} ({i.why})" for i in review.interruptions)
    )
    yield from _section("Made anew though it stands", map(str, review.moves))
    yield from _section("Otherwise than without an account", map(str, review.plan_differences or ()))
    yield from _section("Accepted by a waiver", _waived(review))
    yield from _section(
        "Waivers that nothing needs",
        (f"{one.place} ({one.waiver.effect} of {_tail(one.waiver.urn)})" for one in review.unused),
    )
    yield from _changes(review)
    yield from _folded_policies(review)
    yield from _not_evaluated(review)
    yield from _how_to_accept(review)


def _verdict(review: Review) -> str:
    if review.failed:
        return "the preview failed"
    if review.stops:
        return f"stopped by {_stopping(review)}"
    if review.waived:
        return f"passed with {len(review.waived)} waiver{'s' if len(review.waived) > 1 else ''}"
    if not any(op not in ("same", "read") for op in review.counts):
        return "nothing changes"
    if review.not_evaluated:
        return f"nothing dangerous found in what could be judged; {len(review.not_evaluated)} not evaluated"
    return "nothing dangerous found"


def _stopping(review: Review) -> str:
    widened = sum(danger.kind == "role-widened" for danger in review.access)
    found = (
        (len(review.losses), "possible loss", "possible losses"),
        (len(review.access) - widened, "exposure", "exposures"),
        (widened, "widened grant", "widened grants"),
        (len(review.outside), "place outside residency", "places outside residency"),
        (len(review.not_judged), "unjudged change", "unjudged changes"),
        (len(review.violations), "policy finding", "policy findings"),
    )
    return ", ".join(f"{count} {many if count > 1 else one}" for count, one, many in found if count)


def _overview(review: Review) -> str:
    counts = [f"{review.counts[op]} {verb}" for op, verb in _VERBS.items() if _counted(review, op)]
    parts = [", ".join(counts)] if counts else []
    parts.append(f"downtime: {review.downtime}")
    parts.append(_residency(review))
    parts += _cost(review)
    if review.tenants:
        parts.append(f"tenants touched: {inert(', '.join(review.tenants))}")
    if review.plan.policies is None:
        parts.append("policies: not judged (`pulumi preview --json` carries no findings; `--events` does)")
    else:
        packless = " (no pack was asked in the recording)" if review.plan.recorded and not review.plan.with_pack else ""
        parts.append(f"policies: {len(review.violations)} stop, {len(review.advice)} advise{packless}")
    if review.plan_differences is not None and not review.plan_differences:
        parts.append("the same steps as without an account")
    if review.not_evaluated:
        parts.append(f"{len(review.not_evaluated)} not evaluated")
    return " · ".join(parts)


def _cost(review: Review) -> Iterator[str]:
    """What the change adds or takes a month, and of which component; nothing where it does neither."""
    found = review.cost
    if found.difference:
        parts = sorted(found.by_component.items(), key=lambda part: -abs(part[1]))
        shown = ", ".join(f"{inert(name)} {usd:+.2f}" for name, usd in parts[:3] if usd)
        yield f"cost: {found.difference:+.2f} USD a month at rest ({shown})"
    if found.unpriced:
        names = ", ".join(code(inert(name)) for name in found.unpriced[:3])
        yield f"cost not known of {names}{' and more' if len(found.unpriced) > 3 else ''}"


def _counted(review: Review, op: str) -> bool:
    """Only a whole plan knows what stays the same."""
    return bool(review.counts.get(op)) and (op != "same" or review.plan.whole)


def _residency(review: Review) -> str:
    used = ", ".join(review.residency.used) or review.plan.config.get("aws:region") or "none named"
    if not review.residency.allowed:
        return f"region: {used} (residency not in this recording)"
    return f"region: {used} ({len(review.outside)} outside residency)" if review.outside else f"region: {used}"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"### {title}"
        yield ""
        yield from (f"- {inert(line)}" for line in found)
        yield ""


def _dangers(title: str, review: Review, dangers: Sequence[Danger]) -> Iterator[str]:
    steps = review.plan.by_urn
    yield from _section(title, (_danger(danger, steps[danger.urn].kind) for danger in dangers))


def _danger(danger: Danger, kind: str) -> str:
    left = f" What stays: {danger.left}." if danger.left else ""
    return f"**{danger.kind}** {_name(danger)} ({kind}): {danger.what}.{left}"


def _name(danger: Danger) -> str:
    return code(_tail(danger.urn))


def _tail(urn: str) -> str:
    return name_of(urn)


def _policy(result: PolicyResult) -> str:
    ids = f" [{', '.join(ids_of(result.policy))}]" if ids_of(result.policy) else ""
    text = result.message.partition("\n")[2] or result.message
    name = _tail(result.urn)
    text = text if name and text.startswith(name) else f"{name}: {text}" if name else text
    return f"`{result.policy}`{ids} {' '.join(text.split())}"


def _waived(review: Review) -> Iterator[str]:
    for entry in review.waived:
        waiver = entry.filed.waiver
        yield (
            f"**{entry.danger.kind}** {_name(entry.danger)}: {entry.danger.what}. "
            f"{waiver.owner}, until {waiver.last_day}: {waiver.reason}"
        )


def _changes(review: Review) -> Iterator[str]:
    found = review.changes
    if not found.count() and not found.noise:
        return
    lines = [line for component, entries in found.by_component.items() for line in _component(component, entries)]
    lines += [_noise(kind, len(steps), found.tags) for kind, steps in found.noise.items()]
    if len(lines) <= VISIBLE_CHANGES:
        yield from ("### Changes by component", "", *map(_indented, lines), "")
    else:
        per = ", ".join(f"{name} {len(entries)}" for name, entries in found.by_component.items())
        yield from _fold(f"Changes by component: {per}", lines)
    folded = [f"- {NOISE[kind]}: {', '.join(map(_with_paths(kind), steps))}" for kind, steps in found.noise.items()]
    yield from _fold("Which resources those are", folded)


def _with_paths(kind: Noise) -> Callable[[PlanStep], str]:
    """A resource's name; where only the cloud differs, with the properties that the engine names."""
    if kind != "in the cloud only":
        return lambda step: code(step.name)
    return lambda step: f"{code(step.name)} ({', '.join(step.paths)})"


def _component(name: str, entries: Sequence[Change]) -> Iterator[str]:
    yield f"- **{name.replace('*', '')}**"
    for entry in entries:
        details = f": {'; '.join(entry.details)}" if entry.details else ""
        yield f"  - {_DONE[entry.step.op]} {code(entry.step.name)} ({entry.step.kind}){details}"


def _noise(kind: Noise, count: int, tags: Sequence[str]) -> str:
    what = f"their tags ({', '.join(tags)})" if kind == "tags only" and tags else NOISE[kind]
    only = "" if kind == "in the cloud only" else "only "
    return f"- {count} resource{'s change' if count != 1 else ' changes'} {only}{what}"


def _folded_policies(review: Review) -> Iterator[str]:
    yield from _fold(f"Advice by policies: {len(review.advice)}", (f"- {_policy(p)}" for p in review.advice))


def _not_evaluated(review: Review) -> Iterator[str]:
    lines = [f"- {code(_tail(urn)) + ': ' if urn else ''}{why}" for urn, why in review.not_evaluated]
    yield from _fold(f"Not evaluated, for a value is not known before the update: {len(lines)}", lines)


def _how_to_accept(review: Review) -> Iterator[str]:
    dangers = review.dangers
    if not dangers:
        return
    yield "<details><summary>If it is meant: a waiver</summary>"
    yield ""
    yield f"In `waivers/{review.plan.stack}.yaml`, reviewed with the change, at most 90 days ahead:"
    yield "```yaml"
    for danger in dangers:
        yield f"- urn: {_quoted(danger.urn)}"
        yield f"  effect: {danger.kind}"
        yield f"  change: {_quoted(danger.what)}"
        yield "  reason: "
        yield "  owner: "
        yield "  lastDay: "
    yield from ("```", "</details>", "")


def _fold(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = [_indented(line) for line in lines]
    if found:
        yield from (f"<details><summary>{inert(title)}</summary>", "", *found, "", "</details>", "")


def _indented(line: str) -> str:
    """A line that keeps its place in a list."""
    return line[: len(line) - len(line.lstrip())] + inert(line)


def _quoted(text: str) -> str:
    """A text as YAML takes it in one line, whatever is in it."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False)
