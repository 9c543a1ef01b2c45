"""A stack in an account or a region that bootstrap's file does not name is reported before AWS refuses it."""

from collections.abc import Callable

import pytest
import yaml
from click.testing import CliRunner

from operations.main import main
from project.accounts import find_account_problems
from project.files import Project
from tests.conftest import PROJECT, Change

Edit = Callable[[str, Change], None]


@pytest.fixture
def account(project: Project) -> Edit:
    """Change what bootstrap's file of an environment says, in the copy."""

    def apply(environment: str, change_settings: Change) -> None:
        file = project.root / f"bootstrap/Pulumi.{environment}.yaml"
        file.parent.mkdir(exist_ok=True)
        content = yaml.safe_load((PROJECT / "bootstrap" / file.name).read_text())
        change_settings(content["config"]["workbuoy-bootstrap:settings"])
        file.write_text(yaml.safe_dump(content))

    return apply


def only_ireland(settings: dict[str, object]) -> None:
    settings.update(imageRegions=["eu-west-1"], residency=["eu-west-1"])


def test_files_that_agree_have_no_problem(project: Project, account: Edit) -> None:
    account("prod", lambda _: None)
    assert [find_account_problems(project, stack) for stack in project.stacks()] == [[]] * len(project.stacks())


@pytest.mark.parametrize("stack", ["prod-eu-north-1", "prod-eu-north-1-globex"])
def test_a_region_that_the_account_lacks_is_named_for_the_base_and_its_customers(
    stack: str, project: Project, account: Edit
) -> None:
    account("prod", only_ireland)
    assert [str(one) for one in find_account_problems(project, stack)] == [
        f"bootstrap/Pulumi.prod.yaml: {key}: lacks eu-north-1, which {stack} needs: "
        "add it, then run `workbuoy bootstrap up prod`"
        for key in ("imageRegions", "residency")
    ]
    assert find_account_problems(project, "prod") == []


@pytest.mark.parametrize("wrong", [{"region": "eu-central-9"}, {"residency": []}, {"residency": None}])
def test_a_region_outside_the_stack_s_own_residency_is_not_asked_for_in_the_account(
    wrong: dict[str, object], project: Project, account: Edit, change: Callable[[str, Change], Project]
) -> None:
    account("prod", only_ireland)
    change("prod", lambda settings: settings.update(wrong))
    assert find_account_problems(project, "prod") == []


def test_two_real_account_ids_must_be_the_same_and_a_placeholder_may_wait(
    project: Project, account: Edit, change: Callable[[str, Change], Project]
) -> None:
    account("prod", lambda settings: settings.update(account="123456789012"))
    assert find_account_problems(project, "prod") == []
    change("prod", lambda settings: settings.update(account="210987654321"))
    (problem,) = find_account_problems(project, "prod")
    assert (problem.file, problem.path) == ("bootstrap/Pulumi.prod.yaml", "account")
    assert problem.message == (
        "is 123456789012, but prod names 210987654321: put the same into both files, or give that account a file of "
        "its own, bootstrap/Pulumi.prod-NAME.yaml"
    )


def test_a_project_without_bootstrap_and_a_stack_that_is_not_in_aws_need_no_account(project: Project) -> None:
    assert find_account_problems(project, "prod") == []
    assert find_account_problems(project, "local") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["rehearse", "prod-eu-north-1"], 1), (["doctor", "prod-eu-north-1"], 3), (["changed", "--all"], 0)],
)
def test_rehearse_doctor_and_changed_say_so(
    arguments: list[str], code: int, project: Project, account: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "infra").symlink_to(PROJECT / "infra")
    account("prod", only_ireland)
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PATH", "/nonexistent")
    found = CliRunner().invoke(main, arguments)
    assert found.exit_code == code, found.output
    assert "bootstrap/Pulumi.prod.yaml: imageRegions: lacks eu-north-1" in " ".join(found.output.split())
