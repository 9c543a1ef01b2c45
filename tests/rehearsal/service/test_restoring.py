"""A customer is damaged in a rehearsal and brought back; what is missing for that is missed by name."""

import json
from collections.abc import Callable

import pytest

from project.files import find_project
from rehearsal.cloud import Cloud, running
from rehearsal.run import Options, rehearse
from rehearsal.service.restoring import Restoring
from rehearsal.service.restoring_stack import WholeStack
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.run import rehearse_service
from rehearsal.service.standing import Standing
from rehearsal.service.surroundings import Surroundings
from tests.conftest import PROJECT
from tests.rehearsal.service.test_surroundings import APP, installed

ROLE = "workbuoy-prod-restore"
pytestmark = pytest.mark.slow


def restored(standing: Standing, spoil: Callable[[Cloud], None] = lambda _: None) -> ServiceRehearsal:
    with Surroundings(APP, provider=standing, archiving=True) as surroundings, running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "prod", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        spoil(cloud)
        steps = WholeStack(Restoring(rows=300, files=9)).steps()
        return rehearse_service(rehearsal, cloud, surroundings, further=steps)


@installed
def test_a_damaged_customer_comes_back_and_its_neighbour_goes_on(standing: Standing) -> None:
    found = restored(standing)
    assert [step.detail for step in found.steps if not step.passed] == []
    assert found.denials == ()
    assert found.unused == (), "an action of the restore role that nothing asks for"
    details = {step.name: step.detail for step in found.steps}
    # The run before, which only waited for the archived one, had brought the others.
    assert "1 files again, 1 marked" in details["restore: one customer is brought back"]
    assert "equal by sums" in details["restore: rows and files compared (RTO)"]
    assert "of two customers equal" in details["restore stack: both customers compared"]
    assert "both as before the switch" in details["restore stack: back, and compared"]


def nobody_reads_older_versions(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    document = iam.get_role_policy(RoleName=ROLE, PolicyName="permissions")["PolicyDocument"]
    for statement in document["Statement"]:
        if statement["Sid"] == "BringFilesBack":
            statement["Action"].remove("s3:GetObjectVersion")
    iam.put_role_policy(RoleName=ROLE, PolicyName="permissions", PolicyDocument=json.dumps(document))


@installed
def test_a_right_that_restoring_lacks_is_named_and_stops_it(standing: Standing) -> None:
    found = restored(standing, nobody_reads_older_versions)
    assert not found.passed
    assert any(one.startswith(f"{ROLE}: s3:GetObjectVersion on ") for one in found.denials), found.denials
    failed = next(step.name for step in found.steps if not step.passed)
    assert failed == "restore: one customer is brought back"
