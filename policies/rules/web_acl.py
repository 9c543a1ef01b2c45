"""Web application firewalls: what they refuse, count and keep to themselves."""

from collections.abc import Iterator, Mapping
from typing import Any

from facts import tokens as t
from facts.safeguards.web_acl import refusing_rules, scoped_rules
from graph.values import at, flag, maps
from policies.rule import Args, Report, rule, stack_rule

KNOWN_BAD_INPUTS = "AWSManagedRulesKnownBadInputsRuleSet"
# Protected everywhere that a request is shown; in the log alone the body never stands.
HIDDEN = ("header authorization", "header cookie", "query string")
PROTECTED = (*HIDDEN, "body")


@rule("web-acl-refuse-requests", t.WEB_ACL)
def refuse_requests(args: Args, report: Report) -> None:
    rules = list(maps(args.props.get("rules")))
    if not rules:
        report("it has no rules")
    elif not refusing_rules(rules) and at(args.props.get("defaultAction"), "block") is None:
        report("each of its rules only counts")


@rule("web-acl-refuse-known-bad-inputs", t.WEB_ACL)
def refuse_known_bad_inputs(args: Args, report: Report) -> None:
    for one in maps(args.props.get("rules")):
        group = at(one, "statement.managedRuleGroupStatement")
        ours = at(group, "name") == KNOWN_BAD_INPUTS and at(group, "vendorName") == "AWS"
        if ours and refusing_rules([one]) and not scoped_rules([one]):
            return
    report(f"no rule refuses by {KNOWN_BAD_INPUTS}, whatever the request")


@rule("web-acl-measure", t.WEB_ACL)
def measure(args: Args, report: Report) -> None:
    for what, visibility in _visibilities(args):
        if not flag(at(visibility, "cloudwatchMetricsEnabled")):
            report(f"cloudwatchMetricsEnabled is not true for {what}")


@stack_rule("web-acl-log-requests", t.WEB_ACL)
def log_requests(args: Args, report: Report) -> None:
    if not args.stack.linked(t.WEB_ACL_LOGGING, "resourceArn", args.resource):
        report("no WebAclLoggingConfiguration names it")


@rule("web-acl-hide-secrets", t.WEB_ACL)
def hide_secrets(args: Args, report: Report) -> None:
    for what, visibility in _visibilities(args):
        if flag(at(visibility, "sampledRequestsEnabled")):
            report(f"samples of whole requests are kept for {what}")
    protections = maps(at(args.props.get("dataProtectionConfig"), "dataProtections"))
    _all_of(PROTECTED, {one for protection in protections for one in _protected(protection)}, "protected", report)


@rule("web-acl-hide-secrets", t.WEB_ACL_LOGGING)
def redact_secrets(args: Args, report: Report) -> None:
    fields = list(maps(args.props.get("redactedFields")))
    redacted = {f"header {str(at(one, 'singleHeader.name')).lower()}" for one in fields if one.get("singleHeader")}
    redacted |= {"query string" for one in fields if one.get("queryString") is not None}
    _all_of(HIDDEN, redacted, "redacted", report)


def _visibilities(args: Args) -> Iterator[tuple[str, Any]]:
    yield "the web ACL", args.props.get("visibilityConfig")
    yield from ((f"its rule {one.get('name')}", one.get("visibilityConfig")) for one in maps(args.props.get("rules")))


def _protected(protection: Mapping[str, Any]) -> Iterator[str]:
    if flag(protection.get("excludeRuleMatchDetails")) or flag(protection.get("excludeRateBasedDetails")):
        return
    field = protection.get("field")
    kind = at(field, "fieldType")
    if kind == "SINGLE_HEADER":
        yield from (f"header {str(name).lower()}" for name in at(field, "fieldKeys") or ())
    else:
        yield str(kind).lower().replace("_", " ")


def _all_of(wanted: tuple[str, ...], found: set[str], word: str, report: Report) -> None:
    missing = [one for one in wanted if one not in found]
    if missing:
        report(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not {word}")
