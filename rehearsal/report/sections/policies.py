"""What the policies say: what stops a change, what is advised, what could not be judged."""

from collections.abc import Sequence

from policies.runner import Finding
from project.terminal import count
from rehearsal.report.markup import Html, code, el, join
from rehearsal.report.present import Column, Section, chip, table
from rehearsal.report.view import View


def policies(view: View) -> Section | None:
    """None where the policies were not asked."""
    report = view.rehearsal.policies
    if report is None:
        return None
    advised = [one for one in report.having("fail") if one.level != "mandatory"]
    passed, unknown = len(report.having("pass")), report.having("not evaluated")
    body = join(
        el(
            "p",
            f"{count(passed, 'verdict')} passed by the levels of {report.environment}; "
            f"{len(report.violations)} mandatory failed, {len(advised)} advised, {len(unknown)} not evaluated.",
        ),
        _findings("Mandatory: these stop a change", report.violations),
        _findings("Not evaluated", unknown),
        _folded("Advised", advised),
        _folded("Exempt, with a reason on file", report.having("exempt")),
    )
    broken = len(report.violations)
    return Section("policies", "Policies", body, badge=str(broken or len(advised)), tone="bad" if broken else "")


def _folded(title: str, findings: Sequence[Finding]) -> Html | None:
    """What stops nothing is there for whoever asks."""
    found = _findings(title, findings)
    return el("details", el("summary", f"{title}: {len(findings)}"), found) if found else None


def _findings(title: str, findings: Sequence[Finding]) -> Html | None:
    if not findings:
        return None
    rows = [
        [
            join(one.control, chip(one.severity, "bad" if one.severity in ("critical", "high") else "")),
            code(one.urn.rpartition("::")[2]),
            one.message.removeprefix(f"{one.urn.rpartition('::')[2]}: "),
        ]
        for one in findings
    ]
    columns = (Column("Control"), Column("Resource"), Column("What, and the fix"))
    return table(title, columns, rows, class_="cards")
