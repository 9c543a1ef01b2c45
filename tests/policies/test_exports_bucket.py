"""Each fault that a control finds on the bucket of files it finds on the place for exports, as prod declares it."""

from dataclasses import replace

import pytest

from graph import Graph
from policies.runner import check
from project.files import find_project
from rehearsal.as_graph import graph_of
from tests.conftest import PROJECT
from tests.declared import DECLARE, declared_once
from tests.policies.good_graph import good_graph
from tests.policies.seeds import SEEDS, Seed

OF_FILES = [one for one in SEEDS if one.control.startswith("bucket-") and one.resource.startswith("files-")]


@pytest.fixture(scope="module")
def prod() -> Graph:
    return graph_of(declared_once(find_project(PROJECT), "prod", DECLARE))


def failing(graph: Graph) -> set[tuple[str, str]]:
    report = check(graph.resources, "prod")
    return {(one.control, one.urn) for one in report.having("fail") if "::exports-" in one.urn}


def moved(seed: Seed, graph: Graph) -> Seed | None:
    """The same fault on the exports' resource of that type; None where it has none."""
    (type_,) = {one.type for one in good_graph() if one.name == seed.resource and one.type.startswith("aws:")}
    named = [one.name for one in graph.of(type_) if one.name.startswith("exports-")]
    return replace(seed, resource=named[0]) if len(named) == 1 else None


@pytest.mark.parametrize("seed", [one for one in OF_FILES if not one.kind], ids=str)
def test_seeded_fault_of_the_exports_bucket_is_found(prod: Graph, seed: Seed) -> None:
    there = moved(seed, prod)
    if there is None:
        pytest.skip(f"the place for exports has no such resource: {seed.resource}")
    before = failing(prod)
    if any(control == seed.control for control, _ in before):
        pytest.skip(f"{seed.control} is advice that the place for exports does not follow as it is")
    after = failing(Graph(tuple(there.applied(prod.resources)), stack="prod"))
    assert seed.control in {control for control, _ in after - before}


def test_most_of_them_can_be_tried(prod: Graph) -> None:
    tried = {seed.control for seed in OF_FILES if not seed.kind and moved(seed, prod)}
    assert tried >= {
        "bucket-block-public-access",
        "bucket-require-tls",
        "bucket-enforce-owner",
        "bucket-keep-versions",
        "bucket-encrypt-with-customer-key",
        "bucket-set-lifecycle",
        "bucket-expire-noncurrent-versions",
        "bucket-abort-uploads",
        "bucket-name-principals",
        "bucket-log-access",
        "bucket-refuse-force-destroy",
        "bucket-lock-objects",
    }
