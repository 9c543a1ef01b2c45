"""A matrix while customers move between two regions: what is to be open is, both ways, and nothing besides."""

from project.files import Project
from rehearsal.run import Options
from rehearsal.tenants.holdings import TASK
from rehearsal.tenants.whole import rehearse_tenants

BROUGHT = {
    ("object of an export on its way", "s3:PutObject"),
    ("files key through S3", "kms:Decrypt"),
    ("files key through S3", "kms:GenerateDataKey"),
}


def test_the_matrix_knows_a_pool_customer_who_moves_to_another_region(project: Project) -> None:
    record = project.root / "tenants/initech.yaml"
    move = "move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\n"
    record.write_text(record.read_text().replace("dates:\n", f"{move}dates:\n"))
    found = rehearse_tenants(project, "prod", ["initech"], Options(), with_service=False).tenants
    assert found is not None
    assert found.matrix is not None
    assert [f"{one}: {one.why}" for one in found.matrix.red] == []
    for pair in (("prod", "prod-eu-north-1"), ("prod-eu-north-1", "prod")):
        cells = found.matrix.between[pair]
        assert {(one.what, one.call) for one in cells if one.who_as == TASK and one.got == "allowed"} == BROUGHT
