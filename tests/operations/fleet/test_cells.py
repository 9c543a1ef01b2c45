"""Cells: how much room each has and by which limit, and where a new customer goes and why."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.problems import ProblemsError
from operations.fleet.cells import Cell, CellNeeds, choose, read_cells
from operations.tenant.command import tenant
from tests.operations.fleet.conftest import Run
from tests.operations.fleet.world import ACCOUNT, make_fleet

NEEDS = CellNeeds(environment="prod", isolation="silo", regions=("eu-west-1", "eu-north-1"), tier="standard")


@pytest.fixture
def cells(root: Path) -> dict[str, Cell]:
    """Of eight customers on prod and four on prod-1."""
    return {cell.name: cell for cell in read_cells(root)}


def test_the_room_is_what_the_tightest_limit_of_the_accounts_region_leaves(cells: dict[str, Cell]) -> None:
    assert {name: cell.silos for name, cell in cells.items()} == {"prod": 8, "prod-1": 4}
    for cell in cells.values():  # 20 subscriptions in the region, less two bases' and twelve silos'
        assert (cell.room, cell.limit) == (6, "RDS event subscriptions (20)")


def test_a_granted_quota_moves_the_wall_to_the_next_limit(root: Path) -> None:
    with (root / "fleet.yaml").open("a") as file:
        file.write("quotas:\n")
        for name in ("RDS event subscriptions", "Certificates on a load balancer, besides the default one"):
            file.write(f'  - {{account: "{ACCOUNT}", region: eu-west-1, name: "{name}", granted: 200}}\n')
    (prod, _) = read_cells(root)
    assert (prod.room, prod.limit) == (26, "RDS instances (40)")


def test_a_quota_lower_than_the_default_counts_too(root: Path) -> None:
    with (root / "fleet.yaml").open("a") as file:
        file.write(
            f'quotas: [{{account: "{ACCOUNT}", region: eu-west-1, name: RDS event subscriptions, granted: 15}}]\n'
        )
    assert [cell.room for cell in read_cells(root)] == [1, 1]


def test_a_quota_of_another_name_is_refused_with_its_line(root: Path) -> None:
    with (root / "fleet.yaml").open("a") as file:
        file.write(f'quotas: [{{account: "{ACCOUNT}", region: eu-west-1, name: RDS instance, granted: 15}}]\n')
    with pytest.raises(ProblemsError, match=r"fleet.yaml:3: quotas\[0\].name: RDS instance is no limit") as refused:
        read_cells(root)
    assert "did you mean RDS instances?" in str(refused.value)


def test_a_customer_goes_where_the_least_is_taken_and_is_reported_why(cells: dict[str, Cell]) -> None:
    choice = choose(list(cells.values()), NEEDS)
    assert choice.cell.name == "prod-1"
    assert choice.why == (
        "prod-1: lies in eu-west-1, 4 silos stand there and 6 more fit (RDS event subscriptions (20)); "
        "the least taken of 2 that fit"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda cell: replace(cell, room=0), "prod-1 is full: RDS event subscriptions (20)"),
        (lambda cell: replace(cell, https=False), "prod-1 serves plain HTTP"),
        (lambda cell: replace(cell, base=replace(cell.base, region="us-east-1")), "prod-1 lies in us-east-1, outside"),
    ],
)
def test_what_does_not_fit_is_left_out_with_its_reason(
    cells: dict[str, Cell], change: Callable[[Cell], Cell], reason: str
) -> None:
    choice = choose([cells["prod"], change(cells["prod-1"])], NEEDS)
    assert choice.cell.name == "prod"
    assert reason in choice.why
    with pytest.raises(ProblemsError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        choose([change(cells["prod-1"])], NEEDS)


def test_a_pool_customer_goes_only_where_all_of_the_pools_data_may_be(cells: dict[str, Cell]) -> None:
    asked = replace(NEEDS, isolation="pool")
    wide = [replace(cell, residency=(*cell.residency, "us-east-1")) for cell in cells.values()]
    with pytest.raises(ProblemsError, match="may keep its pool's data in us-east-1"):
        choose(wide, asked)


def create(*options: str) -> Result:
    given = ("umbrella", "--legal-name", "Umbrella AS", "--isolation", "silo", "--base", "auto", "--residency", "eea")
    contact = ("--certificate-arn", "base", "--contact", "privacy: Ola Nordmann <ola@umbrella.example>")
    return CliRunner().invoke(tenant, ["create", *given, *contact, *options])


def test_create_takes_the_chosen_cell_and_says_why(root: Path) -> None:
    result = create()
    assert result.exit_code == 0, result.output
    assert "prod-1: lies in eu-west-1" in result.stderr
    assert "base: prod-1" in (root / "tenants/umbrella.yaml").read_text()
    assert "is next" not in result.stderr


def test_four_fifths_print_the_next_cells_file_and_a_full_cell_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_fleet(tmp_path / "full", 18)
    monkeypatch.chdir(root)
    result = create()
    assert result.exit_code == 0, result.output
    assert (
        "19 silos stand there and 0 more fit (RDS event subscriptions (20)); Pulumi.prod-2.yaml is next"
        in result.stderr
    )
    assert "workbuoy:settings" in result.stdout
    (root / "tenants/umbrella.yaml").rename(root / "tenants/c0018.yaml")
    (root / "tenants/c0018.yaml").write_text((root / "tenants/c0018.yaml").read_text().replace("umbrella", "c0018"))
    (root / "Pulumi.prod-umbrella.yaml").rename(root / "Pulumi.prod-c0018.yaml")
    full = create()
    assert (full.exit_code, len(full.stderr.splitlines())) == (1, 1)
    assert "no base stack of prod takes this customer: prod is full: RDS event subscriptions (20)" in full.stderr
    assert not (root / "tenants/umbrella.yaml").exists()
    named = create("--base", "prod")
    assert (named.exit_code, len(named.stderr.splitlines())) == (1, 1)
    assert "--base: prod is full: RDS event subscriptions (20); take another base stack" in named.stderr
    assert not (root / "tenants/umbrella.yaml").exists()
    with (root / "fleet.yaml").open("a") as file:
        file.write(
            f'quotas: [{{account: "{ACCOUNT}", region: eu-west-1, name: RDS event subscriptions, granted: 40}}]\n'
        )
    granted = create("--base", "prod")
    assert granted.exit_code == 0, granted.output


def test_the_command_shows_each_cell_on_a_line_and_as_json(run: Run) -> None:
    result = run("cells")
    assert result.exit_code == 0, result.output
    assert "prod             eu-west-1     8 silos,   6 more: RDS event subscriptions (20)" in result.stdout
    assert [one["room"] for one in json.loads(run("cells", "--json").stdout)["cells"]] == [6, 6]
    assert run("cells", "--next", "prod").stdout.startswith("# yaml-language-server")
    assert run("cells", "--next", "nothing").exit_code == 1
    both = run("cells", "--next", "prod", "--json")
    assert (both.exit_code, both.stdout, "no JSON" in both.stderr) == (2, "", True)
