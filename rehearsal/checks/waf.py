"""What AWS WAF refuses: names of logs, priorities, actions of groups, two firewalls before one load balancer."""

from collections import Counter
from collections.abc import Iterator

from facts import tokens as t
from graph import Graph
from graph.values import at, items, maps
from rehearsal.checks.reading import refuse
from rehearsal.result import Refusal

_API = "https://docs.aws.amazon.com/waf/latest/APIReference/API_"
_GROUPS = ("managedRuleGroupStatement", "ruleGroupReferenceStatement")


def logs(graph: Graph) -> Iterator[Refusal]:
    """A log group, bucket or stream whose name does not begin as AWS demands."""
    for one in graph.of(t.WEB_ACL_LOGGING):
        for arn in items(one.inputs.get("logDestinationConfigs")):
            name = str(arn).removesuffix(":*").rpartition("log-group:")[2] if "log-group:" in str(arn) else ""
            if name and not name.startswith("aws-waf-logs-"):
                yield refuse(
                    one,
                    "waf-log-name",
                    f"logs to {name}",
                    "give the log group a name that begins with aws-waf-logs-",
                    f"{_API}LoggingConfiguration.html",
                )


def rules(graph: Graph) -> Iterator[Refusal]:
    """Two rules of one priority or name, and an action where a group wants an override, or the other way round."""
    for one in graph.of(t.WEB_ACL):
        found = list(maps(one.inputs.get("rules")))
        for field in ("priority", "name"):
            for value, times in Counter(str(rule.get(field)) for rule in found).items():
                if times > 1:
                    what = f"has {times} rules of {field} {value}"
                    yield refuse(one, f"waf-{field}-twice", what, "give each its own", f"{_API}Rule.html")
        for rule in found:
            is_group = any(at(rule, f"statement.{kind}") is not None for kind in _GROUPS)
            wanted, other = ("overrideAction", "action") if is_group else ("action", "overrideAction")
            if rule.get(wanted) is None or rule.get(other) is not None:
                what = f"has rule {rule.get('name')} with {other if rule.get(other) is not None else 'no action'}"
                yield refuse(one, "waf-rule-action", what, f"give it {wanted} alone", f"{_API}Rule.html")


def places(graph: Graph) -> Iterator[Refusal]:
    """A second web ACL before the same load balancer, which would take the place of the first."""
    taken: dict[str, str] = {}
    for one in graph.of(t.WEB_ACL_ASSOCIATION):
        place = str(one.inputs.get("resourceArn"))
        if place in taken:
            what = f"stands where {taken[place]} stands"
            fix = "AWS takes one web ACL before a load balancer: put the rules into one"
            yield refuse(one, "waf-place-twice", what, fix, f"{_API}AssociateWebACL.html")
        taken.setdefault(place, one.name)


CHECKS = (logs, rules, places)
