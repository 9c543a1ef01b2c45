"""A stack's account and region are what its files say."""

from typing import Any

import pytest

from project.files import Project, find_project
from project.placement import PlacementError, placement_of
from tests.conftest import PROJECT, Change


def test_a_customers_own_stack_lies_where_its_base_does_and_keeps_its_own_residency() -> None:
    whole = find_project(PROJECT)
    silo, base = placement_of(whole, "prod-acme"), placement_of(whole, "prod")
    assert (silo.account, silo.region) == (base.account, base.region)
    assert silo.region in silo.residency


def test_settings_without_an_account_are_a_mistake(change: Any) -> None:
    def remove(settings: dict[str, Any]) -> None:
        del settings["account"], settings["region"]

    without: Change = remove
    with pytest.raises(PlacementError) as caught:
        placement_of(change("dev", without), "dev")
    assert str(caught.value) == "Pulumi.dev.yaml: settings name no account and no region; fill them in"


def test_a_regional_base_s_secrets_are_encrypted_where_its_account_keeps_its_state() -> None:
    project = find_project(PROJECT)
    assert placement_of(project, "prod-eu-north-1").region == "eu-north-1"
    assert {placement_of(project, stack).state_region for stack in ("prod-eu-north-1", "prod-eu-north-1-globex")} == {
        "eu-west-1"
    }


@pytest.mark.parametrize(
    ("file", "right", "wrong", "told"),
    [
        ("tenants/acme.yaml", "base: prod", "base: nope", "tenants/acme.yaml:5: base: there is no base stack nope"),
        ("tenants/acme.yaml", "name: acme", "name: [", "tenants/acme.yaml:4: is not YAML"),
        ("Pulumi.prod-acme.yaml", ": acme", ": acmee", "there is no tenant 'acmee'"),
        ("Pulumi.prod.yaml", "account:", "accounts:", "Pulumi.prod.yaml: settings name no account; fill them in"),
    ],
)
def test_a_customers_own_stack_that_stands_nowhere_is_told_by_the_file_that_is_wrong(
    project: Project, file: str, right: str, wrong: str, told: str
) -> None:
    path = project.root / file
    path.write_text(path.read_text().replace(right, wrong, 1))
    with pytest.raises(PlacementError) as caught:
        placement_of(project, "prod-acme")
    assert told in str(caught.value)
