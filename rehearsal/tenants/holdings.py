"""What a stack holds that another must not reach, read from its rehearsed graph."""

from collections.abc import Iterator
from dataclasses import dataclass

from facts import tokens as t
from rehearsal.result import Rehearsal, Rehearsed
from rehearsal.service.declared import DeclaredService, declared_service

TASK, EXECUTION, ROTATION, RESTORE = "task role", "execution role", "rotation role", "restore role"
EXPORT = "export role"
LOGIN, OWNER, OIDC, RESTORED = "login", "owner", "OIDC client", "restored login"
FILES = "files"


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """One stack's identities and things, each under the short name by which cells call it."""

    stack: str
    region: str
    declared: DeclaredService
    roles: dict[str, str]  # ARN by name
    buckets: dict[str, str]  # physical name
    secrets: dict[str, str]  # ARN
    keys: dict[str, str]  # ARN
    log_groups: dict[str, str]  # physical name

    @property
    def bucket(self) -> str:
        """The customer's own objects."""
        return self.buckets[FILES]


def holdings_of(rehearsal: Rehearsal) -> Holdings:
    """Everything of a stack that has a cell.

    Raises:
        NoServiceError: the stack declares no service, so that it has no roles either.
    """
    declared = declared_service(rehearsal)
    files = declared.service.environment["S3_BUCKET"]
    secrets = {LOGIN: declared.rotated_secret_arn, OWNER: declared.owner_secret_arn}
    secrets[RESTORED] = declared.restore.environment["RESTORED_DATABASE_SECRET_ID"]
    if "OIDC_SECRET_ID" in declared.service.environment:
        secrets[OIDC] = declared.service.environment["OIDC_SECRET_ID"]
    buckets = {str(one.outputs["bucket"]): one.name for one in _of(rehearsal, t.BUCKET)}
    return Holdings(
        stack=rehearsal.stack,
        region=rehearsal.region,
        declared=declared,
        roles={
            TASK: declared.task_role_arn,
            EXECUTION: declared.execution_role_arn,
            ROTATION: declared.rotation_role_arn,
            RESTORE: declared.restore_role_arn,
            EXPORT: declared.export_role_arn,
        },
        buckets={FILES: files, **{name.removesuffix("-bucket"): one for one, name in buckets.items() if one != files}},
        secrets=secrets,
        keys={one.name.removeprefix("keys-"): str(one.outputs["arn"]) for one in _of(rehearsal, t.KEY)},
        log_groups={one.name.removesuffix("-group"): str(one.outputs["name"]) for one in _of(rehearsal, t.LOG_GROUP)},
    )


def _of(rehearsal: Rehearsal, type_: str) -> Iterator[Rehearsed]:
    return (one for one in rehearsal.resources if one.type == type_)
