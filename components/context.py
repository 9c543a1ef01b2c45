"""Where a stack stands and what it is called: the facts that every component needs."""

from dataclasses import dataclass
from typing import Literal

DataClassification = Literal["customer-data", "credentials", "operational", "none"]


TASK_ROLE = "service-task"
EXECUTION_ROLE = "service-execution"
ROTATION_ROLE = "rotation"
RESTORE_ROLE = "restore"
EXPORT_ROLE = "export"
BACKUP_ROLE = "backup"
BOUNDARY = "workbuoy-boundary"  # of every role; AWS Backup's needs more, and has one of its own
OPERATORS_ROLE, LEAVING_ROLE = "workbuoy-operators", "workbuoy-leaving"  # people's roles, which bootstrap makes


@dataclass(frozen=True, kw_only=True)
class StackContext:
    """The account, region and names of one stack, plus the one switch for every safeguard.

    `name` begins every physical name (`workbuoy-prod`); logical names carry no environment, since the URN holds
    the stack. `permanent` drives protect, deletion protection, final snapshots, retained backups, recovery windows
    and whether keys outlive the stack. `retiring` lifts what would refuse a deletion, and nothing of what keeps data
    after one: final snapshot, retained backups, keys and recovery windows stay.
    """

    name: str
    environment: str
    account_id: str
    region: str
    permanent: bool
    owner: str
    tenant: str = "shared"
    retiring: bool = False
    permissions_boundary_arn: str | None = None

    @property
    def protected(self) -> bool:
        """Whether a deletion is refused: by the engine, and by AWS where it can."""
        return self.permanent and not self.retiring

    def tags(self, data_classification: DataClassification = "none", **more: str) -> dict[str, str]:
        """The owner tags of one resource (control WB.11), with what kind of data it holds."""
        return {
            "application": "workbuoy",
            "environment": self.environment,
            "tenant": self.tenant,
            "owner": self.owner,
            "data-classification": data_classification,
            **more,
        }

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource of this stack's account, known before the resource exists."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def role_arn(self, name: str) -> str:
        """The ARN of one of the stack's roles, known before the role exists."""
        return f"arn:aws:iam::{self.account_id}:role/{self.name}-{name}"

    @property
    def backup_boundary_arn(self) -> str | None:
        """Beside the boundary that bootstrap makes; any other boundary holds for this role too."""
        own = self.permissions_boundary_arn
        return f"{own}-{BACKUP_ROLE}" if own and own.endswith(f"/{BOUNDARY}") else own

    @property
    def root_arn(self) -> str:
        """The account itself as a principal: whoever IAM policies of this account allow."""
        return f"arn:aws:iam::{self.account_id}:root"
