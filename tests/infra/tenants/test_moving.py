"""While a customer moves, the record names both places, and each stack lets the other's tasks put for them alone."""

import json
from pathlib import Path

import pytest

from infra.tenants.files import moving, read_tenant
from tests.infra.tenants.conftest import Edit, problems_of
from tests.infra.tenants.test_silo import declared_when, grants_to

pytestmark = pytest.mark.lengthy

MOVE = "move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\ndates:\n"
PUTS = {
    ("BucketPolicy", "s3:AbortMultipartUpload"),
    ("BucketPolicy", "s3:PutObject"),
    ("Key", "kms:Decrypt"),
    ("Key", "kms:GenerateDataKey"),
}


def task_role(stack: str) -> str:
    return f"arn:aws:iam::210000000003:role/workbuoy-{stack}-service-task"


@pytest.mark.parametrize(("stack", "other"), [("prod", "prod-eu-north-1"), ("prod-eu-north-1", "prod")])
def test_both_base_stacks_of_a_move_take_from_the_other_and_read_nothing_of_it(
    edit: Edit, stack: str, other: str
) -> None:
    root = edit("initech", "dates:\n", MOVE)
    assert problems_of(root) == []
    declared = declared_when(root, stack)
    assert grants_to(declared, task_role(other)) == PUTS
    (taking,) = [one for _, one in declared.documents("BucketPolicy") if one["Sid"] == "TakeExport"]
    assert json.dumps(taking["Resource"]).endswith('/imports/initech/*"')


def test_without_a_move_no_base_stack_names_another_s_role(edit: Edit) -> None:
    root = edit("initech", "dates:\n", "dates:\n")
    assert grants_to(declared_when(root, "prod"), task_role("prod-eu-north-1")) == set()


def test_either_place_sees_itself_first(edit: Edit) -> None:
    root = edit("initech", "dates:\n", MOVE)
    (there,) = moving(root, "prod-eu-north-1")
    assert (there.stack, there.region, there.other and there.other.stack) == ("prod-eu-north-1", "eu-north-1", "prod")
    assert there.move is not None
    assert there.move.direction == "from"
    tenant = read_tenant(root, "initech")
    assert [one.stack for one in tenant.places] == ["prod", "prod-eu-north-1"]
    assert moving(root, "staging") == []


def test_a_silo_s_second_stack_is_declared_beside_the_first(edit: Edit, root: Path) -> None:
    move = MOVE.replace("dates:\n", "  listenerPriority: 101\n  certificateArn: base\ndates:\n")
    edit("acme", "dates:\n", move)
    (root / "Pulumi.prod-eu-north-1-acme.yaml").write_text("config:\n  workbuoy:tenant: acme\n")
    assert problems_of(root) == []
    second = declared_when(root, "prod-eu-north-1-acme")
    assert grants_to(second, task_role("prod-acme")) == PUTS
    assert grants_to(declared_when(root, "prod-acme"), task_role("prod-eu-north-1-acme")) == PUTS


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("region: eu-north-1\n", "region: eu-central-1\n", "move.region: is eu-central-1, but base stack"),
        ("base: prod-eu-north-1\n", "base: prod-us\n", "move.base: there is no base stack prod-us"),
        ("base: prod-eu-north-1\n", "base: prod\n", "move.base: is the base stack that the record names already"),
        ("residency: eu\n", "residency: ie\n", "move.region: eu-north-1 lies outside residency (eu-west-1)"),
        ("direction: to\n", "direction: to\n  listenerPriority: 7\n", "move.listenerPriority: is a silo's"),
    ],
)
def test_a_move_that_cannot_be_is_named_with_its_place_in_the_record(edit: Edit, old: str, new: str, told: str) -> None:
    edit("initech", "dates:\n", MOVE)
    assert any(told in one for one in problems_of(edit("initech", old, new)))
