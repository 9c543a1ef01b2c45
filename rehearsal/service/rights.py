"""The stack's roles beyond what its own programs ask for: what AWS does in their names, and the boundary above them."""

from facts.permissions.evaluate import held_statements
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
    statements = bootstrap_boundary(trial.cloud.account, trial.declared.stack, trial.cloud.region)
    boundary = held_statements("bootstrap's boundary", {"Version": "2012-10-17", "Statement": statements})
    beyond = trial.gate.outside(trial.declared.roles, boundary)
    if beyond:
        more = f" and {len(beyond) - SHOWN} more" if len(beyond) > SHOWN else ""
        raise StepError(f"{'; '.join(beyond[:SHOWN])}{more} lies outside the boundary: {REMEDY}")
    return f"{len(trial.declared.roles)} roles"
