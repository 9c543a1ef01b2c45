"""What a web application firewall refuses, and what its log leaves out: safeguards of web ACLs."""

from collections.abc import Mapping
from typing import Any, Final

from facts import tokens as t
from facts.safeguards.model import DeclaredBy, Rule, Weakening
from facts.safeguards.strength import absent, few, given, how_many, in_order, off, on
from graph.values import at, maps, number

_REFUSE: Final = ("block", "captcha", "challenge")


def refusing_rules(value: Any) -> list[str]:
    """The rules of a web ACL that refuse what they find; the others count it, or let it through."""

    def refuses(rule: Mapping[str, Any]) -> bool:
        actions = [*maps(rule.get("action")), *maps(rule.get("overrideAction"))]
        return any(action.get(one) is not None for action in actions for one in (*_REFUSE, "none"))

    return [str(rule.get("name")) for rule in maps(value) if refuses(rule)]


def tolerant_rules(value: Any) -> list[str]:
    """The rules inside a web ACL's groups of rules that were made to refuse nothing."""
    return [
        str(override.get("name"))
        for rule in maps(value)
        for group in maps(at(rule, "statement.managedRuleGroupStatement"))
        for override in maps(group.get("ruleActionOverrides"))
        for action in maps(override.get("actionToUse"))
        if not any(action.get(one) is not None for one in _REFUSE)
    ]


def allowing_rules(value: Any) -> list[str]:
    """The rules of a web ACL that let through what they find, past every rule after them."""
    return [
        str(rule.get("name"))
        for rule in maps(value)
        if any(action.get("allow") is not None for action in maps(rule.get("action")))
    ]


def scoped_rules(value: Any) -> list[str]:
    """The rules of a web ACL that look at some requests alone."""
    return [
        str(rule.get("name"))
        for rule in maps(value)
        for statement in maps(rule.get("statement"))
        if any(one.get("scopeDownStatement") for one in maps(list(statement.values())))
    ]


def lowest_rate(value: Any) -> float | None:
    """The fewest requests of one sender that a web ACL refuses, each in its window; nothing where no rule does."""
    rates = [number(at(rule, "statement.rateBasedStatement.limit")) for rule in maps(value) if refusing_rules([rule])]
    return min((rate for rate in rates if rate), default=None)


def acl_default(value: Any) -> str:
    """What a web ACL does with what no rule decides."""
    return "block" if any(action.get("block") is not None for action in maps(value)) else "allow"


def low(value: Any) -> float:
    """The lower the stronger; nothing is the weakest."""
    return -(number(value) or float("inf"))


RULES: Final = (
    Rule(
        "webAclArn",
        Weakening.EXPOSURE,
        "a web application firewall before it",
        given,
        None,
        (DeclaredBy(t.WEB_ACL_ASSOCIATION, "webAclArn", "resourceArn", t.LOAD_BALANCER),),
    ),
    *(
        Rule(name, Weakening.EXPOSURE, what, strength, default, (DeclaredBy(t.WEB_ACL, path),), read=read)
        for name, what, strength, default, path, read in (
            ("rules", "rules that refuse requests", how_many, None, "rules", refusing_rules),
            ("ruleActionOverrides", "rules of its groups that let through", few, None, "rules", tolerant_rules),
            ("allow", "rules that let requests past the others", few, None, "rules", allowing_rules),
            ("scopeDownStatement", "rules that look at some requests alone", few, None, "rules", scoped_rules),
            ("limit", "requests of one address before it is refused", low, None, "rules", lowest_rate),
            (
                "defaultAction",
                "what no rule decides",
                in_order("allow", "block"),
                "allow",
                "defaultAction",
                acl_default,
            ),
        )
    ),
    Rule(
        "sampledRequestsEnabled",
        Weakening.EXPOSURE,
        "whole requests are shown in the console",
        off,
        False,
        (DeclaredBy(t.WEB_ACL, "visibilityConfig.sampledRequestsEnabled"),),
    ),
    Rule(
        "cloudwatchMetricsEnabled",
        Weakening.WATCH,
        "refused requests are counted",
        on,
        False,
        (DeclaredBy(t.WEB_ACL, "visibilityConfig.cloudwatchMetricsEnabled"),),
    ),
    Rule(
        "dataProtections",
        Weakening.EXPOSURE,
        "parts of requests that are hidden wherever they are shown",
        how_many,
        None,
        (DeclaredBy(t.WEB_ACL, "dataProtectionConfig.dataProtections"),),
    ),
    Rule(
        "logDestinationConfigs",
        Weakening.WATCH,
        "log of requests",
        how_many,
        None,
        (DeclaredBy(t.WEB_ACL_LOGGING, "logDestinationConfigs", "resourceArn", t.WEB_ACL),),
    ),
    Rule(
        "loggingFilter",
        Weakening.WATCH,
        "some requests alone are logged",
        absent,
        None,
        (DeclaredBy(t.WEB_ACL_LOGGING, "loggingFilter", "resourceArn", t.WEB_ACL),),
    ),
    Rule(
        "redactedFields",
        Weakening.EXPOSURE,
        "parts of requests that its log leaves out",
        how_many,
        None,
        (DeclaredBy(t.WEB_ACL_LOGGING, "redactedFields", "resourceArn", t.WEB_ACL),),
    ),
)
