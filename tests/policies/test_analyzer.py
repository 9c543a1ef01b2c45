"""The pack through pulumi-policy's own analyzer, and as the process that the engine starts."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy import policy

from graph import Resource
from policies import analyzer
from policies.catalogue import catalogue
from policies.pack import NAME, configured_regions, policies
from policies.runner import check
from policies.serving import reading_once
from policies.settings import Configuration
from tests.policies.good_graph import REGION, good_graph, not_known
from tests.policies.seeds import SEEDS

pytestmark = pytest.mark.lengthy

ROOT = Path(__file__).parents[2]


def one_seed_a_control() -> list[Resource]:
    """The good graph broken in many places at once."""
    graph = good_graph()
    taken: set[str] = set()
    for seed in SEEDS:
        if seed.resource not in taken and seed.value is not None:
            graph = seed.applied(graph)
            taken.add("seeded" if seed.kind else seed.resource)
    return graph


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_the_analyzer_and_the_runner_find_the_same(environment: str) -> None:
    graph = one_seed_a_control()
    configuration: Configuration = {
        "database-keep-backups": {"minimumDays": 20},
        "bucket-keep-versions": "advisory",
        "key-rotate": "disabled",
    }
    said = analyzer.analyze(graph, environment, configuration, allowed_regions=[REGION])
    report = check(graph, environment, configuration, allowed_regions=[REGION])
    heard = {(d.control, d.level, d.urn, d.message) for d in said if not d.not_evaluated}
    assert len(heard) > 30
    assert heard == {(f.control, f.level, f.urn, f.message) for f in report.having("fail")}
    assert "mandatory" in {d.level for d in said} or environment == "dev"


def test_a_pack_that_reads_each_resource_once_says_the_same() -> None:
    graph = [not_known(one, "kmsKeyId", "containerDefinitions") for one in one_seed_a_control()]
    said = analyzer.analyze(graph, "prod", allowed_regions=[REGION])
    assert {one.not_evaluated for one in said} == {True, False}
    with reading_once():
        assert analyzer.analyze(graph, "prod", allowed_regions=[REGION]) == said


@pytest.mark.parametrize("level", [proto.MANDATORY, proto.REMEDIATE])
def test_a_policy_that_is_configured_to_remediate_is_asked_to(level: Any) -> None:
    request = proto.ConfigureAnalyzerRequest()
    request.policyConfig["bucket-refuse-force-destroy"].enforcementLevel = level
    bucket = proto.AnalyzeRequest(
        type="aws:s3/bucket:Bucket", urn="urn:pulumi:prod::w::aws:s3/bucket:Bucket::b", name="b"
    )

    def said() -> Any:
        sdk: Any = policy
        servicer = sdk._PolicyAnalyzerServicer(NAME, "0.0.1", policies("prod"), policy.EnforcementLevel.ADVISORY)
        servicer.Configure(request, None)
        return servicer.Remediate(bucket, None), servicer.Analyze(bucket, None)

    asked = said()
    assert bool(asked[0].not_applicable) == (level == proto.REMEDIATE)
    with reading_once():
        assert said() == asked


def test_an_unknown_value_is_not_evaluated_by_either() -> None:
    graph = [not_known(r, "kmsKeyId", "containerDefinitions") for r in good_graph()]
    said = {d.control for d in analyzer.analyze(graph, "prod", allowed_regions=[REGION])}
    report = check(graph, "prod", allowed_regions=[REGION])
    assert said == {f.control for f in report.having("not evaluated")}
    assert {"database-encrypt-storage", "task-run-production", "secret-encrypt-with-customer-key"} <= said
    assert not report.having("fail")


def test_the_version_that_the_private_servicer_was_tried_with_is_installed() -> None:
    assert version("pulumi-policy") == analyzer.WRITTEN_FOR


@pytest.fixture(scope="module")
def served() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """`policies/` started as the engine starts it: on its own folder, with the engine's variables."""
    settings = json.dumps({"region": REGION, "residency": [REGION]})
    environment = {
        **os.environ,
        "PULUMI_STACK": "prod-acme",
        "PULUMI_PROJECT": "workbuoy",
        "PULUMI_DRY_RUN": "true",
        "PULUMI_CONFIG": json.dumps({"workbuoy:settings": settings}),
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-u", "."], cwd=ROOT / "policies", env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    port = process.stdout.readline().strip()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield analyzer_pb2_grpc.AnalyzerStub(channel)
    process.kill()
    process.wait()


def test_the_pack_serves_every_policy_with_its_level(served: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = served.GetAnalyzerInfo(empty_pb2.Empty())
    levels = {policy.name: policy.enforcementLevel for policy in info.policies}
    controls = [c for c in catalogue().values() if c.by == "policy"]
    assert set(levels) == {c.name for c in controls}
    assert all((levels[c.name] == proto.MANDATORY) == (c.level == "mandatory") for c in controls)


def test_the_pack_tells_the_engine_the_bounds_of_its_settings(served: analyzer_pb2_grpc.AnalyzerStub) -> None:
    schemas = {policy.name: policy.configSchema for policy in served.GetAnalyzerInfo(empty_pb2.Empty()).policies}
    days = schemas["database-keep-backups"].properties["minimumDays"]
    assert (days["type"], days["minimum"], days["maximum"], days["default"]) == ("integer", 1, 35, 7)
    # The engine fills in defaults, and an empty one would hide the stack's own residency.
    assert "default" not in schemas["resource-stay-in-residency"].properties["allowedRegions"]


def test_the_served_pack_judges_residency_by_the_stacks_own_settings(
    served: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    provider = proto.AnalyzerProviderResource(type="pulumi:providers:aws", urn="p", name="aws")
    provider.properties.update({"region": "us-east-1"})
    request = proto.AnalyzeRequest(
        type="aws:sqs/queue:Queue", urn="urn:pulumi:prod-acme::workbuoy::aws:sqs/queue:Queue::q", name="q"
    )
    request.provider.CopyFrom(provider)
    found = {d.policyName for d in served.Analyze(request).diagnostics}
    assert found == {"resource-stay-in-residency", "resource-carry-owner-tags"}


def test_no_settings_name_no_region() -> None:
    assert configured_regions(None) == []
    assert configured_regions('{"aws:region": "eu-north-1"}') == []
