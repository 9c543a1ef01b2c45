"""One store outside residency, met at each of the three points: settings, policy WB.10, locate."""

from dataclasses import replace

import pytest
import yaml

from graph import Resource
from infra.problems import ProblemsError
from infra.tenants.listing import tenant_file
from operations.locate.sources import Estate
from operations.locate.stores import stores_of
from policies.runner import check
from project.files import Project
from rehearsal.run import Options, rehearse_with_base
from tests.operations.locate.conftest import among
from tests.policies.seeds import PLACEMENT, Seed

RESIDENCY = "resource-stay-in-residency"
US = "us-east-1"


@pytest.mark.lengthy
def test_settings_refuse_a_region_outside_residency_before_anything_runs(project: Project) -> None:
    file = tenant_file(project.root, "acme")
    record = yaml.safe_load(file.read_text())
    record["region"] = US
    file.write_text(yaml.safe_dump(record))
    with pytest.raises(ProblemsError) as refused:
        rehearse_with_base(project, "prod-acme", Options(declare_only=True))
    assert any("outside residency" in str(one) for one in refused.value.problems)


@pytest.mark.lengthy
def test_the_policy_and_locate_tell_the_same_store_outside_residency(acme: Estate) -> None:
    urn = "urn:pulumi:prod-acme::workbuoy::aws:cloudwatch/logGroup:LogGroup::seeded"
    log = Resource(
        urn=urn,
        type="aws:cloudwatch/logGroup:LogGroup",
        name="seeded",
        inputs={"region": US, "name": "far", "retentionInDays": 365},
        id="far",
        region=US,
    )
    seeded = among(acme.own, *acme.own.resources, log)
    judged = check(seeded.resources, "prod-acme", allowed_regions=["eu-west-1"])
    assert [one.urn for one in judged.violations if one.control == RESIDENCY] == [urn]
    assert [one.urn for one in stores_of(replace(acme, own=seeded)) if not one.allowed] == [urn]


@pytest.mark.parametrize("seed", [one for one in PLACEMENT if one.kind], ids=lambda one: f"{one.kind} {one}")
def test_each_kind_with_a_place_fires_for_a_silo_that_may_be_in_ireland_alone(acme: Estate, seed: Seed) -> None:
    graph = list(acme.own.resources)
    judged = check(seed.applied(graph), "prod-acme", allowed_regions=["eu-west-1"])
    assert {one.urn.rpartition("::")[2] for one in judged.violations if one.control == RESIDENCY} == {"seeded"}
