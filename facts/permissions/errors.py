"""What is wrong with a policy as it is written."""


class PolicyError(ValueError):
    """A policy document that AWS would not take: it cannot be judged, and must not be passed over."""


class UnknownOperatorError(PolicyError):
    """A condition operator that AWS does not document."""


class ConditionValueError(PolicyError):
    """A condition's value that is not of its operator's kind: no date, number, address or boolean."""


class PrincipalError(PolicyError):
    """A Principal or NotPrincipal element that names nobody AWS knows."""
