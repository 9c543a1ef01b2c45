"""Running one rule on one resource, the same for every driver: the CLI's analyzer, the runner and the tests."""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

from graph.resource import canonical
from graph.values import items
from policies.catalogue import Control
from policies.errors import RuleError
from policies.rule import Args, NotEvaluated, Rule
from policies.stack import Missing, Stack

NO_STACK = Stack([])


def judge(rule: Rule, args: Args, report: Callable[[str], None]) -> str | None:
    """Run a rule. Returns why it could not judge, or None; raises RuleError where the rule itself is broken."""
    try:
        rule.judge(args, report)
    except UnknownValueError as unknown:
        return f"{'.'.join(unknown.props)} is not known yet"
    except NotEvaluated as reason:
        return str(reason)
    except Missing as lack:
        report(str(lack))
    except Exception as error:
        message = f"policy {rule.control} raised on {args.urn}: {type(error).__name__}: {error}"
        raise RuleError(message, args.urn) from error
    return None


def args_for(
    resource: PolicyResource, settings: Mapping[str, Any], stack: Stack = NO_STACK, *, linked: bool = False
) -> Args:
    """What a rule sees of a resource; `linked` where it may follow links through the stack."""
    provider = resource.provider.props if resource.provider else {}
    return Args(
        type=canonical(resource.resource_type),
        urn=resource.urn,
        name=resource.name,
        props=resource.props,
        options=resource.opts,
        settings=settings,
        region=provider.get("region"),
        accounts=tuple(_accounts(provider.get("allowedAccountIds"))),
        stack=stack,
        resource=resource if linked else None,
    )


def _accounts(value: Any) -> list[str]:
    """A provider's lists are sent as JSON in a text by some engines, as lists by the mocks."""
    if isinstance(value, str) and value.startswith("["):
        value = value.strip("[]").replace('"', "").split(",")
    return [str(account).strip() for account in items(value) if str(account).strip()]


def sentence(control: Control, name: str, problem: str) -> str:
    """What a reader sees: the resource, what is wrong, the fix."""
    return f"{name}: {problem}. {control.fix}"
