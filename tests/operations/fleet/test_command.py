"""A rollout from its plan to its end, by the commands that a person types and a workflow runs."""

import json
from pathlib import Path

import pytest

from operations.engine import account
from operations.engine.errors import EngineMissingError
from operations.fleet import runner
from tests.operations.fleet.conftest import Deployments, Run
from tests.operations.fleet.world import ACCOUNT, BEFORE, CANARY, IMAGE, git

pytestmark = pytest.mark.lengthy

OTHER = "sha256:" + "beef" * 16


def deploy_wave(run: Run, *codes: int) -> None:
    """Every shard of the present wave, as many jobs would."""
    shards = json.loads(run("status", "--json").stdout)["shards"]
    for shard in shards:
        result = run("deploy", "--shard", shard["shard"])
        assert result.exit_code in (codes or (0,)), result.output


def test_the_plan_names_the_canaries_and_counts_the_waves(run: Run) -> None:
    result = run("plan", "--image", IMAGE)
    assert result.exit_code == 0, result.output
    assert f"prod: 12 customers with a stack of their own: {IMAGE}" in result.stdout
    assert "canaries        1 customer in 1 shard, on 1 base stack, 1 account" in result.stdout
    assert f"\n            {CANARY}\n" in result.stdout
    assert "share          2 customers in 2 shards, on 2 base stacks" in result.stdout
    assert "rest           9 customers in 2 shards" in result.stdout


def test_the_matrix_of_a_wave_holds_what_each_job_must_know(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    assert run("plan", "--image", IMAGE, "--github-output").exit_code == 0
    outputs = dict(line.split("=", 1) for line in (tmp_path / "outputs").read_text().splitlines())
    assert set(outputs) == {"account", "region", "canaries", "share", "rest"}
    assert (outputs["account"], outputs["region"]) == (ACCOUNT, "eu-west-1")
    assert json.loads(outputs["canaries"]) == [
        {
            "shard": "canaries-1",
            "wave": "canaries",
            "base": "prod",
            "environment": "prod",
            "account": ACCOUNT,
            "region": "eu-west-1",
            "backend": f"s3://workbuoy-state-{ACCOUNT}-eu-west-1?region=eu-west-1",
            "customers": 1,
        }
    ]


def test_a_release_goes_through_all_waves_and_deploys_each_customer_once(run: Run, deployments: Deployments) -> None:
    assert run("start", "--image", IMAGE).exit_code == 0
    for wave, so_far in (("canaries", 1), ("share", 3), ("rest", 12)):
        deploy_wave(run)
        assert len(deployments.made) == so_far
        result = run("next", "--after", wave)
        assert result.exit_code == 0, result.output
    assert "done" in result.stdout
    assert len(set(deployments.names)) == 12
    assert {image for _, image in deployments.made} == {IMAGE}
    assert run("status").stdout.count("\n") == 2


def test_everything_may_be_asked_twice_and_is_done_once(run: Run, deployments: Deployments) -> None:
    for _ in range(2):
        assert run("start", "--image", IMAGE).exit_code == 0
        deploy_wave(run)
        assert run("next", "--after", "canaries").exit_code == 0
    assert run("deploy", "--shard", "canaries-1").exit_code == 0
    assert deployments.names.count(CANARY) == 1


def test_a_bad_release_stops_after_its_first_wave_with_the_named_customers_only(
    run: Run, deployments: Deployments
) -> None:
    deployments.fails[CANARY] = "smoke test: /readyz answered 503"
    assert run("start", "--image", IMAGE).exit_code == 0
    deploy_wave(run, 3)
    result = run("next")
    assert result.exit_code == 3
    assert f"1 failed in canaries-1: {CANARY}: smoke test: /readyz answered 503" in result.stderr
    assert run("deploy", "--shard", "share-1").exit_code == 1
    assert deployments.names == [CANARY]


def test_a_shard_whose_wave_has_not_come_is_refused_in_one_line(run: Run, deployments: Deployments) -> None:
    run("start", "--image", IMAGE)
    result = run("deploy", "--shard", "rest-1")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "is in wave canaries, and this is of wave rest" in result.stderr
    assert deployments.made == []


def test_a_wave_that_is_not_done_does_not_open_the_next(run: Run, deployments: Deployments) -> None:
    run("start", "--image", IMAGE)
    result = run("next")
    assert result.exit_code == 3
    assert "wave canaries: 1 of 1 shards are not finished: canaries-1" in result.stderr
    assert deployments.made == []


def test_a_stopped_run_is_resumed_and_does_again_who_failed(run: Run, deployments: Deployments) -> None:
    run("start", "--image", IMAGE)
    deployments.fails[CANARY] = "throttled"
    deploy_wave(run, 3)
    deployments.fails.clear()
    assert run("resume").exit_code == 0
    deploy_wave(run)
    assert run("next").exit_code == 0
    assert deployments.names == [CANARY, CANARY]


def test_a_person_may_let_a_failure_pass_with_a_reason_that_is_kept(run: Run, deployments: Deployments) -> None:
    run("start", "--image", IMAGE)
    deployments.fails[CANARY] = "throttled"
    deploy_wave(run, 3)
    assert run("resume", "--accept", "it is being moved").exit_code == 0
    assert run("next").exit_code == 0
    assert json.loads(run("status", "--json").stdout)["accepted"] == {"canaries": "it is being moved"}


def test_a_wave_is_brought_back_to_what_ran_before(run: Run, deployments: Deployments) -> None:
    run("start", "--image", IMAGE)
    deploy_wave(run)
    run("next")
    deploy_wave(run)
    early = deployments.names[1:]
    assert run("rollback", "--yes").exit_code == 0
    deploy_wave(run)
    assert run("next").exit_code == 0
    assert sorted(deployments.made[3:]) == sorted((name, BEFORE) for name in early)
    assert json.loads(run("status", "--json").stdout)["state"] == "rolled back"
    assert run("start", "--image", OTHER).exit_code == 0


def test_of_whom_nobody_knows_what_ran_before_a_person_is_reported(run: Run, deployments: Deployments) -> None:
    deployments.before = None
    run("start", "--image", IMAGE)
    deploy_wave(run)
    assert run("rollback", "--yes").exit_code == 0
    deploy_wave(run)
    result = run("next")
    assert result.exit_code == 3
    assert f"{CANARY}: what ran before is not known: `workbuoy releases prod-{CANARY}`" in result.stderr
    assert deployments.names == [CANARY]


@pytest.mark.usefixtures("deployments")
def test_the_status_names_the_shards_that_a_person_can_take(run: Run) -> None:
    assert run("start", "--image", IMAGE).exit_code == 0
    assert "shards that no runner has: canaries-1\n" in run("status").stdout
    assert run("deploy", "--shard", "canaries-1").exit_code == 0
    assert "no runner has" not in run("status").stdout
    run("next")
    assert "shards that no runner has: share-1, share-2\n" in run("status").stdout
    run("stop", "--because", "lunch")
    assert "no runner has" not in run("status").stdout, "nobody may take one"


@pytest.mark.parametrize(
    ("engine", "signed_in", "told"),
    [
        (False, ACCOUNT, "the engine, the Pulumi CLI, is not here"),
        (True, "999999999999", f"belongs to account {ACCOUNT}"),
    ],
)
def test_a_machine_that_can_deploy_nobody_takes_no_shard_and_fails_no_customer(
    run: Run, monkeypatch: pytest.MonkeyPatch, engine: bool, signed_in: str, told: str
) -> None:
    def missing() -> None:
        raise EngineMissingError("the engine, the Pulumi CLI, is not here", "mend it")

    monkeypatch.setattr(runner, "find_cli", (lambda: None) if engine else missing)
    monkeypatch.setattr(account, "who_am_i", lambda *_: {"Account": signed_in, "Arn": "somebody"})
    assert run("start", "--image", IMAGE).exit_code == 0
    result = run("deploy", "--shard", "canaries-1")
    assert (result.exit_code in (1, 4), told in result.stderr) == (True, True), result.output
    status = json.loads(run("status", "--json").stdout)
    assert (status["state"], status["customers"]) == ("running", {"waiting": 1})
    assert status["shards"][0]["claims"] == 0


@pytest.mark.parametrize("asked", [("stop", "--because", " "), ("resume", "--accept", "")])
def test_an_empty_reason_is_none(run: Run, asked: tuple[str, ...]) -> None:
    assert run("start", "--image", IMAGE).exit_code == 0
    result = run(*asked)
    assert (result.exit_code, "it is empty: say why" in result.stderr) == (2, True)
    assert json.loads(run("status", "--json").stdout)["state"] == "running"


def test_a_wave_in_which_nobody_was_begun_is_brought_back_without_a_further_step(run: Run) -> None:
    assert run("start", "--image", IMAGE).exit_code == 0
    result = run("rollback", "--yes")
    assert (result.exit_code, "rolled back" in result.stdout, "Next" in result.stderr) == (0, True, False)
    ended = run("end")
    assert (ended.exit_code, "nothing is left to give up" in ended.stderr, "stop it" in ended.stderr) == (
        1,
        True,
        False,
    )


def test_two_rollouts_at_once_are_refused_in_one_line(run: Run) -> None:
    run("start", "--image", IMAGE)
    result = run("start", "--image", OTHER)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "two rollouts at once would undo each other" in result.stderr
    run("stop", "--because", "another one")
    run("end")
    assert run("start", "--image", OTHER).exit_code == 0


def test_a_runner_with_other_code_is_refused_and_learns_which_commit(
    run: Run, root: Path, deployments: Deployments
) -> None:
    run("start", "--image", IMAGE)
    (root / "Pulumi.prod.yaml").write_text((root / "Pulumi.prod.yaml").read_text() + "# changed\n")
    git(root, "commit", "--quiet", "--all", "--message", "other")
    result = run("deploy", "--shard", "canaries-1")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "check out its commit" in result.stderr
    assert deployments.made == []


def test_a_customer_whose_file_changed_since_the_plan_is_left_out_by_name(
    run: Run, root: Path, deployments: Deployments
) -> None:
    run("start", "--image", IMAGE)
    file = root / f"tenants/{CANARY}.yaml"
    file.write_text(file.read_text().replace("tier: standard", "tier: small"))
    git(root, "commit", "--quiet", "--all", "--message", "a customer's file alone")
    deploy_wave(run, 130, 0)
    assert deployments.made == []
    assert "left out (1): its files changed since the plan" in run("status").stdout
    result = run("next")
    assert (result.exit_code, "nobody was deployed" in result.stderr) == (3, True)


def test_a_customer_whose_file_moved_to_another_folder_is_deployed_as_planned(
    run: Run, root: Path, deployments: Deployments
) -> None:
    run("start", "--image", IMAGE)
    (root / "tenants/prod").mkdir()
    (root / f"tenants/{CANARY}.yaml").rename(root / f"tenants/prod/{CANARY}.yaml")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a folder a cell")
    deploy_wave(run)
    assert deployments.names == [CANARY]


def test_a_customer_whose_name_was_given_twice_since_the_plan_is_left_out_with_both_files(
    run: Run, root: Path, deployments: Deployments
) -> None:
    run("start", "--image", IMAGE)
    (root / "tenants/prod").mkdir()
    (root / f"tenants/prod/{CANARY}.yaml").write_text((root / f"tenants/{CANARY}.yaml").read_text())
    deploy_wave(run, 130, 0)
    assert deployments.made == []
    told = run("status").stdout
    assert "left out (1): its files are wrong since the plan" in told
    assert "tenants/prod/NAME.yaml" in told


@pytest.mark.parametrize(
    "change",
    [
        ("tier: standard", "tier: enormous", "tenants/NAME.yaml:8: tier"),
        ("isolation: silo", "isolation: [silo", "tenants/NAME.yaml:"),
        ("name: c0000", "name: c0001", "tenants/NAME.yaml:"),
    ],
)
def test_a_record_that_became_wrong_since_the_plan_is_named_with_what_is_wrong(
    run: Run, root: Path, deployments: Deployments, change: tuple[str, str, str]
) -> None:
    old, new, said = change
    run("start", "--image", IMAGE)
    file = root / f"tenants/{CANARY}.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    git(root, "commit", "--quiet", "--all", "--message", "a mistake")
    deploy_wave(run, 130, 0)
    assert deployments.made == []
    told = run("status").stdout
    assert "left out (1): its files are wrong since the plan" in told
    assert said in told
    assert "is of code" not in told


def test_a_record_that_is_gone_since_the_plan_is_named(run: Run, root: Path, deployments: Deployments) -> None:
    run("start", "--image", IMAGE)
    (root / f"tenants/{CANARY}.yaml").unlink()
    git(root, "commit", "--quiet", "--all", "--message", "gone")
    deploy_wave(run, 130, 0)
    assert deployments.made == []
    assert "its files are wrong since the plan" in run("status").stdout


def test_a_cell_that_vanished_since_the_plan_stops_the_runner_in_one_line(
    run: Run, root: Path, deployments: Deployments
) -> None:
    run("start", "--image", IMAGE)
    (root / "Pulumi.prod.yaml").unlink()
    result = run("deploy", "--shard", "canaries-1")
    assert (result.exit_code, deployments.made) == (1, [])
    assert "base stacks that are not here any more: no Pulumi.prod.yaml" in " ".join(result.stderr.split())


def test_a_journal_of_another_release_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    run("start", "--image", IMAGE)
    (current,) = (tmp_path / "state").rglob("current.json")
    current.write_text(current.read_text().replace('"format":1', '"format":2'))
    result = run("status")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "has format 2, and this release of workbuoy reads 1" in result.stderr


def test_a_cell_that_vanished_is_named_before_anything_is_planned(run: Run, root: Path) -> None:
    (root / "Pulumi.prod-1.yaml").unlink()
    result = run("plan", "--image", IMAGE)
    assert result.exit_code == 1
    assert "there is no base stack prod-1" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("canaries: [nobody]\n", "fleet.yaml:1: canaries[0]: there is no customer nobody"),
        ("canaries: []\n", "canaries"),
        ("sharePercent: 10\n", "canaries: is required"),
        ("canaries: [c0000]\nshare: 5\n", "share"),
    ],
)
def test_settings_that_name_nobody_who_goes_first_are_refused(run: Run, root: Path, text: str, said: str) -> None:
    (root / "fleet.yaml").write_text(text)
    result = run("plan", "--image", IMAGE)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_backend_without_conditional_writes_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
    result = run("status")
    assert result.exit_code == 1
    assert "takes no conditional writes" in result.stderr


def test_a_runner_takes_over_what_others_left(run: Run, deployments: Deployments) -> None:
    run("start", "--image", IMAGE)
    deploy_wave(run)
    run("next")
    result = run("deploy", "--shard", "share-1", "--others")
    assert result.exit_code == 0, result.output
    assert len(deployments.made) == 3
    assert run("next").exit_code == 0
