"""What reached main and not the base stack yet does not reach a customer's own stack on it either."""

import json
from pathlib import Path
from typing import Any

import pytest

from operations.engine.order import COMMIT
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli
from tests.operations.history import commit, git
from tests.operations.tenant.conftest import Run
from tests.operations.tenant.test_deploy import quick, standing

__all__ = ["quick"]
pytestmark = pytest.mark.usefixtures("prod_signed_in", "quick")


@pytest.fixture
def deployed(project: Project) -> str:
    """The commit that prod and acme's own stack were deployed with, and that is checked out."""
    git(project.root, "init", "-qb", "main")
    return commit(project.root)


def stands(tag: str | None) -> dict[str, Any]:
    tags = {"pulumi:project": "workbuoy"} | ({COMMIT: tag} if tag else {})
    return standing("prod-acme") | {"stack tag ls": {"out": json.dumps(tags)}}


def add(root: Path, file: str) -> None:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text() if path.exists() else ""
    changed = before.replace("owner: ", "owner: another-") if file.startswith("Pulumi.") else f"{before}\n# changed\n"
    path.write_text(changed)
    commit(root)


@pytest.mark.parametrize("file", ["components/database.py", "app/serve.py", "Pulumi.prod.yaml", "requirements.lock"])
def test_what_its_base_stack_was_not_deployed_with_is_named_and_nothing_is_deployed(
    file: str, run: Run, project: Project, fake_cli: FakeCli, deployed: str
) -> None:
    add(project.root, "tenants/acme.yaml")
    add(project.root, file)
    fake_cli.answer(stands(deployed))
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 1
    assert (
        f"prod-acme: would be ahead of prod, which was deployed as {deployed[:9]}: {file} changed since"
        in result.stderr
    )
    assert "`workbuoy deploy prod` first" in result.stderr
    assert not fake_cli.calls("up")
    assert run("deploy", "acme", "--yes", "--ahead").exit_code == 0
    assert fake_cli.calls("up")


def test_many_files_are_counted(run: Run, project: Project, fake_cli: FakeCli, deployed: str) -> None:
    for number in range(5):
        add(project.root, f"components/part_{number}.py")
    fake_cli.answer(stands(deployed))
    found = run("deploy", "acme", "--yes").stderr
    assert "components/part_0.py, components/part_1.py, components/part_2.py and 2 more changed since" in found


@pytest.mark.parametrize(
    "file", ["tenants/acme.yaml", "Pulumi.prod-acme.yaml", "Pulumi.prod-eu-north-1.yaml", "docs/a.md", "tests/a.py"]
)
def test_a_customers_own_change_and_what_concerns_no_stack_of_its_base_go_on(
    file: str, run: Run, project: Project, fake_cli: FakeCli, deployed: str
) -> None:
    add(project.root, file)
    fake_cli.answer(stands(deployed))
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 0, result.stderr


def test_where_the_base_stack_is_newer_or_of_the_same_commit_it_goes_on(
    run: Run, project: Project, fake_cli: FakeCli, deployed: str
) -> None:
    add(project.root, "components/database.py")
    newer = git(project.root, "rev-parse", "HEAD")
    fake_cli.answer(stands(newer))
    assert run("deploy", "acme", "--yes").exit_code == 0
    git(project.root, "checkout", "-q", deployed)
    base_alone = stands(None) | {"stack tag ls --json --stack prod": {"out": json.dumps({COMMIT: newer})}}
    fake_cli.answer(base_alone)
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("committed", [False, True])
def test_what_a_deployment_wrote_into_the_base_stacks_file_does_not_count(
    committed: bool, run: Run, project: Project, fake_cli: FakeCli, deployed: str
) -> None:
    file = project.root / "Pulumi.prod.yaml"
    file.write_text(file.read_text() + "encryptedkey: abc\n")
    if committed:
        commit(project.root)
    fake_cli.answer(stands(deployed))
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("text", ["config: [", "# nothing\n", "- a list\n", ""])
def test_a_base_stacks_file_that_cannot_be_read_counts(
    text: str, run: Run, project: Project, fake_cli: FakeCli, deployed: str
) -> None:
    assert deployed
    file = project.root / "Pulumi.prod.yaml"
    good = file.read_text()
    file.write_text(text)
    broken = commit(project.root)
    file.write_text(good)
    commit(project.root)
    fake_cli.answer(stands(broken))
    assert "Pulumi.prod.yaml changed since" in run("deploy", "acme", "--yes").stderr


@pytest.mark.parametrize(
    ("tag", "said"), [(None, "prod: says no commit"), ("ab" * 20, "prod: was deployed as ababababa")]
)
def test_what_cannot_be_told_stops(tag: str | None, said: str, run: Run, fake_cli: FakeCli, deployed: str) -> None:
    assert deployed
    fake_cli.answer(stands(tag))
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 1
    assert said in result.stderr
    assert not fake_cli.calls("up")


def test_without_git_it_is_said_that_nobody_knows(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer(stands("ab" * 20))
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 0, result.stderr
    assert "whether it would be ahead of prod is not known" in result.stderr
