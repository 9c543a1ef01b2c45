"""IAM: what identities may do, and who may become them."""

import re
from fnmatch import fnmatchcase

from facts import tokens as t
from facts.permissions.actions import covers, takes_resource, writes
from facts.permissions.documents import (
    IDENTITY_TYPES,
    Statement,
    conditions,
    demanded,
    identity_statements,
    is_open,
    label_of,
    principals,
    statements,
    values_of,
)
from facts.permissions.escalation import READS_DATA, escalations
from facts.permissions.managed import is_managed_by_aws, managed_statements
from facts.permissions.resources import attaches_functions_alone, is_every_one, names_own_by_tag
from facts.widening import is_outsider
from graph.values import items
from policies.rule import Args, NotEvaluated, Report, rule, stack_rule
from policies.rules.sharing import names_one_buckets_objects

ATTACHING_TYPES = (
    *(t.ROLE_ATTACHMENT, t.USER_ATTACHMENT, t.GROUP_ATTACHMENT, t.POLICY_ATTACHMENT, t.ATTACHMENTS_EXCLUSIVE, t.ROLE),
    *(t.PERMISSION_SET_ATTACHMENT, t.PERMISSION_SET_ATTACHMENTS),
)
_ATTACHED = ("policyArn", "policyArns", "managedPolicyArn", "managedPolicyArns")
GITHUB = "token.actions.githubusercontent.com"
# repo:OWNER/NAME:..., since mid-2026 also repo:OWNER@123/NAME@456:... (github/docs#45221)
GITHUB_SUBJECT = re.compile(
    r"repo:(?P<owner>[\w.-]+)(?:@\d+)?/(?P<name>[\w.-]+)(?:@\d+)?:"
    r"(?:(?P<environment>environment:[\w.-]+)|pull_request|ref:refs/heads/main)"
)
COGNITO = "cognito-identity.amazonaws.com"
_WITHOUT_AUDIENCE = ("graph.facebook.com", "www.amazon.com")  # their tokens name the application instead
IDENTITY_CENTER = re.compile(r"^arn:aws[a-z-]*:iam::\d{12}:role/aws-reserved/sso\.amazonaws\.com/.*AWSReservedSSO_\w+")


@rule("role-refuse-administrator-statement", *IDENTITY_TYPES)
def refuse_administrator_statement(args: Args, report: Report) -> None:
    for statement in identity_statements(args.type, args.props):
        actions = values_of(statement, "Action")
        if ("*" in actions or "*:*" in actions) and "*" in values_of(statement, "Resource"):
            report(f"{label_of(statement)} allows every action on every resource")


@rule("role-name-actions", *IDENTITY_TYPES)
def name_actions(args: Args, report: Report) -> None:
    for statement in identity_statements(args.type, args.props):
        wild = [action for action in values_of(statement, "Action") if "*" in action or "?" in action]
        if wild:
            report(f"{label_of(statement)} allows {', '.join(wild)}")
        if "NotAction" in statement:
            report(f"{label_of(statement)} allows everything but a list (NotAction)")


@rule("role-name-resources", *IDENTITY_TYPES)
def name_resources(args: Args, report: Report) -> None:
    for statement in identity_statements(args.type, args.props):
        if "NotResource" in statement:
            report(f"{label_of(statement)} allows everything but a list (NotResource)")
        wide = [action for action in values_of(statement, "Action") if takes_resource(action)]
        if wide and "*" in values_of(statement, "Resource"):
            report(f"{label_of(statement)} allows {', '.join(wide)} on *, though it takes a resource")
        touching = [action for action in wide if writes(action) or action in READS_DATA]
        every = [one for one in values_of(statement, "Resource") if one != "*" and is_every_one(one)]
        if touching and every and not names_own_by_tag(statement) and not attaches_functions_alone(statement):
            report(f"{label_of(statement)} allows {', '.join(touching)} on every one of a type: {', '.join(every)}")


@rule("role-refuse-escalation", *IDENTITY_TYPES)
def refuse_escalation(args: Args, report: Report) -> None:
    for problem in escalations(list(identity_statements(args.type, args.props))):
        report(problem)


@rule("role-refuse-decrypt-everywhere", *IDENTITY_TYPES)
def refuse_decrypt_everywhere(args: Args, report: Report) -> None:
    for statement in identity_statements(args.type, args.props):
        resources = values_of(statement, "Resource")
        everywhere = any(_is_every_key(resource) for resource in resources) or "NotResource" in statement
        if (
            everywhere
            and not names_one_buckets_objects(statement)
            and any(_grants(statement, action) for action in ("kms:Decrypt", "kms:ReEncryptFrom"))
        ):
            report(f"{label_of(statement)} decrypts with every key")


def _is_every_key(resource: str) -> bool:
    parts = resource.split(":", 5)
    of_keys = len(parts) < 6 or fnmatchcase("kms", parts[2])
    return of_keys and is_every_one(resource)


def _grants(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not covers(values_of(statement, "NotAction"), action)
    return covers(values_of(statement, "Action"), action)


@rule("role-name-trusted-principals", t.ROLE)
def name_trusted_principals(args: Args, report: Report) -> None:
    for statement in statements(args.props.get("assumeRolePolicy")):
        if statement.get("Effect") != "Allow":
            continue
        if is_open(statement):
            report(f"{label_of(statement)} trusts everybody")
        narrowed = any(not any(map(is_every_one, arns)) for _, arns in demanded(statement, "aws:PrincipalArn"))
        named = principals(statement)
        whole = [name for name in named if re.fullmatch(r"(arn:aws[a-z-]*:iam::)?\d{12}(:root)?", name)]
        for _ in whole if not narrowed else ():
            report(f"{label_of(statement)} trusts a whole account")
        foreign = [name for name in named if name != "*" and is_outsider(name, frozenset(args.accounts))]
        if foreign and not args.accounts:
            raise NotEvaluated("the provider names no allowedAccountIds to compare principals with")
        for name in foreign if narrowed or not whole else ():
            report(f"{label_of(statement)} trusts {name}, which is not of this account")


@rule("role-refuse-administrator-policy", *ATTACHING_TYPES)
def refuse_administrator_policy(args: Args, report: Report) -> None:
    for arn in (arn for name in _ATTACHED for arn in items(args.props.get(name))):
        if not is_managed_by_aws(str(arn)):
            continue
        name, content = str(arn).rpartition("/")[2], managed_statements(str(arn))
        if content is None:
            report(f"{name} is attached, whose content is not known here")
            continue
        allowed = [one for one in content if one.get("Effect") == "Allow"]
        wrong = next((one for one in allowed if _is_everything(one)), None) or next(escalations(allowed), None)
        if wrong:
            report(f"{name} is attached: {wrong if isinstance(wrong, str) else 'every action on every resource'}")


def _is_everything(statement: Statement) -> bool:
    actions = values_of(statement, "Action")
    return ("*" in actions or "*:*" in actions) and "*" in values_of(statement, "Resource")


@rule("role-pin-federated-subject", t.ROLE)
def pin_federated_subject(args: Args, report: Report) -> None:
    """Every provider but GitHub, whose subjects are judged by their form: who issued it, for whom, about whom."""
    for statement in statements(args.props.get("assumeRolePolicy")):
        if statement.get("Effect") != "Allow":
            continue
        for provider in principals(statement, "Federated"):
            if GITHUB in provider:
                continue
            missing = [what for what, keys in _pins(provider).items() if not _pinned(statement, keys)]
            if missing:
                report(f"{label_of(statement)} trusts {provider} without comparing {' and '.join(missing)}")


def _pins(provider: str) -> dict[str, tuple[str, ...]]:
    """Condition keys that name the audience and the subject in a provider's token.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
    """
    if ":saml-provider/" in provider:
        return {"the audience": ("saml:aud",), "the subject": ("saml:sub", "saml:namequalifier")}
    issuer = (provider.partition(":oidc-provider/")[2] or provider).lower()
    subject = (f"{issuer}:sub", f"{issuer}:amr") if issuer == COGNITO else (f"{issuer}:sub",)
    audience = (f"{issuer}:aud", f"{issuer}:app_id") if issuer in _WITHOUT_AUDIENCE else (f"{issuer}:aud",)
    return {"the audience": audience, "the subject": subject}


def _pinned(statement: Statement, keys: tuple[str, ...]) -> bool:
    """Whether a key has to be one of the texts of a condition."""
    return any(all(map(_names_somebody, values)) for _, values in demanded(statement, *keys))


def _names_somebody(value: str) -> bool:
    """A wildcard may stand below a whole name, as in `project_path:workbuoy/*`; in the place of one it is anybody's."""
    pinned, wildcard, _ = re.sub("[*?]", "*", value).partition("*")
    if not wildcard:
        return pinned not in ("", "unauthenticated")
    *whole, _ = re.split("[:/]", pinned)
    return len([one for one in whole if one]) > 1


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
    """Whether the role may change anything but the locks that Pulumi's state keeps, or nobody knows what it may."""
    granted = args.stack.granted_to(args.resource)
    if granted.managed or any(
        "NotAction" in statement or any(map(writes, values_of(statement, "Action")))
        for statement in (one.statement for one in granted.statements)
        if statement.get("Effect") == "Allow" and not _names_locks_alone(statement)
    ):
        return True
    if granted.unread:
        raise NotEvaluated(f"what {', '.join(urn.rpartition('::')[2] for urn, _ in granted.unread)} says is not known")
    return False


def _names_locks_alone(statement: Statement) -> bool:
    resources = values_of(statement, "Resource")
    return bool(resources) and all("/.pulumi/locks/" in resource for resource in resources)


@rule("user-refuse", t.USER, t.USER_ACCESS_KEY, t.USER_LOGIN)
def refuse_user(args: Args, report: Report) -> None:
    report(f"{args.type.rsplit(':', 1)[-1]} belongs to an IAM user")


@rule("role-require-mfa", t.ROLE)
def require_mfa(args: Args, report: Report) -> None:
    for statement in statements(args.props.get("assumeRolePolicy")):
        people = [name for name in principals(statement) if re.search(r"(^\d{12}$|:root$|:user/|^\*$)", name)]
        if statement.get("Effect") == "Allow" and people and not (_asks_mfa(statement) or _names_sso(statement)):
            report(f"{label_of(statement)} lets people in without MFA")


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
