"""The night over many stacks: each gets every command, whatever fails, and no stack that was left out is a good one."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra.tenants.files import read_tenant
from operations.fleet import night as nights
from operations.fleet.night import NIGHTS, Night
from operations.tenant import standing
from operations.tenant.deployment.scheduler import SiloOutcome, Stop
from project.files import find_project
from tests.operations.fleet.conftest import Run
from tests.operations.fleet.test_plan import MOVE


class Steps:
    """Stands in for the commands: which were run, and which fail."""

    def __init__(self, *fails: str) -> None:
        self.fails, self.words = fails, list[str]()

    def __call__(self, words: Sequence[str], _: Path, __: Stop, printed: Path | None) -> SiloOutcome:
        line = " ".join(words)
        self.words.append(line)
        if printed is not None:
            printed.write_text("{}")
        return SiloOutcome("failed", "exit code 3") if line.startswith(self.fails or ("-",)) else SiloOutcome("done")


def night(folder: Path, what: str, steps: Steps, **settings: float) -> Night:
    given = {"seconds_each": 60.0, "seconds_in_all": 60.0, **settings}
    return Night(root=folder, steps=NIGHTS[what], folder=folder / "out", parallel=1, run_step=steps, **given)


def test_each_stack_gets_every_command_and_its_files(tmp_path: Path) -> None:
    steps = Steps()
    outcomes = night(tmp_path, "drift", steps).look(["prod", "prod-acme"])
    assert {name: one.state for name, one in outcomes.items()} == {"prod": "done", "prod-acme": "done"}
    assert len(steps.words) == 8
    assert any(line.startswith("drift prod-acme --json --markdown") for line in steps.words)
    names = ["look-cost-prod.json", "look-drift-account-prod.json", "look-drift-prod.json", "look-releases-prod.json"]
    assert sorted(one.name for one in (tmp_path / "out").glob("look-*-prod.json")) == names


def test_what_fails_for_one_keeps_nobody_from_the_rest(tmp_path: Path) -> None:
    steps = Steps("drift prod --json", "cost prod --json")
    outcomes = night(tmp_path, "drift", steps).look(["prod", "prod-acme"])
    assert len(steps.words) == 8
    assert outcomes["prod-acme"].state == "done"
    assert outcomes["prod"] == SiloOutcome("failed", "drift prod --json: exit code 3; cost prod --json: exit code 3")


def test_no_copy_is_made_where_the_one_before_could_not_be_taken_away(tmp_path: Path) -> None:
    steps = Steps("restore end")
    outcome = night(tmp_path, "drills", steps).look(["prod"])["prod"]
    assert "was not begun, since what it builds on failed" in outcome.cause
    assert [line.split(" prod")[0] for line in steps.words] == ["restore end", "drills", "backups"]


def test_a_stack_for_which_no_time_was_left_is_named(tmp_path: Path) -> None:
    steps = Steps()
    outcomes = night(tmp_path, "drills", steps, seconds_in_all=0.0).look(["prod"])
    assert outcomes == {"prod": SiloOutcome("failed", "was not begun within 0 minutes")}
    assert steps.words == []


def test_the_command_ends_with_three_and_the_names_of_those_that_are_not_well(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps("drift prod-c0001")
    monkeypatch.setattr(nights, "run_child", lambda _, words, log, stop, printed: steps(words, log, stop, printed))
    output = str(tmp_path / "looks")
    good = run("look", "drift", "--stacks", "prod prod", "--output", output)
    assert (good.exit_code, good.stdout) == (0, "1 of 1 stacks are well\n")
    bad = run("look", "drift", "--stacks", "prod prod-c0001", "--output", output)
    assert (bad.exit_code, bad.stdout) == (3, "1 of 2 stacks are well\n")
    assert "error: prod-c0001: drift prod-c0001 --json: exit code 3" in " ".join(bad.stderr.split())
    assert run("look", "drift", "--stacks", " ", "--output", output).exit_code == 2


def test_a_stack_that_is_not_made_yet_or_destroyed_is_passed_by_and_any_other_is_looked_at(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps()
    monkeypatch.setattr(nights, "run_child", lambda _, words, log, stop, printed: steps(words, log, stop, printed))
    monkeypatch.setattr(standing, "opened", lambda *_: SimpleNamespace(stacks=lambda: ("prod", "prod-c0001")))
    record = Path("tenants/c0001.yaml")
    before = record.read_text()
    retires = before.replace("dates:\n", "dates:\n  retiring: 2026-11-03\n")
    for text, gone, name in (
        (before + MOVE, "prod-1-c0001", "c0001"),
        (retires.replace("c0001", "c0002"), "prod-c0002", "c0002"),
        (retires, "", "c0001"),
        (before, "", "c0001"),
    ):
        Path(f"tenants/{name}.yaml").write_text(text)
        looked_at = 1 if gone else 2
        named = f"prod-c0001 {gone or 'prod-c0003'}"
        result = run("look", "drift", "--stacks", named, "--output", str(tmp_path / "looks"))
        assert (result.exit_code, result.stdout) == (0, f"{looked_at} of {looked_at} stacks are well\n")
        assert (f"{gone} is passed by" in result.stderr) == bool(gone)


def against(root: Path) -> str:
    return standing.not_to_update(find_project(root), read_tenant(root, "c0001"))


def test_a_wave_leaves_out_who_moves_or_retires_as_long_as_a_stack_of_theirs_is_absent(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks = {"prod-c0001"}
    monkeypatch.setattr(standing, "opened", lambda *_: SimpleNamespace(stacks=lambda: stacks))
    record = root / "tenants/c0001.yaml"
    before = record.read_text()
    assert against(root) == ""
    record.write_text(before + MOVE)
    assert "prod-1-c0001 is not made yet" in against(root)
    record.write_text(f"{before}{MOVE}  retiring: 2026-11-03\n")
    assert against(root) == ""
    record.write_text(before.replace("dates:\n", "dates:\n  retiring: 2026-11-03\n"))
    assert against(root) == ""
    stacks.clear()
    assert "prod-c0001: does not stand" in against(root)
