"""What somebody of one party is meant to be allowed on another's things, each with the reason; all else is a hole."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from components.names import ERASURES_PREFIX, EVIDENCE_PREFIX, IMPORT_PREFIX
from facts import tokens as t
from facts.permissions.actions import covers, writes
from facts.ways.callers import Caller
from facts.ways.data import touches_data
from facts.ways.judging import Way
from facts.ways.model import Path
from facts.ways.parties import ACCOUNT
from facts.ways.references import REFERENCE
from facts.ways.things import Thing
from rehearsal.tenants.intended_copies import Copies, intended_for_copies, meant_copy

# Of bootstrap/roles.py.
PREVIEW, DEPLOY, OPERATORS, LEAVING = "preview-role", "deploy-role", "operators-role", "leaving-role"
DRILL = "drill-role"
_TASK: Final = "service-task-role"
_EXPORT: Final = "export-role"
_PUTS: Final = ("s3:PutObject", "s3:AbortMultipartUpload")
_USES: Final = ("kms:Decrypt", "kms:GenerateDataKey")
_TOLD_OF_ITS_BASE: Final = (
    ("export-task", "exports-bucket"),
    ("scraping-rules", "metrics-workspace"),
    ("scraping-collector", "metrics-workspace"),
)


@dataclass(frozen=True, kw_only=True)
class OnItsWay:
    """A tenant whose data one stack brings to another: its record says `promotion: open`, or names a `move`."""

    tenant: str
    sender: str
    receiver: str


@dataclass(frozen=True, kw_only=True)
class Intended:
    """Actions (patterns) that a role is meant to have on things by their names (patterns)."""

    role: str
    things: str
    actions: tuple[str, ...]
    reason: str


_OF_THE_ACCOUNT: Final = (
    Intended(
        role=OPERATORS,
        things="*-group",
        actions=("logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetLogRecord", "logs:*Quer*"),
        reason="people on duty read the logs of what runs",
    ),
    Intended(
        role=OPERATORS,
        things="secrets-oidc-client",
        actions=("secretsmanager:PutSecretValue",),
        reason="people fill in the identity provider's secret, and do not read it",
    ),
    Intended(
        role=OPERATORS,
        things="secrets-restored-login",
        actions=("secretsmanager:PutSecretValue",),
        reason="whoever makes a copy of a database fills in its login, and does not read it",
    ),
    Intended(
        role=OPERATORS,
        things="keys-*",
        actions=("kms:Decrypt", "kms:GenerateDataKey"),
        reason="to put that secret and to read a promotion's manifest takes the keys, through those services alone",
    ),
    Intended(
        role=OPERATORS,
        things="*one-off-task",
        actions=("ecs:RunTask",),
        reason="one-off work is a command of the image",
    ),
    Intended(
        role=OPERATORS,
        things="*restore-task",
        actions=("ecs:RunTask",),
        reason="bringing data back is a command of the image",
    ),
    Intended(
        role=OPERATORS,
        things="database-instance",
        actions=("rds:RestoreDBInstanceToPointInTime",),
        reason="a copy of a database is made beside it, where restore's tasks alone reach it",
    ),
    Intended(
        role=OPERATORS,
        things="keys-*",
        actions=("kms:CreateGrant",),
        reason="RDS asks for the key of a copy in their name, and only through it",
    ),
    Intended(
        role=OPERATORS,
        things="*restore-role",
        actions=("iam:PassRole",),
        reason="a task that brings data back runs with the role that may",
    ),
    Intended(
        role=OPERATORS,
        things="*tasks of *",
        actions=("ecs:StopTask", "ecs:TagResource"),
        reason="one-off work is ended, and takes its definition's tags",
    ),
    Intended(
        role=OPERATORS,
        things="*service-*-role",
        actions=("iam:PassRole",),
        reason="one-off work runs with the service's roles",
    ),
    Intended(
        role=OPERATORS,
        things="*files*bucket",
        actions=("s3:ListBucket",),
        reason="the manifest and the receipt of a promotion are looked for by their own names",
    ),
    Intended(
        role=OPERATORS,
        things="*drill-task",
        actions=("ecs:RunTask",),
        reason="a drill is a command of the image that touches the copy alone",
    ),
    Intended(
        role=DRILL,
        things="secrets-restored-login",
        actions=("secretsmanager:PutSecretValue",),
        reason="whoever makes a copy of a database fills in its login, and does not read it",
    ),
    Intended(
        role=DRILL,
        things="keys-*",
        actions=("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey"),
        reason="a copy, its login and the evidence take the keys, through those services alone",
    ),
    *(
        Intended(
            role=role,
            things=key,
            actions=("kms:CreateGrant", *_USES),
            reason="the same statements, through services or buckets that this key does not let: decided apart",
        )
        for role, key in ((DRILL, "exports-key"), (DRILL, "metrics-key"), (OPERATORS, "metrics-key"))
    ),
    Intended(
        role=LEAVING,
        things="metrics-key",
        actions=("kms:Decrypt",),
        reason="the statement for exports, through S3, which this key does not let: decided apart",
    ),
    Intended(
        role=DRILL,
        things="*drill-task",
        actions=("ecs:RunTask",),
        reason="a schedule starts the commands that touch a copy alone",
    ),
    Intended(
        role=DRILL,
        things="database-instance",
        actions=("rds:RestoreDBInstanceToPointInTime",),
        reason="a copy of a database is made beside it, where restore's tasks alone reach it",
    ),
    Intended(
        role=DRILL,
        things="*restore-role",
        actions=("iam:PassRole",),
        reason="a drill's task runs with the role that reads a copy",
    ),
    Intended(
        role=DRILL,
        things="*service-execution-role",
        actions=("iam:PassRole",),
        reason="a task is started by the role that starts tasks",
    ),
    Intended(
        role=DRILL,
        things="*tasks of *",
        actions=("ecs:TagResource",),
        reason="a task takes its definition's tags",
    ),
    Intended(
        role=DRILL,
        things="*-group",
        actions=("logs:GetLogEvents",),
        reason="what a drill's task says is in the service's log",
    ),
    Intended(
        role=DRILL,
        things="*files*bucket",
        actions=("s3:ListBucket",),
        reason="the evidence of earlier drills is looked for below its own prefix",
    ),
    Intended(
        role=OPERATORS,
        things="*export-task",
        actions=("ecs:RunTask",),
        reason="handing data over is a command of the image",
    ),
    Intended(
        role=OPERATORS,
        things="*export-role",
        actions=("iam:PassRole",),
        reason="a task that hands data over runs with the role that may",
    ),
    Intended(
        role=OPERATORS,
        things="*exports-bucket*",
        actions=("s3:ListBucketVersions",),
        reason="whether an export has ended is asked for, older versions included; none is read",
    ),
    *(
        Intended(role=role, things=things, actions=actions, reason="exports are read by people alone, and handed over")
        for role in (OPERATORS, LEAVING)
        for things, actions in (
            ("*exports-bucket*", ("s3:GetObject", "s3:ListBucket")),
            ("exports-key", _USES),
            ("keys-*", ("kms:Decrypt",)),  # through S3 and for those buckets alone, which no graph decides
        )
    ),
    *(
        Intended(
            role=role,
            things="backup-key",
            actions=("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey"),
            reason="statements for RDS and S3, through which this key does not let: decided apart",
        )
        for role in (OPERATORS, LEAVING, DRILL)
    ),
    *(
        Intended(
            role=role,
            things="*-bucket",
            actions=("s3:ListBucket",),
            reason="to ask whether a bucket is there takes it; objects are named by ids",
        )
        for role in (PREVIEW, DEPLOY, LEAVING)
    ),
    Intended(
        role=LEAVING,
        things="*files*bucket",
        actions=("s3:ListBucketVersions", "s3:DeleteObject", "s3:DeleteObjectVersion"),
        reason="a customer's buckets are emptied before they go; a base's are refused by name",
    ),
    *(
        Intended(
            role=DEPLOY,
            things=keys,
            actions=("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey"),
            reason="RDS, Secrets Manager, S3 and SNS ask for the keys in its name, and only through them",
        )
        for keys in ("keys-*", "exports-key", "metrics-key", "backup-key")
    ),
    Intended(
        role=DEPLOY,
        things="*-role",
        actions=("iam:PassRole", "iam:UpdateAssumeRolePolicy"),
        reason="it makes the stacks' roles, all within the boundary, and hands them to services",
    ),
    Intended(
        role=DEPLOY,
        things="observability-alarms",
        actions=("sns:Subscribe",),
        reason="it makes the subscriptions of those on call",
    ),
    Intended(
        role=DEPLOY,
        things="secrets-*",
        actions=("secretsmanager:UpdateSecret",),
        reason="it sets a secret's key and description",
    ),
    Intended(
        role=DEPLOY,
        things="*rotation-function",
        actions=("lambda:InvokeFunction",),
        reason="Secrets Manager tries the function in its name when a rotation is set up",
    ),
)


def intended(caller: Caller, thing: Thing, way: Way, on_their_way: Sequence[OnItsWay], copies: Copies) -> str:
    """Why something is meant to be open; empty where it is not."""
    if caller.party == ACCOUNT:
        return _intended_of_the_account(caller.name, thing, way)
    if thing.party == ACCOUNT:
        pulls = caller.name == "service-execution-role" and thing.type == t.REPOSITORY and not writes(way.action)
        return "every stack runs the account's one image, which holds nobody's data" if pulls else ""
    if reason := _intended_by_export(caller, thing, way) or intended_for_copies(caller, thing, way, copies):
        return reason
    reasons = (_intended_on_its_way(caller, thing, way, one) for one in on_their_way if one.receiver == thing.party)
    return next(filter(None, reasons), "")


def _papers(arn: str) -> str:
    """Why people on duty read some objects of a bucket of files, none of which is an attachment."""
    name = arn.partition("/")[2]
    if any(fnmatchcase(name, f"*{IMPORT_PREFIX}/*/{paper}") for paper in ("manifest.json", "receipt.json")):
        return "counts and checksums of a promotion; no attachment is called so"
    if f"/{ERASURES_PREFIX}/entries/" in arn:
        return "what was erased and when is read for an auditor: keyed hashes, without their salt"
    return ""


def _intended_of_the_account(role: str, thing: Thing, way: Way) -> str:
    if role == OPERATORS and way.action == "s3:GetObject" and (reason := _papers(way.arn)):
        return reason
    kept = way.action in ("s3:GetObject", "s3:PutObject") and f"/{EVIDENCE_PREFIX}/" in way.arn
    if kept and role in (OPERATORS, DRILL):
        return "what drills and restores found is written once and read again; it holds sums, and no row or file"
    if not touches_data(way.action):
        if role == DEPLOY:
            return "it makes and changes what a stack consists of: docs/bootstrap.md says what it could do by that"
        if role == LEAVING:
            return "a person with MFA ends a customer's stack by it: docs/bootstrap.md says what it could end"
        if role in (PREVIEW, OPERATORS, DRILL) and not writes(way.action):
            return "how a thing is set up is compared with what is declared, and looked up by people on duty"
    listed = (one for one in _OF_THE_ACCOUNT if one.role == role and fnmatchcase(thing.name, one.things))
    return next((one.reason for one in listed if covers(one.actions, way.action)), "")


def intended_path(path: Path, copies: Copies) -> bool:
    """Whether a way that no policy decides is meant: a silo is told where its base keeps exports and metrics."""
    named = path.by == REFERENCE and (path.caller, path.thing) in _TOLD_OF_ITS_BASE
    return (named and path.party.startswith(f"{path.whom}-")) or meant_copy(path, copies)


def _intended_by_export(caller: Caller, thing: Thing, way: Way) -> str:
    """A silo is called `BASE-TENANT`, and its exports lie in its base's place below the customer's name."""
    tenant = caller.party.removeprefix(f"{thing.party}-")
    if caller.name != _EXPORT or tenant == caller.party:
        return ""
    puts = thing.name == "objects of exports-bucket" and way.action in _PUTS and f"/{tenant}/" in way.arn
    uses = thing.name == "exports-key" and way.action in _USES
    return f"{tenant}'s exports go to its base's place for them, which tasks cannot read" if puts or uses else ""


def _intended_on_its_way(caller: Caller, thing: Thing, way: Way, one: OnItsWay) -> str:
    if caller.party != one.sender or caller.name != _TASK:
        return ""
    inside = f"/{IMPORT_PREFIX}/{one.tenant}/"
    puts = way.action in _PUTS and inside in way.arn
    uses = thing.name == "keys-files" and way.action in _USES
    return f"{one.tenant}'s data are on their way: its record says promotion: open, or move" if puts or uses else ""
