"""Physical names that other parts rely on: they are a contract, and never change."""

from components.context import BACKUP_ROLE, BOUNDARY

STATE_KEY_ALIAS = "alias/workbuoy-state"
TRAIL_KEY_ALIAS = "alias/workbuoy-trail"
REPOSITORY = "workbuoy"
BACKUP_BOUNDARY = f"{BOUNDARY}-{BACKUP_ROLE}"
PREVIEW_ROLE = "workbuoy-preview"
DRILL_ROLE = "workbuoy-drill"
TRAIL = "workbuoy-account"


def boundary_of(role: str) -> str:
    """The name of the boundary that a stack's role of this name or ARN has to bear."""
    return BACKUP_BOUNDARY if role.endswith(f"-{BACKUP_ROLE}") else BOUNDARY


def state_bucket(account_id: str, region: str) -> str:
    """The bucket of the account's Pulumi state; names of buckets are shared by all of AWS."""
    return f"workbuoy-state-{account_id}-{region}"


def trail_bucket(account_id: str, region: str) -> str:
    """The bucket of the account's trail."""
    return f"workbuoy-trail-{account_id}-{region}"


def deploy_role(environment: str) -> str:
    """The role that deploys an environment's stacks."""
    return f"workbuoy-deploy-{environment}"


def drill_environment(environment: str) -> str:
    """GitHub's environment for drills: one without reviewers, since nobody is awake, and for main alone."""
    return f"drills-{environment}"


def state_address(account_id: str, region: str) -> str:
    """What `pulumi login` takes."""
    return f"s3://{state_bucket(account_id, region)}?region={region}"


def fleet_folder(environment: str) -> str:
    """Where the state bucket keeps the journal of an environment's rollouts."""
    return f"workbuoy/fleet/{environment}"


def secrets_provider(region: str) -> str:
    """What a stack's `secretsprovider` is."""
    return f"awskms://{STATE_KEY_ALIAS}?region={region}"
