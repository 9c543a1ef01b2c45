"""What a person decides about the web application firewall: how much one address may ask, and what is let through."""

import difflib
from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from components.settings import BrokenRule, Rule, Settings, given_twice

# AWS's own groups and their rules, in the order in which they are asked; together 1,125 of the 1,500 capacity units
# that the price of a web ACL includes. The rules' names as of 2026-11-26:
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
RULE_GROUPS = {
    "AWSManagedRulesAmazonIpReputationList": (
        "AWSManagedIPReputationList",
        "AWSManagedReconnaissanceList",
        "AWSManagedIPDDoSList",
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": (
        "JavaDeserializationRCE_HEADER",
        "JavaDeserializationRCE_BODY",
        "JavaDeserializationRCE_URIPATH",
        "JavaDeserializationRCE_QUERYSTRING",
        "Host_localhost_HEADER",
        "PROPFIND_METHOD",
        "ExploitablePaths_URIPATH",
        "Log4JRCE_HEADER",
        "Log4JRCE_QUERYSTRING",
        "Log4JRCE_BODY",
        "Log4JRCE_URIPATH",
        "ReactJSRCE_BODY",
    ),
    "AWSManagedRulesCommonRuleSet": (
        "NoUserAgent_HEADER",
        "UserAgent_BadBots_HEADER",
        "SizeRestrictions_QUERYSTRING",
        "SizeRestrictions_Cookie_HEADER",
        "SizeRestrictions_BODY",
        "SizeRestrictions_URIPATH",
        "EC2MetaDataSSRF_BODY",
        "EC2MetaDataSSRF_COOKIE",
        "EC2MetaDataSSRF_URIPATH",
        "EC2MetaDataSSRF_QUERYARGUMENTS",
        "GenericLFI_QUERYARGUMENTS",
        "GenericLFI_URIPATH",
        "GenericLFI_BODY",
        "RestrictedExtensions_URIPATH",
        "RestrictedExtensions_QUERYARGUMENTS",
        "GenericRFI_QUERYARGUMENTS",
        "GenericRFI_BODY",
        "GenericRFI_URIPATH",
        "CrossSiteScripting_COOKIE",
        "CrossSiteScripting_QUERYARGUMENTS",
        "CrossSiteScripting_BODY",
        "CrossSiteScripting_URIPATH",
    ),
    "AWSManagedRulesSQLiRuleSet": (
        "SQLi_QUERYARGUMENTS",
        "SQLiExtendedPatterns_QUERYARGUMENTS",
        "SQLi_BODY",
        "SQLiExtendedPatterns_BODY",
        "SQLi_COOKIE",
        "SQLi_URIPATH",
    ),
}
# It refuses bodies above 8 KiB. Attachments are up to 25 MiB (ATTACHMENT_MAX_BYTES of the service, which refuses larger
# ones itself), and they come through the load balancer.
ALWAYS_COUNTED = "SizeRestrictions_BODY"


def _rules_are_known(waf: "WafSettings") -> Iterator[BrokenRule]:
    known = [name for names in RULE_GROUPS.values() for name in names]
    yield from given_twice(waf.counted_rules, "countedRules")
    for index, name in enumerate(waf.counted_rules):
        if name == ALWAYS_COUNTED:
            yield f"countedRules[{index}]", f"{name} only counts in any case: attachments are larger; leave it out"
        elif name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "its log names the rule that refused a request"
            yield f"countedRules[{index}]", f"{name} is no rule of the groups in use; {hint}"


class WafSettings(Settings):
    """A web application firewall before the load balancer: AWS's rule groups, and a rate for each address."""

    requests_per_address: Annotated[
        int,
        Field(
            ge=10,
            le=2_000_000_000,
            description="Within five minutes; what is more is answered with 429. An office shares one address",
        ),
    ] = 10_000
    counted_rules: Annotated[
        tuple[str, ...],
        Field(max_length=100, description="Rules of AWS's groups that count what they find and let it through"),
    ] = ()

    rules: ClassVar[tuple[Rule, ...]] = (_rules_are_known,)
