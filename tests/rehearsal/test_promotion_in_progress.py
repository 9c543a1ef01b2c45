"""A matrix of prod and a customer whose promotion is open: its pull request must not fail for what it is to open."""

import pytest

from project.files import Project
from rehearsal.run import Options
from rehearsal.tenants.holdings import TASK
from rehearsal.tenants.whole import rehearse_tenants


@pytest.mark.slow
def test_the_matrix_knows_a_promotion_in_progress(project: Project) -> None:
    record = project.root / "tenants/acme.yaml"
    record.write_text(record.read_text().replace("dates:\n", "promotion: open\ndates:\n"))
    found = rehearse_tenants(project, "prod", ["acme"], Options(), with_service=False).tenants
    assert found is not None
    assert found.matrix is not None
    assert [f"{one}: {one.why}" for one in found.matrix.red] == []
    brought = {
        (one.what, one.call)
        for one in found.matrix.between["prod", "prod-acme"]
        if one.who_as == TASK and one.got == "allowed"
    }
    assert brought == {
        ("object of an export on its way", "s3:PutObject"),
        ("files key through S3", "kms:Decrypt"),
        ("files key through S3", "kms:GenerateDataKey"),
    }
