"""A first preview: nothing exists, so ids, ARNs and whatever is made of them are not known."""

from dataclasses import replace

import pytest

from graph import Resource
from policies import analyzer
from policies.runner import Report, check
from tests.policies.good_graph import REGION, good_graph, not_known
from tests.policies.seeds import Seed, gone, seed


def first_preview(graph: list[Resource]) -> list[Resource]:
    """What the engine knows before anything exists: links by dependency only."""
    return [not_known(resource, *resource.property_dependencies, "id", "arn") for resource in graph]


def judged(graph: list[Resource]) -> Report:
    return check(graph, "prod", allowed_regions=[REGION])


def test_links_are_followed_by_dependency_and_nothing_fails_falsely() -> None:
    report = judged(first_preview(good_graph()))
    assert [finding.message for finding in report.having("fail")] == []


def test_nothing_fails_falsely_where_a_recording_shows_no_dependencies_either() -> None:
    report = judged([replace(one, property_dependencies={}, dependencies=()) for one in first_preview(good_graph())])
    assert [finding.message for finding in report.having("fail")] == []


def test_what_cannot_be_judged_yet_is_listed_by_control() -> None:
    report = judged(first_preview(good_graph()))
    listed = {finding.control for finding in report.having("not evaluated")}
    assert {"database-encrypt-storage", "log-group-encrypt", "alarm-have-action", "topic-encrypt"} <= listed
    assert not {"bucket-keep-versions", "bucket-require-tls", "secret-rotate", "task-separate-roles"} & listed


@pytest.mark.parametrize(
    "fault",
    [
        gone("bucket-set-lifecycle", "files-lifecycleconfiguration"),
        gone("bucket-keep-versions", "files-versioning"),
        gone("bucket-require-tls", "files-policy"),
        gone("secret-rotate", "secrets-database-rotation"),
        gone("network-record-flows", "network-flows"),
        seed("bucket-keep-versions", "files-versioning", "versioningConfiguration.status", "Suspended"),
        seed("database-protect-from-deletion", "database-instance", "deletionProtection", False),
    ],
    ids=str,
)
def test_a_fault_that_is_known_is_caught_all_the_same(fault: Seed) -> None:
    found = judged(first_preview(fault.applied(good_graph())))
    assert fault.control in {finding.control for finding in found.violations}


def test_a_data_subnet_that_will_reach_the_internet_is_caught_by_dependency() -> None:
    graph = good_graph()
    way_out = next(r for r in graph if r.name == "network-public-way-out")
    table = next(r for r in graph if r.name == "network-data-routes")
    leak = replace(
        way_out,
        urn=way_out.urn + "-data",
        property_dependencies={**way_out.property_dependencies, "routeTableId": (table.urn,)},
    )
    found = judged(first_preview([*graph, leak]))
    assert {finding.control for finding in found.violations} == {"database-keep-off-internet-routes"}


def test_one_role_for_both_purposes_is_caught_by_dependency() -> None:
    graph = good_graph()
    task = next(r for r in graph if r.name == "service-task")
    shared = {**task.property_dependencies, "taskRoleArn": task.property_dependencies["executionRoleArn"]}
    broken = [replace(r, property_dependencies=shared) if r is task else r for r in graph]
    found = judged(first_preview(broken))
    assert {finding.control for finding in found.violations} == {"task-separate-roles"}


@pytest.mark.lengthy
def test_the_analyzer_agrees_on_a_first_preview() -> None:
    graph = first_preview(gone("bucket-keep-versions", "files-versioning").applied(good_graph()))
    said = analyzer.analyze(graph, "prod", allowed_regions=[REGION])
    report = judged(graph)
    assert {(d.control, d.urn) for d in said if not d.not_evaluated} == {
        (f.control, f.urn) for f in report.having("fail")
    }
    assert {d.control for d in said if d.not_evaluated} == {f.control for f in report.having("not evaluated")}
