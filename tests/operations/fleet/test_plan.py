"""Who gets a release in which wave: everybody once, on every base stack, and each time in another order."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.problems import ProblemsError
from infra.tenants.record import Tenant
from operations.fleet.plan import FleetPlan, plan_release
from operations.fleet.release import customers_files, release_of
from operations.fleet.standing import stacks_of
from operations.tenant import standing
from operations.tenant.command import tenant
from operations.tenant.deployment.every import DeployOptions, plan_all
from tests.operations.fleet.world import CANARY, IMAGE, git, make_fleet

pytestmark = pytest.mark.lengthy

OTHER = "sha256:" + "beef" * 16
MOVE = """\
move:
  direction: to
  base: prod-1
  region: eu-west-1
  listenerPriority: 900
  certificateArn: arn:aws:acm:eu-west-1:210000000003:certificate/00009999-0000-4000-8000-0123456789ab
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred customers on three base stacks."""
    return make_fleet(tmp_path_factory.mktemp("fleet") / "project", 100)


@pytest.fixture(scope="module")
def plan(root: Path) -> FleetPlan:
    return plan_release(root, "prod", IMAGE)


def customers(plan: FleetPlan, wave: str) -> list[str]:
    return [one.name for shard in plan.of(wave) for one in shard.customers]


def test_everybody_is_in_one_wave_and_the_canaries_are_the_named_ones(plan: FleetPlan) -> None:
    everyone = [name for wave in plan.waves for name in customers(plan, wave)]
    assert sorted(everyone) == [f"c{number:04}" for number in range(100)]
    assert customers(plan, "canaries") == [CANARY]


def test_the_share_is_taken_of_each_base_stack(plan: FleetPlan) -> None:
    assert {shard.head.base: len(shard.customers) for shard in plan.of("share")} == {
        "prod": 4,
        "prod-1": 4,
        "prod-2": 2,
    }


def test_no_shard_has_more_customers_than_the_settings_say_and_each_is_on_one_base(plan: FleetPlan) -> None:
    for shard in plan.shards:
        assert len(shard.customers) <= plan.settings.shard_customers
        assert all(one.stack == f"{shard.head.base}-{one.name}" for one in shard.customers)


def test_another_image_goes_to_others_first_and_the_same_one_to_the_same(root: Path, plan: FleetPlan) -> None:
    again, other = plan_release(root, "prod", IMAGE), plan_release(root, "prod", OTHER)
    assert again.run == plan.run
    assert other.run != plan.run
    assert set(customers(other, "share")) != set(customers(plan, "share"))


def test_a_wrong_file_of_any_customer_stops_the_plan_by_name(tmp_path: Path) -> None:
    folder = make_fleet(tmp_path / "project", 3)
    (folder / "tenants/c0002.yaml").write_text("name: c0002\n")
    with pytest.raises(ProblemsError, match=r"tenants/c0002.yaml"):
        plan_release(folder, "prod", IMAGE)


def test_a_mistake_in_a_canary_s_file_is_not_told_as_its_absence(tmp_path: Path) -> None:
    folder = make_fleet(tmp_path / "project", 3)
    (folder / f"tenants/{CANARY}.yaml").write_text(f"name: {CANARY}\n")
    with pytest.raises(ProblemsError) as raised:
        plan_release(folder, "prod", IMAGE)
    assert {one.file for one in raised.value.problems} == {f"tenants/{CANARY}.yaml"}


def test_without_git_nobody_can_tell_the_code_apart(tmp_path: Path) -> None:
    folder = make_fleet(tmp_path / "project", 3)
    git(folder, "update-ref", "-d", "HEAD")
    with pytest.raises(ProblemsError, match="no repository of git with a commit"):
        plan_release(folder, "prod", IMAGE)


@pytest.mark.parametrize(
    ("file", "text", "counts"),
    [
        ("Pulumi.prod.yaml", "# code\n", True),
        ("operations.py", "new\n", True),
        ("docs/page.md", "new\n", False),
        ("tenants/c0001.yaml", "# a comment\n", False),
        ("Pulumi.prod-c0001.yaml", "encryptionsalt: v1:a\n", False),
    ],
)
def test_the_release_is_of_code_and_not_of_customers_files(tmp_path: Path, file: str, text: str, counts: bool) -> None:
    folder = make_fleet(tmp_path / "project", 3)
    before = plan_release(folder, "prod", IMAGE).release
    (folder / file).parent.mkdir(exist_ok=True)
    with (folder / file).open("a") as opened:
        opened.write(text)
    assert (plan_release(folder, "prod", IMAGE).release != before) == counts
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "more")
    assert (plan_release(folder, "prod", IMAGE).release != before) == counts


def test_a_canary_who_left_is_reported_by_the_check_that_ci_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_fleet(tmp_path / "project", 3)
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(tenant, ["check"]).exit_code == 0
    (folder / "fleet.yaml").write_text("canaries: [gone]\n")
    result = CliRunner().invoke(tenant, ["check"])
    assert result.exit_code == 1
    assert "fleet.yaml:1: canaries[0]: there is no customer gone" in result.stderr


@pytest.fixture
def moving(tmp_path: Path) -> Path:
    """A customer's own stack moves from prod to prod-1, with a stack in each; `git` has all of it."""
    folder = make_fleet(tmp_path / "project", 3, on_one_base=2)
    record = folder / "tenants/c0001.yaml"
    record.write_text(f"{record.read_text()}{MOVE}")
    (folder / "Pulumi.prod-1-c0001.yaml").write_text("config:\n  workbuoy:tenant: c0001\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a move")
    return folder


def test_both_stacks_of_a_customer_who_moves_get_the_release_and_runners_know_its_code(moving: Path) -> None:
    plan = plan_release(moving, "prod", IMAGE)
    stacks = [one.stack for shard in plan.shards for one in shard.customers if one.name == "c0001"]
    assert sorted(stacks) == ["prod-1-c0001", "prod-c0001"]
    assert plan.release == release_of(moving, customers_files(moving))
    assert "prod-1-c0001" in {one.name for one in stacks_of(moving, "prod")}


def test_a_stack_that_was_left_and_waits_to_be_destroyed_gets_no_release(moving: Path) -> None:
    record = moving / "tenants/c0001.yaml"
    record.write_text(f"{record.read_text()}  retiring: 2026-11-03\n")
    plan = plan_release(moving, "prod", IMAGE)
    assert "prod-1-c0001" not in {one.stack for shard in plan.shards for one in shard.customers}
    asked = DeployOptions(image=None, base=None, parallel=2, timeout_seconds=30, again=False)
    assert "prod-1-c0001" not in plan_all(moving, asked).names


def test_all_leaves_out_both_stacks_of_a_customer_whose_second_is_not_made_yet(moving: Path) -> None:
    asked = DeployOptions(image=None, base=None, parallel=2, timeout_seconds=30, again=False)
    made: set[str] = set()

    def against(tenant: Tenant) -> str:
        return standing.unmade(tenant, lambda: made)

    planned = plan_all(moving, asked, against)
    assert planned.names == ("c0000", "c0002")
    assert "c0001 is left out: its move's prod-1-c0001 is not made yet" in planned.notes[0]
    made.add("prod-1-c0001")
    assert plan_all(moving, asked, against).names == ("c0000", "c0001", "prod-1-c0001", "c0002")


def test_all_deploys_both_stacks_of_a_customer_who_moves(moving: Path) -> None:
    asked = DeployOptions(image=None, base=None, parallel=2, timeout_seconds=30, again=False)
    assert plan_all(moving, asked).names == ("c0000", "c0001", "prod-1-c0001", "c0002")
    only = DeployOptions(image=None, base="prod-1", parallel=2, timeout_seconds=30, again=False)
    assert plan_all(moving, only).names == ("prod-1-c0001", "c0002")
