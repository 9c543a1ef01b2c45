"""The service as it was tried in what the stack made: every step with its time, and what its roles needed."""

from base64 import b64encode

from project.terminal import count
from rehearsal.report.markup import Html, code, el, join
from rehearsal.report.present import Column, Section, bar, chip, items, milliseconds, table
from rehearsal.report.view import View
from rehearsal.service.result import ServiceRehearsal


def service(view: View) -> Section | None:
    """None where the service was left out."""
    found = view.rehearsal.service
    if found is None:
        return None
    failed = sum(not step.passed for step in found.steps) + len(found.denials)
    body = join(
        el("p", _lead(found)),
        _steps(found),
        _pictures(found),
        _listed("Refused on the way", found.denials, "bad"),
        _last_lines(found),
        _listed("What a reviewer of the change should know", found.notes, "warn"),
        _listed("Permissions that nothing here needed", found.unused, ""),
        _stand_ins(found),
    )
    badge = str(failed) if failed else milliseconds(found.seconds * 1000)
    return Section("service", "The service", body, badge=badge, tone="bad" if failed else "")


def _lead(found: ServiceRehearsal) -> str:
    if found.incomplete:
        return f"The service could not be tried: {found.incomplete}."
    whose = "The service"
    if found.program:
        whose = f"In the place of the bundled service, {found.program}"
    return (
        f"{whose} was started with the environment of the task definition, the secrets that the execution role "
        f"injects and the credentials of the task role. {count(found.judged, 'request')} to AWS were judged by this "
        "project's own evaluator of permissions, not by AWS."
        + (" It was held to the contract of docs/other-image.md, and to nothing else." if found.program else "")
    )


def _steps(found: ServiceRehearsal) -> Html | None:
    if not found.steps:
        return None
    longest = max(step.seconds for step in found.steps)
    rows = [
        [
            join(step.name, chip("failed", "bad") if not step.passed else None),
            step.detail,
            bar([(step.seconds, "make")], longest),
            milliseconds(step.seconds * 1000),
        ]
        for step in found.steps
    ]
    columns = (Column("Step"), Column("What came of it"), Column("Share", "chart"), Column("Took", "amount"))
    return table("Steps", columns, rows, class_="timings steps")


def _pictures(found: ServiceRehearsal) -> Html | None:
    """What a person saw, small; the browser shows one larger where it is opened by itself."""
    if not found.pictures:
        return None
    shown = [
        el(
            "figure",
            el("img", src=f"data:image/png;base64,{b64encode(one.png).decode()}", alt=one.name, loading="lazy"),
            el("figcaption", one.name),
        )
        for one in found.pictures
    ]
    return join(el("h3", "A person in Chromium, by the keyboard alone"), el("div", shown, class_="pictures"))


def _listed(title: str, entries: tuple[str, ...], tone: str) -> Html | None:
    if not entries:
        return None
    return join(el("h3", title, chip(str(len(entries)), tone)), items([code(one) for one in entries], "bullets"))


def _last_lines(found: ServiceRehearsal) -> Html | None:
    if not found.last_lines:
        return None
    return join(el("h3", "Its last log lines"), el("pre", "\n".join(found.last_lines), tabindex=0))


def _stand_ins(found: ServiceRehearsal) -> Html | None:
    if not found.stand_ins:
        return None
    rows = [
        [code(one.path.removeprefix("environment.")), code(one.placeholder), code(one.stand_in)]
        for one in found.stand_ins
    ]
    columns = (Column("Variable", "whole"), Column("Declared"), Column("Here"))
    return table("Stand-ins in its environment", columns, rows)
