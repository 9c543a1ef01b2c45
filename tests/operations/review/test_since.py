"""The review between two revisions, on a clone of this project's own files: its own code on each side."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner, Result

from operations.review.command import review
from project.own_folder import prefix_of
from rehearsal import revision
from rehearsal.revision import Declaration, Side
from tests.operations.clone import edit, git, make_clone

# each declares a stack twice, by its own code
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("declaring_in_forks")]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clone(tmp_path_factory.mktemp("clone with a space"))


@pytest.fixture
def since(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clone as the current folder, with nothing changed in it before and after."""
    monkeypatch.chdir(clone)
    git(clone, "checkout", "--quiet", ".")
    return clone


class DeclaredOnce(Declaration):
    """What a commit declares is the same each time: it is declared in a process of its own by who asks for it first."""

    bodies: ClassVar[dict[tuple[str, str, str], str]] = {}

    def __init__(self, side: Side) -> None:
        self._asked = (side.origin, side.root.name if side.root.name == "bootstrap" else "", side.stack)
        if self._asked not in self.bodies:
            super().__init__(side)

    def body(self) -> Mapping[str, Any]:
        if self._asked not in self.bodies:
            found = super().body()
            if self._asked[0] == "the working tree":
                return found
            self.bodies[self._asked] = json.dumps(found)
        body: Mapping[str, Any] = json.loads(self.bodies[self._asked])
        return body

    def end(self) -> None:
        if hasattr(self, "_process"):
            super().end()


@pytest.fixture(autouse=True)
def the_past_is_declared_once(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clone.is_dir()  # with one commit, which nobody changes
    monkeypatch.setattr(revision, "Declaration", DeclaredOnce)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(review, arguments)


def left_behind() -> list[str]:
    return [one.name for one in Path(tempfile.gettempdir()).glob(f"{prefix_of(os.getpid(), 'since')}*")]


def test_what_a_rehearsal_refuses_is_told_as_it_tells_it(since: Path) -> None:
    edit(since / "components/cluster.py", "cluster.arn, cluster.name\n", "aws.get_caller_identity(), cluster.name\n")
    result = run("prod", "--since", "HEAD")
    assert result.exit_code == 1, result.output
    assert "prod cannot be declared: refused: function aws:index/getCallerIdentity" in " ".join(result.stderr.split())


def test_a_database_that_would_be_replaced_stops_without_an_account(since: Path) -> None:
    edit(since / "components/database.py", "db_name=DATABASE_NAME", 'db_name="other"')
    result = run("prod", "--since", "HEAD")
    assert result.exit_code == 3, result.output
    assert "**replace** `database-instance`" in result.stdout
    assert "State and drift are not in it" in result.stdout
    assert left_behind() == []


def test_a_harmless_change_passes_and_what_is_not_committed_counts(since: Path) -> None:
    edit(since / "components/cluster.py", 'f"{name}-cluster",', 'f"{name}-cluster",  # the same')
    result = run("prod", "--since", "HEAD")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("## prod: nothing changes")


def test_a_resource_renamed_without_an_alias_stops_with_the_alias_and_with_it_is_the_same(since: Path) -> None:
    edit(since / "components/cluster.py", 'f"{name}-cluster",', 'f"{name}-main",')
    stopped = run("prod", "--since", "HEAD")
    assert stopped.exit_code == 3
    assert 'aliases=[pulumi.Alias(name="cluster-cluster")]' in stopped.stdout
    assert "### Made anew though it stands" in stopped.stdout
    suggested = run("prod", "--since", "HEAD", "--suggest")
    assert suggested.exit_code == 0
    lines = suggested.stdout.splitlines()
    assert lines[0].startswith("# components/cluster.py:")
    assert lines[1] == 'aliases=[pulumi.Alias(name="cluster-cluster")]'
    edit(
        since / "components/cluster.py",
        "opts=ResourceOptions(parent=self)",
        'opts=ResourceOptions(parent=self, aliases=[pulumi.Alias(name=f"{name}-cluster")])',
    )
    edit(since / "components/cluster.py", "import pulumi_aws as aws", "import pulumi\nimport pulumi_aws as aws")
    assert run("prod", "--since", "HEAD").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prod", "--since", "no-such-revision"), "no-such-revision: git knows no such commit here"),
        (("prod", "--since", "--help"), "git knows no such commit here"),
        (("prodd", "--since", "HEAD"), "there is no stack 'prodd'"),
    ],
)
def test_a_wrong_revision_or_stack_is_one_line(since: Path, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert since.is_dir()
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_program_that_fails_is_one_line_and_says_which_side(since: Path) -> None:
    edit(since / "components/cluster.py", '"""', 'raise RuntimeError("no")\n"""')
    result = run("prod", "--since", "HEAD")
    assert result.exit_code == 1
    assert "the working tree: prod cannot be declared" in result.stderr
    assert left_behind() == []


NEW = "staging-eu-central-1"


@pytest.fixture
def new_stack(since: Path) -> Iterator[None]:
    """A stack in a region where the clone has none, and which its account does not know yet."""
    file = since / f"Pulumi.{NEW}.yaml"
    staging = (since / "Pulumi.staging.yaml").read_text()
    file.write_text(staging.replace("eu-west-1", "eu-central-1").replace("10.30.", "10.90."))
    yield
    file.unlink()


@pytest.mark.usefixtures("new_stack")
def test_a_stack_that_is_new_is_compared_with_nothing(since: Path) -> None:
    edit(since / "bootstrap/Pulumi.staging.yaml", ": [eu-west-1]", ": [eu-west-1, eu-central-1]")
    result = run(NEW, "--since", "HEAD", "--json")
    assert result.exit_code == 0, result.stderr
    assert f"HEAD has no stack {NEW}: everything in it is new" in result.stderr
    changes = [step for steps in json.loads(result.stdout)["changes"].values() for step in steps]
    assert {step["op"] for step in changes} == {"create"}


@pytest.mark.usefixtures("new_stack")
def test_all_that_is_wrong_with_a_stack_is_said_whole_in_a_narrow_terminal(
    since: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    result = run(NEW, "--since", "HEAD")
    assert result.exit_code == 1
    said = " ".join(result.stderr.split())
    for list_ in ("imageRegions", "residency"):
        assert f"{NEW} cannot be declared: bootstrap/Pulumi.staging.yaml: {list_}: lacks eu-central-1" in said
    assert since.is_dir()


def test_bootstrap_is_compared_from_its_own_folder(since: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(since / "bootstrap")
    unchanged = run("prod", "--since", "HEAD")
    assert unchanged.exit_code == 0, unchanged.output
    assert unchanged.stdout.startswith("## prod: nothing changes")
    edit(since / "bootstrap/state.py", "def ", 'raise RuntimeError("no")\n\n\ndef ')
    broken = run("prod", "--since", "HEAD")
    assert broken.exit_code == 1
    assert "the working tree: prod cannot be declared" in broken.stderr


def test_since_goes_with_a_stack_alone(since: Path) -> None:
    assert since.is_dir()
    assert run("--since", "HEAD").exit_code == 2
    assert run("prod", "--since", "HEAD", "--image", "deployed").exit_code == 2


def test_outside_a_repository_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  x:settings: {}\n")
    monkeypatch.chdir(tmp_path)
    result = run("dev", "--since", "HEAD")
    assert result.exit_code == 1
    assert "is not in a git repository" in result.stderr


def test_what_a_killed_review_left_is_removed_by_the_next(since: Path) -> None:
    assert since.is_dir()
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = Path(tempfile.mkdtemp(prefix=prefix_of(ended.pid, "since")))
    run("prod", "--since", "HEAD")
    assert not left.exists()
