"""An account's settings: every mistake at once, and no placeholder into an account."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bootstrap.home import SETTINGS_KEY
from bootstrap.load import load_settings
from infra.problems import ProblemsError
from project.files import Project
from tests.bootstrap.conftest import ACCOUNTS, BOOTSTRAP


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


@pytest.mark.parametrize("stack", ACCOUNTS)
def test_a_fresh_clones_placeholders_are_refused_with_their_lines(stack: str) -> None:
    configured = read(BOOTSTRAP / f"Pulumi.{stack}.yaml")["config"][SETTINGS_KEY]
    with pytest.raises(ProblemsError) as refused:
        load_settings(BOOTSTRAP, stack, configured)
    assert [problem.path for problem in refused.value.problems] == [
        "account",
        "github.ownerId",
        "github.repositoryId",
    ]
    assert all(problem.line for problem in refused.value.problems)


Break = Callable[[dict[str, Any]], object]
BROKEN: dict[str, tuple[Break, str, str]] = {
    "a region outside residency": (lambda s: s.update(region="us-east-1"), "region", "outside residency"),
    "images outside residency": (lambda s: s.update(imageRegions=["us-east-1"]), "imageRegions[0]", "outside"),
    "a region twice": (lambda s: s["residency"].append("eu-west-1"), "residency[0]", "residency[2]"),
    "no way in for operators": (lambda s: s.update(operators={}), "operators.identityCenter", "mfaUsers"),
    "two ways in for operators": (
        lambda s: s["operators"].update(mfaUsers=["arn:aws:iam::111111111111:user/kari"]),
        "operators.identityCenter",
        "mfaUsers",
    ),
    "an owner with a slash": (lambda s: s["github"].update(owner="a/b"), "github.owner", "form"),
    "a repository with a star": (lambda s: s["github"].update(repository="*"), "github.repository", "form"),
    "an id that is a number": (lambda s: s["github"].update(ownerId=5), "github.ownerId", "quotes"),
    "a budget of nothing": (lambda s: s["budget"].update(monthlyUsd=0), "budget.monthlyUsd", "at least 1"),
    "another environment": (lambda s: s.update(environment="dev"), "environment", "called prod"),
    "an unknown key": (lambda s: s.update(ownr="x"), "ownr", "owner"),
    "a short trail": (lambda s: s.update(keepTrailDays=30), "keepTrailDays", "at least 365"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_is_named_with_its_place(what: str, account_files: Project) -> None:
    change, path, words = BROKEN[what]
    file = account_files.stack_file("prod")
    content = read(file)
    change(content["config"][SETTINGS_KEY])
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(ProblemsError) as refused:
        load_settings(account_files.root, "prod", content["config"][SETTINGS_KEY])
    problem, *others = refused.value.problems
    assert len(others) == ("twice" in what), others  # both places of it
    assert (problem.path, problem.file) == (path, "Pulumi.prod.yaml")
    assert words in problem.message
    assert problem.line


def test_all_mistakes_are_reported_at_once(account_files: Project) -> None:
    file = account_files.stack_file("prod")
    content = read(file)
    settings = content["config"][SETTINGS_KEY]
    settings |= {"account": "000000000001", "region": "us-east-1"}  # dev's account
    content["config"]["aws:region"] = "us-east-1"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(ProblemsError) as refused:
        load_settings(account_files.root, "prod", settings)
    assert {problem.path for problem in refused.value.problems} == {"account", "region", "config.aws:region"}


def test_a_file_without_settings_says_which_key_is_missing(account_files: Project) -> None:
    with pytest.raises(ProblemsError, match="workbuoy-bootstrap:settings is missing"):
        load_settings(account_files.root, "prod", None)


def test_a_misspelt_key_around_the_settings_is_answered_with_the_one_that_was_meant(account_files: Project) -> None:
    file = account_files.stack_file("prod")
    settings = read(file)["config"][SETTINGS_KEY]
    file.write_text(yaml.safe_dump({"config": {f"{SETTINGS_KEY}s": settings}, "secretsProvider": "passphrase"}))
    with pytest.raises(ProblemsError) as refused:
        load_settings(account_files.root, "prod", None)
    found = {problem.path: problem.message for problem in refused.value.problems}
    assert found["secretsProvider"] == "is not read; did you mean secretsprovider?"
    assert found[f"config.{SETTINGS_KEY}s"] == f"is not read; did you mean {SETTINGS_KEY}?"
    assert all(problem.line for problem in refused.value.problems)
