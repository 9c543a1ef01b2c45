"""The stack's roles beyond what its own programs ask for: what AWS does in their names, and the boundary above them."""

from collections.abc import Sequence

from bootstrap.names import boundary_of
from facts.permissions.evaluate import Held, held_statements
from rehearsal.boundary import bootstrap_boundary
from rehearsal.permissions.bounds import REMEDY
from rehearsal.service.trial import StepError, Trial

SHOWN = 3


def act_as_aws(trial: Trial) -> str:
    """What AWS's own services ask for as the stack's roles: an image pulled, logs written, network interfaces."""
    refused = []
    for role_arn, action in trial.declared.by_aws:
        decision = trial.gate.ask(role_arn, action)
        if not decision.allowed:
            refused.append(f"{role_arn.rpartition('/')[2]}: {decision.reason}")
    if refused:
        raise StepError("; ".join(refused[:SHOWN]))
    return f"{len(trial.declared.by_aws)} requests of ECS, Lambda, RDS and flow logs"


def stay_within_boundary(trial: Trial) -> str:
    """Everything that the roles are given lies within bootstrap's boundary, whether or not this stack names it yet."""
    declared = trial.declared
    beyond = [one for arn in declared.roles for one in trial.gate.outside(arn, _boundary_of(arn, trial), declared.tags)]
    if beyond:
        more = f" and {len(beyond) - SHOWN} more" if len(beyond) > SHOWN else ""
        raise StepError(f"{'; '.join(beyond[:SHOWN])}{more} lies outside the boundary: {REMEDY}")
    return f"{len(declared.roles)} roles"


def _boundary_of(role_arn: str, trial: Trial) -> Sequence[Held]:
    name = boundary_of(role_arn)
    statements = bootstrap_boundary(trial.cloud.account, trial.declared.stack, (trial.cloud.region,), name)
    return held_statements(f"bootstrap's {name}", {"Version": "2012-10-17", "Statement": statements})
