"""IAM: what identities may do, and who may become them."""

import re

from facts import tokens as t
from facts.permissions.actions import covers, takes_resource, writes
from facts.permissions.documents import (
    IDENTITY_TYPES,
    Statement,
    conditions,
    identity_statements,
    is_open,
    principals,
    statements,
    values_of,
)
from facts.permissions.escalation import escalations
from graph.values import items
from policies.rule import Args, Report, rule, stack_rule

GITHUB = "token.actions.githubusercontent.com"
# repo:OWNER/NAME:..., since mid-2026 also repo:OWNER@123/NAME@456:... (github/docs#45221)
GITHUB_SUBJECT = re.compile(
    r"repo:(?P<owner>[\w.-]+)(?:@\d+)?/(?P<name>[\w.-]+)(?:@\d+)?:"
    r"(?:(?P<environment>environment:[\w.-]+)|pull_request|ref:refs/heads/main)"
)
ADMINISTRATOR = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")
IDENTITY_CENTER = re.compile(r"^arn:aws[a-z-]*:iam::\d{12}:role/aws-reserved/sso\.amazonaws\.com/.*AWSReservedSSO_\w+")


def _label(statement: Statement) -> str:
    return str(statement.get("Sid") or "a statement without a Sid")


@rule("role-refuse-administrator-statement", *IDENTITY_TYPES)
def refuse_administrator_statement(args: Args, report: Report) -> None:
    for statement in identity_statements(args.type, args.props):
        actions = values_of(statement, "Action")
        if ("*" in actions or "*:*" in actions) and "*" in values_of(statement, "Resource"):
            report(f"{_label(statement)} allows every action on every resource")


@rule("role-name-actions", *IDENTITY_TYPES)
def name_actions(args: Args, report: Report) -> None:
    for statement in identity_statements(args.type, args.props):
        wild = [action for action in values_of(statement, "Action") if "*" in action or "?" in action]
        if wild:
            report(f"{_label(statement)} allows {', '.join(wild)}")
        if "NotAction" in statement:
            report(f"{_label(statement)} allows everything but a list (NotAction)")


@rule("role-name-resources", *IDENTITY_TYPES)
def name_resources(args: Args, report: Report) -> None:
    for statement in identity_statements(args.type, args.props):
        if "NotResource" in statement:
            report(f"{_label(statement)} allows everything but a list (NotResource)")
        if "*" not in values_of(statement, "Resource"):
            continue
        wide = [action for action in values_of(statement, "Action") if takes_resource(action)]
        if wide:
            report(f"{_label(statement)} allows {', '.join(wide)} on *, though it takes a resource")


@rule("role-refuse-escalation", *IDENTITY_TYPES)
def refuse_escalation(args: Args, report: Report) -> None:
    for problem in escalations(list(identity_statements(args.type, args.props))):
        report(problem)


@rule("role-refuse-decrypt-everywhere", *IDENTITY_TYPES)
def refuse_decrypt_everywhere(args: Args, report: Report) -> None:
    for statement in identity_statements(args.type, args.props):
        everywhere = any(
            resource == "*" or re.fullmatch(r"arn:aws[a-z-]*:kms:[^:]*:[^:]*:(key/)?\*", resource)
            for resource in values_of(statement, "Resource")
        )
        actions = values_of(statement, "Action")
        if everywhere and any(covers(actions, action) for action in ("kms:Decrypt", "kms:ReEncryptFrom")):
            report(f"{_label(statement)} decrypts with every key")


@rule("role-name-trusted-principals", t.ROLE)
def name_trusted_principals(args: Args, report: Report) -> None:
    for statement in statements(args.props.get("assumeRolePolicy")):
        if statement.get("Effect") != "Allow":
            continue
        if is_open(statement):
            report(f"{_label(statement)} trusts everybody")
        narrowed = "aws:principalarn" in conditions(statement)
        for principal in principals(statement):
            if re.fullmatch(r"(arn:aws[a-z-]*:iam::)?\d{12}(:root)?", principal) and not narrowed:
                report(f"{_label(statement)} trusts a whole account")


@rule("role-refuse-administrator-policy", t.ROLE_ATTACHMENT, t.USER_ATTACHMENT, t.GROUP_ATTACHMENT, t.ROLE)
def refuse_administrator_policy(args: Args, report: Report) -> None:
    for arn in [*items(args.props.get("policyArn")), *items(args.props.get("managedPolicyArns"))]:
        if str(arn).endswith(tuple(f":policy/{name}" for name in ADMINISTRATOR)):
            report(f"{str(arn).rsplit('/', 1)[-1]} is attached")


@stack_rule("role-pin-github-subject", t.ROLE)
def pin_github_subject(args: Args, report: Report) -> None:
    for statement in statements(args.props.get("assumeRolePolicy")):
        if not any(GITHUB in name for name in principals(statement, "Federated")):
            continue
        found = conditions(statement)
        audiences = [v for op, values in found.get(f"{GITHUB}:aud", ()) if op == "StringEquals" for v in values]
        if audiences != ["sts.amazonaws.com"]:
            report("aud is not compared with sts.amazonaws.com by StringEquals")
        subjects = [v for op, values in found.get(f"{GITHUB}:sub", ()) if op == "StringEquals" for v in values]
        if not subjects:
            report("sub is not compared by StringEquals")
        for subject in subjects:
            _judge_subject(args, subject, report)


def _judge_subject(args: Args, subject: str, report: Report) -> None:
    parsed = GITHUB_SUBJECT.fullmatch(subject)
    if not parsed:
        report(f"sub {subject} is not one repository and one environment")
        return
    repository = f"{parsed['owner']}/{parsed['name']}"
    allowed = args.settings["repositories"]
    if allowed and repository not in allowed:
        report(f"sub names the repository {repository}, which the settings do not")
    if not parsed["environment"] and _may_write(args):
        report(f"sub {subject} names no environment, yet the role may write")


def _may_write(args: Args) -> bool:
    """Whether the role may change anything but the locks that Pulumi's state keeps."""
    attached = args.stack.linked(t.ROLE_ATTACHMENT, "role", args.resource)
    managed = (policy for one in attached for policy in args.stack.named_by(one, "policyArn", t.POLICY))
    own = [args.resource, *args.stack.linked(t.ROLE_POLICY, "role", args.resource), *managed]
    granted = (s for r in own for s in identity_statements(r.resource_type, r.props))
    return any(
        writes(action)
        for statement in granted
        if not all("/.pulumi/locks/" in resource for resource in values_of(statement, "Resource"))
        for action in values_of(statement, "Action")
    )


@rule("user-refuse", t.USER, t.USER_ACCESS_KEY, t.USER_LOGIN)
def refuse_user(args: Args, report: Report) -> None:
    report(f"{args.type.rsplit(':', 1)[-1]} belongs to an IAM user")


@rule("role-require-mfa", t.ROLE)
def require_mfa(args: Args, report: Report) -> None:
    for statement in statements(args.props.get("assumeRolePolicy")):
        people = [name for name in principals(statement) if re.search(r"(^\d{12}$|:root$|:user/|^\*$)", name)]
        if statement.get("Effect") == "Allow" and people and not (_asks_mfa(statement) or _names_sso(statement)):
            report(f"{_label(statement)} lets people in without MFA")


def _asks_mfa(statement: Statement) -> bool:
    found = conditions(statement).get("aws:multifactorauthpresent", ())
    return any(op == "Bool" and values and {v.lower() for v in values} == {"true"} for op, values in found)


def _names_sso(statement: Statement) -> bool:
    """Identity Center roles are named through aws:PrincipalArn, for IAM refuses a wildcard in a principal's ARN."""
    found = conditions(statement).get("aws:principalarn", ())
    return any(
        op in ("ArnLike", "ArnEquals", "StringLike", "StringEquals")
        and values
        and all(map(IDENTITY_CENTER.match, values))
        for op, values in found
    )
