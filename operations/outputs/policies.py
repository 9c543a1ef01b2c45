"""The outputs of `workbuoy policies ... --json`."""

from typing import Literal

from operations.outputs.printed import Printed


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
