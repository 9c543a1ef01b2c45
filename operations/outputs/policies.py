"""The outputs of `workbuoy policies ... --json`."""

from collections import Counter
from typing import TYPE_CHECKING, Literal, Self

from operations.outputs.printed import Printed

if TYPE_CHECKING:  # it imports Pulumi, which reading an output must not pay for
    from policies.runner import Finding, Report


class Verdict(Printed):
    """What a control says of one resource."""

    urn: str
    status: Literal["pass", "fail", "exempt", "not evaluated"]
    message: str | None = None


class Control(Printed):
    """A control of the catalogue with its verdicts."""

    name: str
    ids: list[str]
    severity: str
    level: str
    title: str
    fix: str
    implemented_by: str
    resources: list[Verdict]


class PoliciesCheck(Printed):
    """Every control's verdict on every resource."""

    environment: str
    failed: bool
    counts: dict[str, int]
    unused_exemptions: list[str]
    controls: list[Control]

    @classmethod
    def of(cls, report: "Report") -> Self:
        """The whole catalogue, with what a run found."""
        from policies.catalogue import catalogue

        levels = {finding.control: finding.level for finding in report.findings} | dict.fromkeys(
            report.disabled, "disabled"
        )
        found: dict[str, list[Verdict]] = {name: [] for name in catalogue()}
        for finding in report.findings:
            found[finding.control].append(_verdict(finding))
        return cls(
            environment=report.environment,
            failed=report.failed,
            counts=Counter(finding.status for finding in report.findings),
            unused_exemptions=list(report.unused_exemptions),
            controls=[
                Control(
                    name=name,
                    ids=list(control.ids),
                    severity=control.severity,
                    level=levels.get(name, control.level_in(report.environment)),
                    title=control.title,
                    fix=control.fix,
                    implemented_by=control.by,
                    resources=found[name],
                )
                for name, control in catalogue().items()
            ],
        )


def _verdict(finding: "Finding") -> Verdict:
    message = {"message": finding.message} if finding.message else {}
    return Verdict(urn=finding.urn, status=finding.status, **message)


class Fault(Printed):
    """A fault in a policy document."""

    urn: str
    property: str
    rule: str
    message: str


class PoliciesLint(Printed):
    """The faults of every policy document."""

    faults: list[Fault]


class Grant(Printed):
    """One action that a role has, or is denied, on a resource."""

    role: str
    action: str
    resource: str
    effect: Literal["Allow", "Deny"]
    condition: str


class PoliciesMatrix(Printed):
    """Who may do what, one grant an entry."""

    grants: list[Grant]
