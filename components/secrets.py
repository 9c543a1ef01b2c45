"""Secret entries without values: the database login, written by rotation, and those that operators fill."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi_aws as aws
import pulumi_random as random
from pulumi import ComponentResource, Input, Output, ResourceOptions
from pydantic import Field

from components.context import RESTORE_ROLE, ROTATION_ROLE, TASK_ROLE, StackContext
from components.permissions import ANYONE, Statement, policy_document
from components.settings import Settings

RECOVERY_WINDOW_DAYS = 30


class SecretsSettings(Settings):
    """How often what rotates is rotated."""

    rotation_days: Annotated[int, Field(ge=1, le=90, description="Control SecretsManager.4")] = 30


@dataclass(frozen=True, kw_only=True)
class SecretsArgs:
    """`with_oidc` is off where the mock login serves: then there is no entry for it."""

    context: StackContext
    key_arn: Input[str]
    with_oidc: bool


class Secrets(ComponentResource):
    """Entries whose values never pass through the program, its configuration or its state.

    Rotation is attached by `components.rotation`, once everything exists that it needs to succeed.
    """

    database_login_arn: Output[str]
    database_login_policy: aws.secretsmanager.SecretPolicy
    restored_login_arn: Output[str]
    oidc_client_arn: Output[str] | None

    def __init__(self, name: str, args: SecretsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Secrets", name, None, opts)
        self._name, self._args = name, args
        # A deleted entry keeps its name for the recovery window: the suffix lets the next stack have one.
        self._suffix = random.RandomId(
            f"{name}-suffix",
            byte_length=4,
            keepers={"stack": args.context.name},
            opts=ResourceOptions(parent=self),
        )
        # Role names are the stack's own, so that an entry is closed before the roles exist.
        task_role_arn, rotation_role_arn = (args.context.role_arn(role) for role in (TASK_ROLE, ROTATION_ROLE))
        self.database_login_arn, self.database_login_policy = self._entry(
            "database-login",
            "The service's database login; written by its rotation function",
            rotation="automatic",
            readers=[task_role_arn, rotation_role_arn],
            writers=[rotation_role_arn],
        )
        self.restored_login_arn, _ = self._entry(
            "restored-login",
            "The owner's login of a restored copy of the database; whoever makes the copy fills it",
            rotation="manual",
            readers=[args.context.role_arn(RESTORE_ROLE)],
            writers=None,
        )
        self.oidc_client_arn = None
        if args.with_oidc:
            self.oidc_client_arn, _ = self._entry(
                "oidc-client",
                "The OIDC client's secret; an operator fills it",
                rotation="manual",
                readers=[task_role_arn],
                writers=None,
            )
        self.register_outputs({"databaseLoginArn": self.database_login_arn})

    def read_database_login(self) -> Statement:
        """Read the service's database login."""
        return read_secret("ReadDatabaseLogin", self.database_login_arn)

    def read_restored_login(self) -> Statement:
        """Read the owner's login of a restored copy."""
        return read_secret("ReadRestoredLogin", self.restored_login_arn)

    def read_oidc_client(self) -> list[Statement]:
        """Read the OIDC client's secret, where there is one."""
        return [read_secret("ReadOidcClient", self.oidc_client_arn)] if self.oidc_client_arn else []

    def rotate_database_login(self) -> Statement:
        """Write new versions of the database login and move their stages.

        Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
        """
        return Statement(
            sid="RotateDatabaseLogin",
            actions=[
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            resources=[self.database_login_arn],
        )

    def _entry(
        self,
        kind: str,
        description: str,
        rotation: str,
        readers: Sequence[str],
        writers: Sequence[str] | None,
    ) -> tuple[Output[str], aws.secretsmanager.SecretPolicy]:
        context = self._args.context
        secret = aws.secretsmanager.Secret(
            f"{self._name}-{kind}",
            name=Output.concat(context.name, "/", kind, "-", self._suffix.hex),
            description=description,
            kms_key_id=self._args.key_arn,
            recovery_window_in_days=RECOVERY_WINDOW_DAYS if context.permanent else 0,
            tags=context.tags("credentials", rotation=rotation),
            opts=ResourceOptions(parent=self, protect=context.protected),
        )
        refusals = [_refuse_others("RefuseOtherReaders", "secretsmanager:GetSecretValue", readers)]
        if writers is not None:
            refusals.append(_refuse_others("RefuseOtherWriters", "secretsmanager:PutSecretValue", writers))
        policy = aws.secretsmanager.SecretPolicy(
            f"{self._name}-{kind}-policy",
            secret_arn=secret.arn,
            policy=policy_document(refusals),
            block_public_policy=True,
            opts=ResourceOptions(parent=self),
        )
        return secret.arn, policy


def read_secret(sid: str, secret_arn: Input[str]) -> Statement:
    """Read the current value of one secret."""
    return Statement(sid=sid, actions=["secretsmanager:GetSecretValue"], resources=[secret_arn])


def _refuse_others(sid: str, action: str, role_arns: Sequence[str]) -> Statement:
    """Whatever their own policies say, nobody but these roles; opening it is a visible change of the entry's policy."""
    return Statement(
        sid=sid,
        effect="Deny",
        actions=[action],
        resources=["*"],  # in a secret's policy: this secret
        principals=ANYONE,
        conditions={"ArnNotEquals": {"aws:PrincipalArn": list(role_arns)}},
    )
