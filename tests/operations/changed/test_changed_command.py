"""`workbuoy changed` in a real git repository."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.main import main
from tests.operations.changed.conftest import Repository


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["changed", *arguments])


def found(result: Result) -> set[str]:
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    return {one["stack"] for one in content["stacks"]} | {one["tenant"] for one in content["tenants"]}


def test_what_a_branch_changed_is_reported_and_not_what_main_did_meanwhile(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.write("Pulumi.dev.yaml", (repository.root / "Pulumi.dev.yaml").read_text() + "# a word\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("components/files.py", "# main went on\n")
    repository.commit()
    repository.git("checkout", "--quiet", "feature")
    assert found(run("--since", "main", "--json")) == {"dev"}


def test_uncommitted_and_new_files_count(repository: Repository) -> None:
    assert found(run("--since", "main", "--json")) == set()
    repository.write("tenants/globex.yaml", "isolation: pool\nbase: prod\n# a word\n")
    assert found(run("--since", "main", "--json")) == {"globex"}
    repository.write("components/new.py", "")
    assert "prod" in found(run("--since", "main", "--json"))


@pytest.mark.parametrize("after", ["isolation: pool\nbase: prod\n", "isolation: silo\nbase: prod\n", None])
def test_where_a_move_is_closed_both_base_stacks_are_touched(repository: Repository, after: str | None) -> None:
    """Each takes back the statement for the other's service, whatever is left of the record."""
    record = "tenants/prod/initech.yaml"
    repository.write(record, "isolation: pool\nbase: prod\nmove: {direction: from, base: prod-eu-north-1}\n")
    repository.commit()
    assert found(run("--since", "HEAD", "--json")) == set()
    if after:
        repository.write(record, after)
    else:
        repository.git("rm", "--quiet", record)
    customers = {"initech"} if after else set()
    assert found(run("--since", "HEAD", "--json")) == {"prod", "prod-eu-north-1"} | customers


def test_a_silo_that_the_branch_brings_is_new(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.write("tenants/initech.yaml", "isolation: silo\nbase: prod\n")
    assert "tenant  initech  (silo, stack prod-initech, new)" in run("--since", "main").stdout
    repository.commit()
    repository.write("tenants/acme.yaml", "isolation: silo\nbase: prod\n# a word\n")
    assert json.loads(run("--since", "main", "--json").stdout)["new"] == ["prod-initech"]
    assert json.loads(run("--since", "HEAD", "--json").stdout)["new"] == []


def test_a_moved_file_counts_where_it_was_and_where_it_is(repository: Repository) -> None:
    repository.git("mv", "tenants/acme.yaml", "tenants/acme2.yaml")
    result = run("--since", "HEAD", "--json")
    assert found(result) == {"acme2"}
    assert json.loads(result.stdout)["removed"] == ["tenants/acme.yaml"]


def test_a_name_with_a_space_and_beyond_ascii_is_read_whole(repository: Repository) -> None:
    repository.write("docs/et dokument på norsk.md", "")
    assert "No stack and no tenant is touched." in run("--since", "main").stdout


def test_a_project_below_the_repositorys_root_sees_its_own_files(repository: Repository) -> None:
    (repository.root / "inner").mkdir()
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "infra"):
        repository.git("mv", name, f"inner/{name}")
    for name in ("tenants", "Pulumi.prod-acme.yaml", "Pulumi.prod-eu-north-1.yaml", "Pulumi.local.yaml"):
        repository.git("rm", "-r", "--quiet", name)
    before = repository.commit()
    repository.write("components/outside.py", "")
    repository.write("inner/Pulumi.dev.yaml", (repository.root / "inner/Pulumi.dev.yaml").read_text() + "# a word\n")
    done = subprocess.run(
        ["git", "-C", str(repository.root), "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert "components/outside.py" in done.stdout
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository.root / "inner")
        assert found(run("--since", before, "--json")) == {"dev"}


@pytest.mark.usefixtures("repository")
def test_the_first_push_of_a_branch_touches_all() -> None:
    assert found(run("--since", "0" * 40, "--json")) == found(run("--all", "--json"))


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("reference", ["no-such-branch", "--output=/dev/null", "f" * 40])
def test_an_unknown_reference_ends_in_one_clear_line(reference: str) -> None:
    result = run("--since", reference)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"error: {reference}: git knows no such commit here; fetch it, or name another\n"


def test_a_shallow_clone_is_shown_how_to_reach_further(repository: Repository, tmp_path: Path) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.write("README.md", "")
    repository.commit()
    shallow = tmp_path / "shallow"
    address = f"file://{repository.root}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", address, str(shallow)], check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(shallow)
        result = run("--since", first)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "this clone is shallow" in result.stderr
    assert "fetch-depth: 0" in result.stderr


def test_histories_without_a_common_commit_are_refused(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.write("README.md", "another beginning")
    repository.commit()
    result = run("--since", "main")
    assert result.exit_code == 1
    assert result.stderr == "error: main: shares no commit with HEAD; name another\n"


def test_outside_a_repository_one_line_says_so(repository: Repository) -> None:
    (repository.root / ".git").rename(repository.root / "git")
    result = run("--since", "main")
    assert result.exit_code == 1
    assert "is not in a git repository" in result.stderr


def test_the_matrices_are_added_to_the_steps_outputs(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = repository.root.parent / "outputs"
    outputs.write_text("before=1\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    assert run("--all", "--github-output").exit_code == 0
    lines = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    assert lines["before"] == "1"
    assert [one["stack"] for one in json.loads(lines["dev"])] == ["dev"]
    assert [one["tenant"] for one in json.loads(lines["silos"])] == ["acme", "nordlys"]
    assert [one["stacks"] for one in json.loads(lines["drills"])] == ["prod", "prod-acme"]
    assert {one["shard"] for one in json.loads(lines["looks"])} == {
        one["stack"] for one in json.loads(lines["previews"])
    }


@pytest.mark.usefixtures("repository")
def test_outside_a_workflow_the_outputs_have_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    result = run("--all", "--github-output")
    assert result.exit_code == 1
    assert "--json" in result.stderr


@pytest.mark.usefixtures("repository")
def test_one_tenant_can_be_named_and_a_wrong_name_is_reported() -> None:
    assert found(run("--tenant", "acme", "--json")) == {"acme"}
    result = run("--tenant", "$(rm)")
    assert (result.exit_code, result.stderr) == (1, "error: $(rm): no such tenant; there are acme, globex, nordlys\n")


@pytest.mark.parametrize("options", [[], ["--all", "--since", "main"]])
def test_exactly_one_question_is_asked(options: list[str]) -> None:
    assert run(*options).exit_code == 2


def test_one_stack_is_named_alone_a_base_or_a_customer_s_own(repository: Repository) -> None:
    assert repository.root.is_dir()
    assert found(run("--stack", "prod", "--json")) == {"prod"}
    assert found(run("--stack", "prod-acme", "--json")) == {"acme"}
    unknown = run("--stack", "prof")
    assert (unknown.exit_code, "prof: no such stack; there are " in unknown.stderr) == (1, True)
    assert run("--stack", "prod", "--all").exit_code == 2
