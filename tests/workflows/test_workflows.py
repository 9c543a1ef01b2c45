"""What every workflow keeps to: few rights, pinned actions, no stored secret, commands that run on a laptop."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from bootstrap.roles import DEPLOY_SESSION_SECONDS
from operations.pipeline.propose import JUDGES
from project.files import find_project
from tests.conftest import PROJECT, ROOT, Graph
from tests.declared import DECLARE, declared_once
from tests.workflows.reading import (
    CREDENTIALS,
    JOBS,
    RUNS,
    SAME_REPOSITORY,
    USES,
    WORKFLOWS,
    Job,
    Workflow,
    parse,
)

BY_JOB = [pytest.param(job, id=job.id) for job in JOBS]
BY_WORKFLOW = [pytest.param(workflow, id=workflow.name) for workflow in WORKFLOWS]
WRITES = {
    "deploy.publish": {"attestations"},
    "drills.drill": {"attestations"},
    "restore-switch.switch": {"attestations"},
    "drift.issue": {"issues"},
    "preview.comment": {"pull-requests"},
    "preview.code-scanning": {"security-events"},
    "upgrade.propose": {"actions", "contents", "pull-requests"},
    "ui-storybook.publish": {"pages"},
}
PAGES = "actions/deploy-pages"  # takes GitHub's token as a role is taken by it
PUSHED = "github.event_name == 'push'"  # which a fork cannot do


def test_the_workflows_are_those_that_the_documentation_names() -> None:
    names = {workflow.name for workflow in WORKFLOWS}
    names_wanted = {
        "preview",
        "deploy",
        "deploy-environment",
        "fleet",
        "fleet-page",
        "fleet-wave",
        "tenant",
        "drift",
        "drills",
        "restore-switch",
        "test",
        "image",
        "upgrade",
        "ui-storybook",
    }
    assert names == names_wanted


WORKBUOY = (".venv/bin/workbuoy", "../.venv/bin/workbuoy")  # also from bootstrap/, which is a project of its own


def is_a_command_of_this_repository(line: str) -> bool:
    """One make target, one workbuoy command or `.ci/run`; at most stdout goes into a file of its own."""
    if re.search(r"[|;&`<]|\$\(|\$\{\{|>>|\d>", line):
        return False
    words = shlex.split(line)
    if ">" in words[-2:-1]:
        words = words[:-2]
    if ">" in words:
        return False
    return words == [".ci/run"] or words[0] in ("make", *WORKBUOY)


@pytest.mark.parametrize("line", RUNS)
def test_every_step_runs_a_command_that_a_laptop_has(line: str) -> None:
    assert is_a_command_of_this_repository(line)


@pytest.mark.parametrize(
    "line",
    [
        "pip install something",
        "make test && curl https://example.com",
        ".venv/bin/workbuoy review dev | tee review.md",
        ".venv/bin/workbuoy review ${{ matrix.stack }}",
        ".venv/bin/workbuoy review $(cat stack)",
        "make test\nrm -r .",
        "echo x > file",
    ],
)
def test_any_other_step_would_be_noticed(line: str) -> None:
    assert not is_a_command_of_this_repository(line.replace("\n", ";"))


def test_every_make_target_that_a_step_runs_exists() -> None:
    targets = set(re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {word for line in RUNS if line.startswith("make ") for word in shlex.split(line)[1:] if "=" not in word}
    assert named <= targets
    assert named


def test_who_rehearses_or_asks_the_doctor_has_the_service_too() -> None:
    """Both look for the service's own environment and its Postgres."""
    asked = re.compile(r"workbuoy (rehearse|doctor) (?!.*--no-service)")
    found = [job for job in JOBS if any(asked.search(line) for line in job.runs())]
    assert {job.id for job in found} == {"preview.rehearse", "deploy-environment.deploy"}
    assert all("make .venv/installed app/.venv/installed" in job.runs() for job in found)


def unpinned(workflow: Workflow) -> Iterator[str]:
    for action, comment in USES.findall(workflow.text):
        if action.startswith("./"):
            continue
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}", action) or not re.match(r"v\d+\.\d+\.\d+", comment):
            yield action


@pytest.mark.parametrize("workflow", BY_WORKFLOW)
def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(workflow: Workflow) -> None:
    assert list(unpinned(workflow)) == []
    assert len(USES.findall(workflow.text)) == workflow.text.count("uses: ")


@pytest.mark.parametrize("uses", ["actions/checkout@v7", f"actions/checkout@{'a' * 40}", f"a/b@{'a' * 39} # v1.0.0"])
def test_an_action_that_is_not_pinned_would_be_noticed(uses: str) -> None:
    assert list(unpinned(parse("bad", f"jobs:\n  bad:\n    steps:\n      - uses: {uses}\n"))) == [
        uses.partition(" ")[0]
    ]


def test_one_action_has_one_commit() -> None:
    pinned = {use for workflow in WORKFLOWS for use in USES.findall(workflow.text) if not use[0].startswith("./")}
    names = [action.partition("@")[0] for action, _ in pinned]
    assert len(names) == len(set(names))


def test_what_may_push_runs_nothing_that_is_new() -> None:
    """New versions run where the token reads; the patch they leave is only read where it writes."""
    (upgrade,) = (workflow for workflow in WORKFLOWS if workflow.name == "upgrade")
    assert "make upgrade" in upgrade.job("raise").runs()
    assert upgrade.job("raise").content["permissions"] == {"contents": "read"}
    assert [line.split()[:3] for line in upgrade.job("propose").runs()] == [
        ["make", ".venv/installed"],
        [".venv/bin/workbuoy", "pipeline", "require-branch"],
        [".venv/bin/workbuoy", "pipeline", "propose"],
    ]


def test_what_judges_a_change_has_an_owner() -> None:
    """What no machine may propose, and what chooses and sums up in `preview.yml`: the branch's own code does that."""
    text = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8")
    owned = {line.split()[0].strip("/") + "/" for line in text.splitlines() if line.startswith("/")}
    assert all((ROOT / folder).is_dir() for folder in owned)
    assert {*JUDGES, "operations/changed/", "operations/pipeline/", "operations/review/"} <= owned


def test_the_workflow_that_an_upgrade_starts_can_be_started() -> None:
    started = {name for line in RUNS for name in re.findall(r"--start (\S+)\.yml", line)}
    assert started == {"test"}
    assert all("workflow_dispatch" in workflow.triggers for workflow in WORKFLOWS if workflow.name in started)


@pytest.mark.parametrize("workflow", BY_WORKFLOW)
def test_a_workflow_has_no_rights_of_its_own(workflow: Workflow) -> None:
    assert workflow.content["permissions"] == {}


@pytest.mark.parametrize("job", BY_JOB)
def test_a_job_may_read_the_code_and_write_only_what_is_its_purpose(job: Job) -> None:
    rights = job.content["permissions"]
    assert rights["contents"] == ("write" if "contents" in WRITES.get(job.id, ()) else "read")
    written = {right for right, level in rights.items() if level != "read"}
    assert written - {"id-token"} == WRITES.get(job.id, set())
    takes_a_role = any(job.uses(CREDENTIALS)) or any(job.uses(PAGES)) or "uses" in job.content
    assert ("id-token" in rights) == takes_a_role


@pytest.mark.parametrize("workflow", BY_WORKFLOW)
def test_no_secret_is_stored_with_github(workflow: Workflow) -> None:
    assert not re.search(r"\bsecrets\b", workflow.text)
    assert not re.search(r"aws-(access|secret)", workflow.text, re.IGNORECASE)


@pytest.mark.parametrize("job", BY_JOB)
def test_the_workflows_token_goes_to_the_step_that_writes_and_no_other(job: Job) -> None:
    holders = [step["run"] for step in job.steps if "github.token" in json.dumps(step)]
    assert all(line.startswith(".venv/bin/workbuoy pipeline ") for line in holders)
    assert bool(holders) == (job.id in {"preview.comment", "drift.issue", "fleet-page.page", "upgrade.propose"})
    assert "github.token" not in json.dumps(job.content.get("env", {}))


@pytest.mark.parametrize("workflow", BY_WORKFLOW)
def test_nothing_runs_a_forks_code_with_rights(workflow: Workflow) -> None:
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(workflow.triggers)


def _only_for_this_repository(job: Job) -> bool:
    """By its own condition, or because it stops where a job that has one was skipped."""
    if {SAME_REPOSITORY, PUSHED} & set(job.condition.split(" && ")):
        return "||" not in job.condition
    return any(
        f"needs.{one.name}.result != 'skipped'" in job.condition and _only_for_this_repository(one) for one in job.needs
    )


@pytest.mark.parametrize("job", [job for job in BY_JOB if "pull_request" in job.values[0].workflow.triggers])  # type: ignore[union-attr]
def test_a_fork_gets_no_credentials_and_writes_nothing(job: Job) -> None:
    if job.content["permissions"] in ({"contents": "read"},):
        return
    assert _only_for_this_repository(job)


@pytest.mark.parametrize(
    ("condition", "closed"),
    [
        (SAME_REPOSITORY, True),
        (f"!cancelled() && {SAME_REPOSITORY} && needs.a.outputs.b != '[]'", True),
        ("needs.a.outputs.b != '[]'", False),
        (f"always() || {SAME_REPOSITORY}", False),
        (PUSHED, True),
        (f"always() || {PUSHED}", False),
        (SAME_REPOSITORY.replace("==", "!="), False),
    ],
)
def test_a_job_that_is_open_to_forks_would_be_noticed(condition: str, closed: bool) -> None:
    assert _only_for_this_repository(Job(WORKFLOWS[0], "bad", {"if": condition})) == closed


def test_a_fork_is_rehearsed_and_says_so() -> None:
    (preview,) = (workflow for workflow in WORKFLOWS if workflow.name == "preview")
    assert SAME_REPOSITORY not in preview.job("rehearse").condition
    fork = preview.job("fork")
    assert fork.condition == SAME_REPOSITORY.replace("==", "!=")
    assert any("comes from a fork" in line for line in fork.runs())


HISTORY = re.compile(r"workbuoy (deploy|tenant deploy|fleet deploy|restore switch|\S.* --since) ")


def asks_history(job: Job) -> bool:
    return any(HISTORY.search(f"{line} ") for line in job.runs())


@pytest.mark.parametrize("job", [pytest.param(job, id=job.id) for job in JOBS if asks_history(job)])
def test_whoever_compares_with_another_commit_has_the_whole_history(job: Job) -> None:
    checkouts = list(job.uses("actions/checkout"))
    assert checkouts
    assert all(step["with"].get("fetch-depth") == 0 for step in checkouts)


def test_every_command_that_deploys_or_compares_is_among_them() -> None:
    assert {
        "deploy-environment.deploy",
        "fleet-wave.deploy",
        "tenant.deploy",
        "restore-switch.switch",
        "preview.compare",
    } <= {job.id for job in JOBS if asks_history(job)}


@pytest.mark.parametrize("job", BY_JOB)
def test_a_checkout_keeps_no_token(job: Job) -> None:
    assert all(step["with"]["persist-credentials"] is False for step in job.uses("actions/checkout"))


@pytest.mark.parametrize("job", [job for job in BY_JOB if "steps" in job.values[0].content])  # type: ignore[union-attr]
def test_every_job_ends_in_time(job: Job) -> None:
    assert 0 < job.content["timeout-minutes"] <= 120


def test_artifacts_of_pull_requests_are_kept_for_fourteen_days() -> None:
    kept = {
        step["with"]["retention-days"]
        for job in JOBS
        if "pull_request" in job.workflow.triggers
        for step in job.uses("actions/upload-artifact")
    }
    assert kept == {14}


CHANGING = re.compile(r"workbuoy (deploy|tenant deploy|fleet deploy|image push) ")


@pytest.mark.parametrize("job", [job for job in BY_JOB if any(map(CHANGING.search, job.values[0].runs()))])  # type: ignore[union-attr]
def test_what_changes_an_account_waits_its_turn_and_is_never_cut_off(job: Job) -> None:
    assert job.content["environment"]
    if any("deploy " in line for line in job.runs()):
        assert job.content["concurrency"]["cancel-in-progress"] is False
    assert not job.workflow.content.get("concurrency", {}).get("cancel-in-progress")


@pytest.mark.parametrize("job", [job for job in BY_JOB if "environment" in job.values[0].content])  # type: ignore[union-attr]
def test_only_main_reaches_an_environment(job: Job) -> None:
    if any(job.uses(PAGES)):
        assert job.condition == PUSHED
        assert job.workflow.triggers["push"]["branches"] == ["main"]
        return
    guarded = [line for one in (job, *job.needs) for line in one.runs() if line.endswith("require-branch main")]
    assert guarded
    own = [step.get("run", step.get("uses", "")) for step in job.steps]
    (role,) = (index for index, step in enumerate(own) if step.startswith(CREDENTIALS))
    assert not [step for step in own[role:] if "require-branch" in step]


def roles() -> list[tuple[Job, dict[str, Any]]]:
    return [(job, step["with"]) for job in JOBS for step in job.uses(CREDENTIALS)]


def test_roles_are_taken_by_a_short_lived_token_alone() -> None:
    assert len(roles()) == 10
    for job, given in roles():
        assert set(given) <= {"role-to-assume", "aws-region", "role-duration-seconds"}
        seconds = given.get("role-duration-seconds", 3600)
        assert seconds <= DEPLOY_SESSION_SECONDS
        assert job.content["timeout-minutes"] * 60 <= seconds


@pytest.fixture(scope="session")
def account() -> Graph:
    """What bootstrap declares in prod."""
    return Graph(declared_once(find_project(PROJECT / "bootstrap"), "prod", DECLARE))


def subject(job: Job) -> str:
    """The last part of the subject that GitHub puts into the token of a job.

    Source: https://docs.github.com/en/actions/reference/security/oidc
    """
    if "environment" in job.content:
        name = re.sub(r"\$\{\{.*environment \}\}|dev", "prod", job.content["environment"])
        return f"environment:{name}"  # of this account
    return "pull_request" if "pull_request" in job.workflow.triggers else "ref:refs/heads/main"


@pytest.mark.parametrize(("job", "given"), [pytest.param(*one, id=one[0].id) for one in roles()])
def test_bootstraps_roles_trust_exactly_these_jobs(job: Job, given: dict[str, Any], account: Graph) -> None:
    role = re.sub(r"\$\{\{[^}]*environment \}\}|dev$", "prod", given["role-to-assume"].rpartition("/")[2])
    (declared,) = [one.declared.inputs for one in account.of("Role") if one.declared.inputs["name"] == role]
    (statement,) = json.loads(declared["assumeRolePolicy"])["Statement"]
    trusted = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert {one.split(":", 2)[2] for one in trusted} >= {subject(job)}


def test_backends_are_where_bootstrap_puts_the_state() -> None:
    for job in JOBS:
        for line in job.runs():
            needs_state = re.search(
                r"workbuoy (review|deploy|drift|drills|restore \w+|tenant deploy|fleet deploy|fleet look) ", line
            )
            if needs_state and " --events " not in line and " --since " not in line:
                assert "backend" in job.content["env"]["PULUMI_BACKEND_URL"], job.id


def test_documentation_says_what_each_workflow_is_for() -> None:
    page = (ROOT / "docs/workflows.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)\.yml` \|", page, re.MULTILINE)) == {one.name for one in WORKFLOWS}


def test_the_storybook_is_built_on_pull_requests_and_published_from_main() -> None:
    """The guide's rows 1.14 and 1.15, and the settings that it names for CI."""
    (storybook,) = (workflow for workflow in WORKFLOWS if workflow.name == "ui-storybook")
    build, publish = storybook.job("build"), storybook.job("publish")
    assert build.content["env"] == {"ROLLUP_SKIP_NODEJS_NATIVE": "1", "ROLLUP_SKIP_NATIVE": "1"}
    assert build.runs() == ["make ui-storybook"]
    artifacts = {step["with"]["name"]: step for step in build.uses("actions/upload-artifact")}
    assert set(artifacts) == {"ui-storybook", "github-pages"}
    assert artifacts["github-pages"]["if"] == PUSHED
    assert publish.needs == [build]
    assert [step["uses"].partition("@")[0] for step in publish.steps] == [PAGES]
