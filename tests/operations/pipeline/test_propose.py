"""A patch becomes one pull request of the workflows' own user, and nothing of it is laid out where that is done."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.main import main
from tests.operations.pipeline.api import BOT, REPOSITORY, TOKEN, GitHub, serving

BRANCH = "upgrade/locks"


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=o", "-c", "user.email=o@example.com")
    return subprocess.run(["git", *identity, *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GitHub]:
    """A scheduled workflow's environment, in a clone with two lock files."""
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    Path("requirements.lock").write_text("boto3==1\n")
    Path("old.lock").write_text("gone\n")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    with serving() as held:
        for name, value in {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": held.address,
            "GITHUB_REF_NAME": "main",
            "GITHUB_STEP_SUMMARY": str(tmp_path / ".git/summary"),
        }.items():
            monkeypatch.setenv(name, value)
        yield held


def patched(**files: str | None) -> str:
    """A patch that gives files these texts or deletes them; the working tree is as before it."""
    for name, text in files.items():
        path = Path(name.replace("__", "/").replace("_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink() if text is None else path.write_text(text)
    git("add", "--all", "--intent-to-add")
    Path(".git/upgrade.patch").write_text(git("diff", "--binary", "HEAD"))
    git("reset", "--quiet", "--hard")
    git("clean", "--quiet", "--force", "-d")
    return ".git/upgrade.patch"


def propose(patch: str) -> Result:
    arguments = ("--branch", BRANCH, "--title", "Raise the locked versions", "--start", "test.yml")
    result = CliRunner().invoke(main, ["pipeline", "propose", patch, *arguments])
    assert TOKEN not in result.output
    assert "Traceback" not in result.output
    assert git("status", "--short") == "", "the working tree and its index stay as they were"
    return result


def test_a_patch_becomes_one_commit_a_pull_request_and_a_run_of_the_tests(github: GitHub) -> None:
    result = propose(patched(requirements_lock="boto3==2\n", old_lock=None))
    assert result.exit_code == 0, result.output
    (tree,) = github.trees
    head = git("rev-parse", "HEAD").strip()
    assert tree["base_tree"] == f"tree-of-{head}"
    entries = {one["path"]: one.get("content", "goes") for one in tree["tree"]}
    assert entries == {"requirements.lock": "boto3==2\n", "old.lock": "goes"}
    (pull,) = github.pulls
    assert (pull["head"], pull["base"], pull["title"]) == (BRANCH, "main", "Raise the locked versions")
    assert "- `requirements.lock`" in pull["body"]
    assert "close and reopen" in pull["body"]
    assert github.dispatched == [("test.yml", BRANCH)]
    assert Path("requirements.lock").read_text() == "boto3==1\n"


def test_next_week_the_same_pull_request_gets_the_new_commit(github: GitHub) -> None:
    propose(patched(requirements_lock="boto3==2\n"))
    before = github.branches[BRANCH]
    result = propose(patched(requirements_lock="boto3==3\n"))
    assert "is brought up to date" in result.stderr
    assert github.branches[BRANCH] != before
    assert len(github.pulls) == 1
    assert len(github.dispatched) == 2


def test_a_persons_commit_on_the_branch_is_never_thrown_away(github: GitHub) -> None:
    github.branches[BRANCH] = "theirs"
    github.authors["theirs"] = "kari"
    result = propose(patched(requirements_lock="boto3==2\n"))
    assert result.exit_code == 1
    assert "its last commit is not a workflow's" in " ".join(result.stderr.split())
    assert github.branches[BRANCH] == "theirs"
    assert github.writes == []


def test_a_branch_whose_name_only_begins_alike_is_another(github: GitHub) -> None:
    github.branches[f"{BRANCH}-of-kari"] = "theirs"
    github.authors["theirs"] = "kari"
    assert propose(patched(requirements_lock="boto3==2\n")).exit_code == 0
    assert github.branches[f"{BRANCH}-of-kari"] == "theirs"
    assert github.authors.get(github.branches[BRANCH], BOT) == BOT


@pytest.mark.parametrize("judge", ["_github__workflows__test_yml", "_ci__run", "waivers__x_yaml"])
def test_what_judges_a_change_is_proposed_by_nobody_but_a_person(github: GitHub, judge: str) -> None:
    result = propose(patched(**{judge: "new\n", "requirements_lock": "boto3==2\n"}))
    assert result.exit_code == 1
    assert "which judges it: a person proposes that" in " ".join(result.stderr.split())
    assert github.writes == []


def test_an_owner_who_has_not_allowed_it_reads_githubs_reason(github: GitHub) -> None:
    github.may_open_pulls = False
    result = propose(patched(requirements_lock="boto3==2\n"))
    assert result.exit_code == 4
    assert "not permitted to create or approve pull requests" in " ".join(result.stderr.split())


def test_an_empty_patch_proposes_nothing(github: GitHub) -> None:
    result = propose(patched())
    assert (result.exit_code, result.stderr) == (0, "Nothing changes, so nothing is proposed.\n")
    assert github.writes == []


def test_a_patch_that_does_not_fit_the_commit_is_reported_in_one_line(github: GitHub) -> None:
    patch = patched(requirements_lock="boto3==2\n")
    Path(patch).write_text(Path(patch).read_text().replace("boto3==1", "boto3==0"))
    result = propose(patch)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert github.writes == []


def test_on_a_laptop_the_files_are_printed_and_nothing_is_opened(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    result = propose(patched(requirements_lock="boto3==2\n"))
    assert "requirements.lock" in result.stdout
    assert "no pull request is opened" in result.stderr
    assert github.writes == []
