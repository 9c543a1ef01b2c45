"""Another team's service, in another framework, is held to the contract; one that breaks it is told where."""

import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from graph.errors import InputError
from operations.main import main
from project.files import find_project
from rehearsal.cloud import Cloud, running
from rehearsal.image import ImageError
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from rehearsal.service.declared import declared_service
from rehearsal.service.lambda_runtime import lambda_runtime
from rehearsal.service.other import (
    CONTRACT_STEPS,
    Given,
    become_ready,
    other_programs,
    refuse_on_duty,
    rehearse_other,
    rotate_under_it,
    scrape_metrics,
    start,
)
from rehearsal.service.processes import started
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.run import opened_trial
from rehearsal.service.standing import Standing
from rehearsal.service.steps import DATABASE_STEPS, stop_service
from rehearsal.service.surroundings import Surroundings
from rehearsal.service.trial import StepError, Trial
from rehearsal.summary import summary
from rehearsal.whole import ServiceOptions, rehearse_whole
from tests.conftest import PROJECT, ROOT
from tests.forked import in_a_fork
from tests.rehearsal.service.test_surroundings import APP, installed

SERVICE = ROOT / "tests/fixtures/other_service/service.py"
PYTHON = APP / ".venv/bin/python"


def run_by_python(service: Path) -> Given:
    return Given((str(PYTHON), str(service)))


@installed
@pytest.mark.slow
def test_a_service_of_another_framework_keeps_the_contract_as_a_user_tries_it() -> None:
    command = shlex.join([str(PYTHON), str(SERVICE)])
    found = rehearse_whole(find_project(PROJECT), "dev", Options(), ServiceOptions(other=command))
    assert found.service is not None
    assert [(step.name, step.detail) for step in found.service.steps if not step.passed] == []
    assert [step.name for step in found.service.steps] == [name for name, _ in CONTRACT_STEPS]
    assert found.service.denials == ()
    assert found.passed
    shown = " ".join(summary(found).split())
    assert "stands and the other service keeps its contract" in shown
    assert "held to docs/other-image.md" in shown


@pytest.mark.slow
def test_another_service_that_cannot_be_tried_here_is_reported_and_never_passed_over(tmp_path: Path) -> None:
    """A project without the bundled service's environment has no Postgres to try another one with."""
    root = tmp_path / "project"
    root.mkdir()
    for entry in PROJECT.iterdir():
        if entry.name != "app":
            (root / entry.name).symlink_to(entry)
    found = rehearse_whole(find_project(root), "dev", Options(), ServiceOptions(other="true"))
    assert not found.passed
    assert "the service is not installed" in found.incomplete


@pytest.fixture(scope="module")
def prod() -> Iterator[tuple[Rehearsal, Cloud]]:
    """Prod. There is one moto: who needs an empty one comes before."""
    with running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "prod", Options(), moto)
        yield rehearsal, moto.cloud(rehearsal.account, rehearsal.region)


def keep_contract(rehearsal: Rehearsal, cloud: Cloud, standing: Standing) -> ServiceRehearsal:
    programs = Given((str(APP / ".venv/bin/workbuoy-app"),))
    with Surroundings(APP, provider=standing) as surroundings:
        return rehearse_other(rehearsal, cloud, surroundings, programs, program="ours")


@installed
@pytest.mark.slow
def test_the_bundled_service_keeps_the_contract_too(prod: tuple[Rehearsal, Cloud], standing: Standing) -> None:
    found = in_a_fork(partial(keep_contract, *prod, standing))
    assert [(step.name, step.detail) for step in found.steps if not step.passed] == []
    assert found.passed


@pytest.fixture(scope="module")
def trial(prod: tuple[Rehearsal, Cloud], standing: Standing) -> Iterator[Trial]:
    """Prod, where the good service made the first login and migrated."""
    rehearsal, cloud = prod
    with Surroundings(APP, provider=standing) as surroundings:
        service = run_by_python(SERVICE)
        with opened_trial(declared_service(rehearsal), cloud, surroundings, programs=service) as found:
            for _, step in DATABASE_STEPS:
                step(found)
            yield found


def broken(folder: Path, good: str, bad: str) -> Given:
    """The service with a line of it changed."""
    text = SERVICE.read_text(encoding="utf-8")
    assert text.count(good) == 1
    (folder / "service.py").write_text(text.replace(good, bad), encoding="utf-8")
    return run_by_python(folder / "service.py")


# A line of the good service, what stands in its place, the step that must fail, and what it must say.
BROKEN = {
    "a login that is never read again": (
        "self.login, self.connection = None, None\n                return",
        "self.connection = None\n                return",
        rotate_under_it,
        "not ready again within 3 s of a rotation",
    ),
    "one-off work that lets everything through": ("sys.exit(2)", "sys.exit(0)", refuse_on_duty, "ended with 0"),
    "metrics for everybody": (
        'app = Flask("notes")',
        "app = make_metrics()",
        scrape_metrics,
        "/metrics answers on the public port",
    ),
    "a log line that is no JSON": ('log("info", "serving")', 'print("Serving")', stop_service, "Serving"),
}


@installed
@pytest.mark.slow
@pytest.mark.parametrize("fault", BROKEN)
def test_a_service_that_breaks_the_contract_is_reported_where(
    fault: str, trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, step, words = BROKEN[fault]
    monkeypatch.setattr(trial, "programs", broken(tmp_path, good, bad))
    start(trial)
    try:
        become_ready(trial)
        monkeypatch.setattr("rehearsal.service.steps.READY_TIMEOUT_SECONDS", 3)
        with pytest.raises(StepError) as told:
            step(trial)
    finally:
        assert trial.service is not None
        trial.service.stop()
    assert words in str(told.value)


@installed
@pytest.mark.slow
def test_a_rotation_whose_logins_do_not_take_turns_is_reported(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = broken(tmp_path, "turn = LOGINS[1] if current and", "turn = LOGINS[0] if current and")
    with lambda_runtime(trial.declared.rotation_function_arn) as runtime:
        monkeypatch.setattr(trial, "runtime", runtime)
        environment = trial.function_environment()
        with started(service.begin(trial.declared.rotation_arguments, environment)):
            start(trial)
            assert trial.service is not None
            with pytest.raises(StepError, match="two logins must take turns; the secret named "):
                rotate_under_it(trial)
            trial.service.stop()


@installed
@pytest.mark.slow
def test_a_login_that_owns_tables_or_may_make_roles_is_reported(trial: Trial) -> None:
    assert trial.owner is not None
    powers = trial.surroundings.powers_of(trial.owner, [trial.owner.user])
    assert f"{trial.owner.user} owns notes" in powers
    assert f"{trial.owner.user} may make roles" in powers
    assert trial.surroundings.powers_of(trial.owner, ["notes_1", "notes_2"]) == []


@pytest.mark.parametrize("given", ["no-such-program --fast", "", "'unclosed"])
def test_a_command_that_is_none_is_a_mistake_of_one_line(given: str) -> None:
    with pytest.raises(InputError, match="--other: ") as told, other_programs(given):
        pass
    assert len(told.value.problems) == 1


def test_an_archive_that_is_not_there_is_reported_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"theirs\.tar"), other_programs(str(tmp_path / "theirs.tar")):
        pass


def test_a_relative_program_is_found_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "their service").write_text("#!/bin/sh\n")
    (tmp_path / "their service").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with other_programs("'./their service' --fast") as programs:
        assert programs == Given((str(tmp_path / "their service"), "--fast"))


def test_an_empty_command_does_not_fall_back_to_the_bundled_service() -> None:
    result = CliRunner().invoke(main, ["rehearse", "prod", "--other", " "])
    assert result.exit_code == 2
    assert "--other tries one service in one stack: name it" in " ".join(result.stderr.split())


@pytest.mark.slow
def test_options_that_leave_no_room_for_another_service_are_named() -> None:
    result = CliRunner().invoke(main, ["rehearse", "prod", "--other", "true", "--image", "--since", "main"])
    assert result.exit_code == 2
    assert "leave out --since and --image" in " ".join(result.stderr.split())
