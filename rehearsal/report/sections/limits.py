"""What a rehearsal does not prove, with this one's own figures."""

from collections import Counter

from facts import tokens as t
from graph.resource import short_type
from project.terminal import count
from rehearsal.report.markup import Html, el, join
from rehearsal.report.present import TIMES, Section, items
from rehearsal.report.sections.verdict import resources_of
from rehearsal.report.view import View
from rehearsal.result import Check, State


def limits(view: View) -> Section:
    """Every way in which AWS may still differ."""
    entries = [
        ("moto is not AWS", _moto(view)),
        ("A change was made in moto alone", _IN_PLACE)
        if view.rehearsal.change
        else ("Nothing was changed or replaced", _CHANGES),
        ("Declared only", _declared_only(view)),
        ("Fields not checked", _unchecked(view)),
        ("Alarms never went off", _alarms(view)),
        ("Permissions were not judged by AWS", _permissions(view)),
        ("Some values were stand-ins", _stand_ins(view)),
    ]
    made = [[el("dt", name), el("dd", what)] for name, what in entries if what is not None]
    return Section("limits", "What this does not prove", el("dl", made, class_="limits"))


_CHANGES = (
    "A rehearsal creates each resource once, in an empty account. It shows no update, no replacement and no "
    "deletion: what acts only then is listed as not checked. `workbuoy rehearse --since REV` makes a change in "
    "place, and `pulumi preview` shows it against the real stack."
)
_IN_PLACE = (
    "What stood was made in moto from the older program, not read from an account: what somebody changed there by hand "
    "is not in it. Each update was one that AWS's own models know; how long AWS takes over it was not measured."
)


def _moto(view: View) -> str:
    if view.rehearsal.declare_only:
        return "Nothing was created at all, not even in moto: only the program and the declared values were looked at."
    return (
        "It keeps what it is told and answers for it. Quotas, capacity, names that somebody else has taken, slow "
        "starts, prices and most of AWS's own checks are not in it. What AWS would refuse is looked for by this "
        "project's own checks, which do not know everything."
    )


def _declared_only(view: View) -> Html | None:
    reasons: dict[str, Counter[str]] = {}
    for one in resources_of(view.rehearsal):
        if one.state is State.DECLARED_ONLY:
            reasons.setdefault(view.scrub(one.reason) or "no reason is given", Counter())[short_type(one.type)] += 1
    if not reasons:
        return None
    return items(
        [
            f"{reason}: {', '.join(f'{name} {TIMES} {many}' for name, many in sorted(types.items()))}"
            for reason, types in reasons.items()
        ],
        "bullets",
    )


def _unchecked(view: View) -> Html | None:
    reasons = Counter(
        view.scrub(field.reason) or "no reason is given"
        for one in resources_of(view.rehearsal)
        for field in one.fields
        if field.check is Check.NOT_CHECKED
    )
    if not reasons:
        return None
    ordered = sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0]))
    return join(
        f"{count(reasons.total(), 'declared value')} could not be compared, and none of them counts as passed: ",
        items([f"{reason}: {count(many, 'field')}" for reason, many in ordered], "bullets"),
    )


def _alarms(view: View) -> str | None:
    many = sum(1 for _ in view.graph.of(t.METRIC_ALARM))
    if not many:
        return None
    return (
        f"{count(many, 'alarm')} {'is' if many == 1 else 'are'} declared. Whether a threshold fits, and whether "
        "anybody reads the mail, shows only in use."
    )


def _permissions(view: View) -> str | None:
    many = sum(1 for _ in view.graph.of(t.ROLE))
    if not many:
        return None
    if view.rehearsal.service is not None:
        return (
            "The service's requests were judged by this project's own evaluator, by the policies that stand in moto; "
            "creating the stack itself was not judged. Service control policies and other accounts' policies are "
            "unknown here."
        )
    return (
        f"{count(many, 'role')} {'is' if many == 1 else 'are'} declared, but moto let every call of the rehearsal "
        "through. Service control policies and other accounts' policies are unknown here."
    )


def _stand_ins(view: View) -> str | None:
    many = len(view.rehearsal.stand_ins)
    if not many:
        return None
    return f"{count(many, 'value')} {'was' if many == 1 else 'were'} made up for the rehearsal, and named at the top."
