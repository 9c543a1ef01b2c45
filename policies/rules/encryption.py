"""KMS: a key outlives what it encrypts, and opens for those it names."""

from facts import tokens as t
from facts.permissions.documents import is_open, label_of, statements
from graph.values import flag, number
from policies.rule import Args, Report, rule, stack_rule


@rule("key-rotate", t.KEY)
def rotate(args: Args, report: Report) -> None:
    spec = args.props.get("customerMasterKeySpec")
    if spec not in (None, "SYMMETRIC_DEFAULT"):
        return  # KMS rotates symmetric keys only
    if not flag(args.props.get("enableKeyRotation")):
        report("enableKeyRotation is not true")


@rule("key-name-principals", t.KEY, t.KEY_POLICY, t.REPLICA_KEY)
def name_principals(args: Args, report: Report) -> None:
    for statement in statements(args.props.get("policy")):
        if statement.get("Effect") == "Allow" and is_open(statement):
            report(f"{label_of(statement)} allows everybody")


@rule("key-delay-deletion", t.KEY)
def delay_deletion(args: Args, report: Report) -> None:
    days = number(args.props.get("deletionWindowInDays"))
    if days is not None and days < 30:  # AWS's default is 30
        report(f"deletionWindowInDays is {days:g}")
    if not args.options.protect:
        report("it is not protected")


@stack_rule("key-state-policy", t.KEY)
def state_policy(args: Args, report: Report) -> None:
    if not args.props.get("policy") and not args.stack.linked(t.KEY_POLICY, "keyId", args.resource):
        report("it states no policy")
