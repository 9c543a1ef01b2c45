"""The stacks' own graphs, recorded by a rehearsal that only declares: what they miss, and mutations of prod."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import yaml

from facts.places import own_accounts
from graph import Graph, Resource
from policies.catalogue import catalogue
from policies.permissions.linter import lint
from policies.runner import Report, check
from rehearsal.as_graph import graph_of
from tests.conftest import ROOT, declared_graph
from tests.policies.good_graph import ACCOUNT, good_graph
from tests.policies.seeds import SEEDS, Seed

STACKS = ("local", "dev", "staging", "prod")
RESIDENCY = ["eu-west-1"]
ELSEWHERE = {"prod-eu-north-1": ["eu-north-1"]}


@cache
def graph(stack: str) -> list[Resource]:
    return list(graph_of(declared_graph(stack).rehearsal).resources)


def judged(resources: list[Resource], stack: str, seed: Seed | None = None) -> Report:
    regions = ELSEWHERE.get(stack, RESIDENCY)
    return check(resources, stack, seed.configuration if seed else None, allowed_regions=regions)


@cache
def failing_before(configuration: str) -> frozenset[tuple[str, str]]:
    """What prod fails as it is, under rules configured by a JSON document: control and resource."""
    report = check(graph("prod"), "prod", json.loads(configuration), allowed_regions=RESIDENCY)
    return frozenset((finding.control, finding.urn) for finding in report.having("fail"))


def missed_on_purpose(stack: str) -> set[str]:
    entries = yaml.safe_load((ROOT / "policies/misses.yaml").read_text())
    return {control for entry in entries if stack in entry["environments"] for control in entry["controls"]}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_misses_exactly_what_the_committed_list_says(stack: str) -> None:
    failing = {finding.control for finding in judged(graph(stack), stack).having("fail")}
    assert failing == missed_on_purpose(stack)


PERMANENT = ("staging", "prod", "prod-eu-north-1")


@pytest.mark.parametrize("stack", PERMANENT)
def test_permanent_stacks_pass_every_mandatory_control(stack: str) -> None:
    report = judged(graph(stack), stack)
    assert [finding.message for finding in report.violations] == []
    assert report.having("not evaluated") == ()


def test_each_exemption_is_used_by_some_stack() -> None:
    unused = [set(judged(graph(stack), stack).unused_exemptions) for stack in PERMANENT]
    assert set.intersection(*unused) == set()


def test_every_miss_has_a_reason_and_names_a_control() -> None:
    for entry in yaml.safe_load((ROOT / "policies/misses.yaml").read_text()):
        assert len(entry["reason"]) > 20
        assert set(entry["controls"]) <= set(catalogue())


# Judged of a key, and only where a backup plan copies away what it encrypts, which prod does not ask for.
OF_COPIES_ALONE = {"backup-copy-share-key"}


def mutations() -> list[Seed]:
    """Seeds whose kind of resource prod has; the others (a registry, snapshots) are proved on the good graph."""
    types = {resource.name: resource.type for resource in good_graph()}
    present = Counter(resource.type for resource in graph("prod"))
    return [
        seed
        for seed in SEEDS
        if not seed.kind and types[seed.resource] in present and seed.control not in OF_COPIES_ALONE
    ]


def on_prod(seed: Seed) -> Iterator[Seed]:
    """The same fault on each of prod's resources of that type."""
    kind = next(resource.type for resource in good_graph() if resource.name == seed.resource)
    for resource in graph("prod"):
        if resource.type == kind:
            own_role = seed.control == "task-separate-roles"
            value = resource.inputs["executionRoleArn"] if own_role else in_prods_account(seed.value)
            yield replace(seed, resource=resource.name, value=value)


def in_prods_account(value: Any) -> Any:
    """The good graph's account is a foreign one to prod's."""
    (own,) = own_accounts(Graph(graph("prod")))
    return json.loads(json.dumps(value).replace(ACCOUNT, own))


# Rules that do not look at prod's resource of that type, with the reason.
UNTOUCHED = {"function-use-current-runtime": "prod's function is an image, which has no runtime of AWS's"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", mutations(), ids=str)
def test_breaking_a_property_in_prod_fires_exactly_the_controls_that_name_it(seed: Seed) -> None:
    before = failing_before(json.dumps(seed.configuration))
    known = {control for control, _ in before}
    expected = ({seed.control} | seed.also) - known - set(UNTOUCHED) - OF_COPIES_ALONE
    fired: list[set[str]] = []
    for mutation in on_prod(seed):
        try:
            broken = mutation.applied(graph("prod"))
        except (KeyError, IndexError, TypeError):
            continue  # this resource has no such part: a load balancer without access logs
        after = {(f.control, f.urn) for f in judged(broken, "prod", seed).having("fail")}
        fired.append({control for control, _ in after - before} - known)
        if fired[-1] == expected:
            return
    assert expected in fired


def test_prods_mutations_reach_most_of_the_catalogue() -> None:
    reached = {seed.control for seed in mutations()}
    policies = {control.name for control in catalogue().values() if control.by == "policy"}
    assert sorted(policies - reached) == [
        "backup-copy-share-key",
        "backup-plan-copy-away",
        "backup-plan-take-data",
        "backup-replication-encrypt",
        "backup-vault-encrypt",
        "backup-vault-lock",
        "backup-vault-refuse-deletion",
        "bucket-announce-events",
        "bucket-record-object-access",
        "bucket-replicate-across-regions",
        "database-join-backup-plan",
        "load-balancer-use-firewall",
        "metrics-alerts-reach-somebody",
        "metrics-encrypt",
        "metrics-log-failures",
        "repository-encrypt-with-customer-key",
        "repository-expire-images",
        "repository-keep-tags",
        "repository-refuse-public",
        "repository-scan-images",
        "secret-keep-values-out",
        "snapshot-copy-encrypt",
        "snapshot-stay-private",
        "user-refuse",
        "web-acl-hide-secrets",
        "web-acl-log-requests",
        "web-acl-measure",
        "web-acl-refuse-known-bad-inputs",
        "web-acl-refuse-requests",
    ]


# Faults in components that their author has been told of.
@pytest.mark.parametrize("stack", STACKS)
def test_no_policy_document_of_a_stack_has_a_fault(stack: str) -> None:
    faults = {(fault.urn.rpartition("::")[2], fault.rule) for fault in lint(graph(stack))}
    assert faults == set()
