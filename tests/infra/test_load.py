"""Every mistake in a stack file is told at once, on a line of its own, with its place and the fix."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.load import load_settings, read_configured
from infra.problems import ProblemsError
from project.files import Project
from rehearsal import stand_ins
from rehearsal.run import Options, rehearse
from tests.conftest import PROJECT, STACKS, Change

Problems = list[str]


@pytest.fixture
def problems_of(change: Callable[[str, Change], Project]) -> Callable[[str, Change], Problems]:
    """The problems of a stack whose settings were changed, as a rehearsal would find them."""

    def find(stack: str, change_settings: Change) -> Problems:
        return load(change(stack, change_settings).root, stack)

    return find


def load(root: Path, stack: str) -> Problems:
    try:
        configured, _ = stand_ins.replace(read_configured(root, stack))
        load_settings(root, stack, configured)
    except ProblemsError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("stack", STACKS)
def test_the_committed_stacks_have_no_problem(stack: str) -> None:
    assert load(PROJECT, stack) == []


def put(path: str, value: Any) -> Change:
    def change(settings: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        for step in steps:
            settings = settings[int(step)] if step.isdigit() else settings[step]  # type: ignore[index]
        settings[int(last) if last.isdigit() else last] = value  # type: ignore[index]

    return change


@pytest.mark.parametrize(
    ("stack", "path", "value", "told"),
    [
        ("dev", "database.backupRetentionDays", 0, "database.backupRetentionDays: must be at least 1; it is 0"),
        ("dev", "database.backupRetentionDays", 99, "database.backupRetentionDays: must be at most 35; it is 99"),
        ("dev", "database.backupRetentionDays", "7", 'must be a whole number; it is "7"'),
        ("dev", "database.backupRetenionDays", 7, "is not a setting; did you mean backupRetentionDays?"),
        ("dev", "database.engineVersion", "16.6", "Major version only"),
        ("dev", "database.engineVersion", 17, "must be text, in quotes; it is 17"),
        ("dev", "database.maxAllocatedStorageGib", 22, None),
        ("dev", "account", 3, "account: must be text, in quotes; it is 3"),
        ("dev", "network.zones.1.dataCidrBlock", "10.20.100.0/24", "overlaps zones[0].dataCidrBlock"),
        ("dev", "network.zones.0.publicCidrBlock", "10.99.0.0/24", "lies outside network.cidrBlock"),
        ("dev", "network.cidrBlock", "10.20.0.1/16", "write a CIDR block such as 10.20.0.0/16"),
        ("dev", "network.zones.0.name", "eu-north-1a", "is not a zone of region eu-west-1"),
        ("dev", "region", "us-east-1", "region: us-east-1 lies outside residency (eu-west-1)"),
        ("prod", "permanent", False, "permanent: must be true in prod"),
        ("staging", "permanent", False, "permanent: must be true in staging"),
        ("prod", "database.backupRetentionDays", 3, "a permanent stack needs at least 7; it is 3"),
        ("prod", "database.multiAz", False, "needs a standby in a second zone"),
        ("prod", "observability.alarmEmails", [], "needs at least one person who is told of alarms"),
        ("prod", "service.login", {"mock": True}, "a permanent stack never runs the mock login"),
        ("prod", "network.nat", "none", "the service must reach https://login.workbuoy.example"),
        ("prod", "service.certificateArn", None, "certificateArn and hostName go together"),
        ("prod", "files.deleteAfterDays", 90, "files.deleteAfterDays: deletes before it archives"),
        ("prod", "files.deleteAfterDays", 100, "billed for 90 days at least"),
        ("prod", "files.expireNoncurrentAfterDays", 1, "a permanent stack needs at least 7; it is 1"),
        ("dev", "service.allowedCidrBlocks", ["0.0.0.0/0"], "the mock login lets anyone in"),
        ("dev", "service.memoryMib", 5000, "Fargate has no task of 256 CPU units with 5000 MiB; the nearest is 2048"),
        ("dev", "service.maxTasks", 0, "service.maxTasks: must be at least 1"),
        ("dev", "service.logRetentionDays", 15, "the nearest is 14 days"),
        (
            "dev",
            "service.image.repository",
            "000000000001.dkr.ecr.eu-north-1.amazonaws.com/workbuoy",
            "Lambda takes images of its own region only",
        ),
        (
            "dev",
            "service.image.repository",
            "000000000002.dkr.ecr.eu-west-1.amazonaws.com/workbuoy",
            "service.image.repository: is of account 210000000002; bootstrap makes a registry in 210000000001",
        ),
        (
            "prod",
            "service.certificateArn",
            "arn:aws:acm:eu-west-1:000000000002:certificate/0a1b2c3d-0000-4000-8000-0123456789ab",
            "must be an ACM certificate of account 210000000003",
        ),
        (
            "prod",
            "service.certificateArn",
            "arn:aws:acm:eu-north-1:000000000003:certificate/0a1b2c3d-0000-4000-8000-0123456789ab",
            "this one is in eu-north-1",
        ),
        ("prod", "service.certificateArn", "arn:aws:acm:eu-west-1:000000000003:certificate/mine", "and its id); it is"),
        (
            "prod",
            "service.certificateArn",
            "arn:aws:iam::000000000003:server-certificate/x",
            "must be an ACM certificate",
        ),
        (
            "dev",
            "permissionsBoundaryArn",
            "workbuoy-boundary",
            "write it like arn:aws:iam::111122223333:policy/workbuoy",
        ),
        ("dev", "service.certificateArn", "mine", "write it like arn:aws:acm:eu-west-1:111122223333:certificate/"),
        ("dev", "permissionsBoundaryArn", "arn:aws:iam::000000000002:policy/x", "must be a policy of the stack's own"),
        ("dev", "permissionsBoundaryArn", "arn:aws:iam::000000000001:role/x", "must be a policy of the stack's own"),
        ("dev", "permissionsBoundaryArn", "arn:aws:iam::000000000001:policy/path/x", None),
        ("dev", "database.instanceClass", "db.m9g.large", "RDS offers no db.m9g.large for Postgres in eu-west-1"),
        ("dev", "database.instanceClass", "db.m7g.huge", "RDS offers no db.m7g.huge"),
        ("dev", "database.instanceClass", "db.r6g.large", None),
        ("prod", "service.hostName", f"{'a' * 64}.example", "service.hostName: is not of the right form"),
        ("prod", "service.hostName", "-a.example", "service.hostName: is not of the right form"),
        ("prod", "service.hostName", "a..example", "service.hostName: is not of the right form"),
        ("prod", "service.hostName", f"{'a' * 63}.example", None),
        ("dev", "network.cidrBlock", "169.254.0.0/16", "lies in 169.254.0.0/16, where AWS makes no network"),
        ("dev", "network.cidrBlock", "10.0.0.0/8", "AWS takes networks from /16 to /28; this one is /8"),
        ("dev", "network.zones.0.publicCidrBlock", "10.20.0.0/28", "a load balancer wants /27 or wider"),
        ("dev", "network.zones.0.publicCidrBlock", "10.20.0.0/27", None),
        ("dev", "residency", ["eu-west-1", "eu-west-1"], "residency[1]: eu-west-1 stands at residency[0] too"),
        ("dev", "endpointUrl", "http://127.0.0.1:5000", "the stack local, and no other"),
        ("dev", "environment", "prod", "is prod, but the stack is called dev"),
        ("dev", "service.waf", {"requestsPerAddress": 9}, "service.waf.requestsPerAddress: must be"),
        (
            "dev",
            "service.waf",
            {"countedRules": ["CrossSiteScripting_Body"]},
            "service.waf.countedRules[0]: CrossSiteScripting_Body is no rule of the groups in use; did you mean "
            "CrossSiteScripting_BODY?",
        ),
        ("dev", "service.waf", {"countedRules": ["SizeRestrictions_BODY"]}, "service.waf.countedRules[0]: SizeRestr"),
        ("dev", "service.waf", {"countedRules": ["SQLi_BODY"] * 2}, "service.waf.countedRules[1]: SQLi_BODY stands at"),
        ("dev", "service.waf", {"enabled": True}, "service.waf.enabled: is not a setting"),
        ("dev", "service.waf", {}, None),
        ("dev", "backupCopy", {"account": "444455556666"}, None),
        ("dev", "backupCopy", {"account": "444455556666", "keepDays": 35, "region": "eu-west-1"}, None),
        (
            "dev",
            "backupCopy",
            {"account": "444455556666", "keepDays": 36},
            "backupCopy.keepDays: is 36; at most 35: nobody can take what a person asks to have erased out of a locked",
        ),
        ("dev", "backupCopy", {"account": "000000000001"}, "backupCopy.account: is the stack's own"),
        (
            "dev",
            "backupCopy",
            {"account": "444455556666", "region": "us-east-1"},
            "backupCopy.region: us-east-1 lies outside residency (eu-west-1)",
        ),
        (
            "dev",
            "backupCopy",
            {"account": "444455556666", "startsAt": "00:30"},
            "backupCopy.startsAt: 00:30 begins in the hour before database.backupWindow",
        ),
        (
            "dev",
            "backupCopy",
            {"account": "444455556666", "startsAt": "03:59"},
            "backupCopy.startsAt: 03:59 begins in the hour before database.maintenanceWindow",
        ),
        ("dev", "backupCopy", {"account": "444455556666", "startsAt": "04:00"}, None),
        ("dev", "network", [], "network: must be a mapping of settings; it is []"),
        ("dev", "network.zones", [], "network.zones: must have 2 to 3 entries; it has 0"),
        ("dev", "service.image.digest", "sha256:abc", "service.image.digest: is not of the right form"),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_the_fix(
    problems_of: Callable[[str, Change], Problems], stack: str, path: str, value: Any, told: str | None
) -> None:
    problems = problems_of(stack, put(path, value))
    if told is None:
        assert problems == []
        return
    assert any(told in problem for problem in problems), problems
    assert all(problem.startswith(f"Pulumi.{stack}.yaml:") for problem in problems)
    assert all("\n" not in problem for problem in problems)


def test_an_address_range_that_is_given_twice_is_reported_with_both_lines(project: Project) -> None:
    file = project.stack_file("prod")
    content = yaml.safe_load(file.read_text())
    content["config"]["workbuoy:settings"]["service"]["allowedCidrBlocks"] = ["10.0.0.0/8", "11.0.0.0/8", "10.0.0.0/8"]
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    first, second = load(project.root, "prod")
    path = "service.allowedCidrBlocks"
    assert (
        f"{path}[0]: 10.0.0.0/8 stands at {path}[2] too; keep one".replace(f"at {path}", "at allowedCidrBlocks")
        in first
    )
    assert "allowedCidrBlocks[2]" in second
    assert int(second.split(":")[1]) == int(first.split(":")[1]) + 2


def test_an_address_that_is_told_twice_is_reported_since_aws_makes_one_subscription_of_both(project: Project) -> None:
    file = project.stack_file("prod")
    content = yaml.safe_load(file.read_text())
    content["config"]["workbuoy:settings"]["observability"]["alarmEmails"] = ["a@hooli.test", "a@hooli.test"]
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    assert "observability.alarmEmails[0]: a@hooli.test stands at alarmEmails[1] too" in load(project.root, "prod")[0]


def test_all_mistakes_are_reported_at_once_in_the_file_s_order(problems_of: Callable[[str, Change], Problems]) -> None:
    def break_much(settings: dict[str, Any]) -> None:
        settings["permanent"] = False
        settings["database"]["backupRetentionDays"] = 99
        settings["files"]["deleteAfterDays"] = 30
        settings["service"]["colour"] = "blue"
        settings["network"]["zones"][1]["publicCidrBlock"] = settings["network"]["zones"][0]["publicCidrBlock"]

    problems = problems_of("prod", break_much)
    assert [problem.split(": ")[1] for problem in problems] == [
        "permanent",
        "network.zones[1].publicCidrBlock",
        "database.backupRetentionDays",
        "files.deleteAfterDays",
        "service.colour",
    ]
    lines = [int(problem.split(":")[1]) for problem in problems]
    assert lines == sorted(lines)


def test_a_problem_names_the_line_it_stands_on(project: Project) -> None:
    file = project.stack_file("dev")
    text = file.read_text().replace("backupRetentionDays: 7", "backupRetentionDays: 36")
    file.write_text(text)
    line = next(i for i, one in enumerate(text.splitlines(), start=1) if "backupRetentionDays" in one)
    assert load(project.root, "dev") == [
        f"Pulumi.dev.yaml:{line}: database.backupRetentionDays: must be at most 35; it is 36"
    ]


def test_two_environments_never_share_an_account(change: Callable[[str, Change], Project]) -> None:
    project = change("prod", put("account", "000000000001"))
    assert any("000000000001 is also the account of dev (Pulumi.dev.yaml)" in one for one in load(project.root, "prod"))
    assert load(project.root, "dev") != []


def test_two_base_stacks_of_one_environment_may_share_an_account(project: Project) -> None:
    content = project.stack_file("prod").read_text()
    (project.root / "Pulumi.prod-second.yaml").write_text(content)
    assert load(project.root, "prod-second") == load(project.root, "prod") == []


def test_a_key_given_twice_is_refused(project: Project) -> None:
    file = project.stack_file("dev")
    file.write_text(file.read_text().replace("    permanent: false\n", "    permanent: false\n    permanent: false\n"))
    (problem,) = load(project.root, "dev")
    assert problem.endswith("config.workbuoy:settings.permanent: is given twice; keep one")


@pytest.mark.parametrize(("account", "refused"), [("000000000002", True), ("000000000001", False)])
def test_a_secrets_provider_of_another_account_is_refused(project: Project, account: str, refused: bool) -> None:
    file = project.stack_file("dev")
    provider = f"awskms:///arn:aws:kms:eu-west-1:{account}:key/0a1b2c3d-0000-4000-8000-0123456789ab"
    file.write_text(f"secretsprovider: {provider}\n" + file.read_text())
    found = [one for one in load(project.root, "dev") if "names a KMS key of account" in one]
    assert bool(found) is refused
    assert all(one.startswith("Pulumi.dev.yaml:1: secretsprovider: ") for one in found)


def test_a_setting_outside_the_settings_is_refused(project: Project) -> None:
    file = project.stack_file("dev")
    content = yaml.safe_load(file.read_text())
    content["config"]["aws:region"] = "us-east-1"
    file.write_text(yaml.safe_dump(content))
    (problem,) = load(project.root, "dev")
    assert "config.aws:region: is not read; every setting stands under workbuoy:settings" in problem


def test_placeholders_never_reach_an_engine() -> None:
    with pytest.raises(ProblemsError) as refused:
        load_settings(PROJECT, "prod", read_configured(PROJECT, "prod"))
    assert [problem.path for problem in refused.value.problems] == [
        "account",
        "service.image.repository",
        "service.image.digest",
        "service.certificateArn",
    ]


def test_missing_settings_are_refused_with_the_file_s_name() -> None:
    with pytest.raises(ProblemsError, match=r"Pulumi.dev.yaml.*workbuoy:settings: is missing"):
        load_settings(PROJECT, "dev", None)


@pytest.mark.parametrize(
    ("stack", "right", "wrong", "told"),
    [
        (
            "prod",
            "environment: prod",
            "environment: staging",
            ":4: environment: is staging, but the stack is called prod",
        ),
        ("prod", "environment: prod", "environment: production", ":4: environment: must be one of 'local', 'dev'"),
        ("prod", "workbuoy:settings:", "workbuoy:setting:", ":3: config.workbuoy:setting: is not read; did you mean"),
        (
            "prod",
            "secretsprovider:",
            "secretsProvider:",
            ":1: secretsProvider: is not read; did you mean secretsprovider?",
        ),
        (
            "prod-acme",
            "workbuoy:tenant",
            "workbuoy:tenants",
            ":3: config.workbuoy:tenants: is not read; did you mean workbuoy:t",
        ),
        (
            "prod-acme",
            ": acme",
            ": acmee",
            ":3: workbuoy:tenant: there is no tenant 'acmee': no tenants/acmee.yaml; did you",
        ),
        ("prod-acme", "config:\n", "configs:\n", ":2: configs: is not read; did you mean config?"),
    ],
)
def test_one_mistake_around_the_settings_is_one_line_with_the_fix(
    project: Project, stack: str, right: str, wrong: str, told: str
) -> None:
    file = project.stack_file(stack)
    text = file.read_text()
    text = text if right in text else f"{right} x\n{text}"
    file.write_text(text.replace(right, wrong, 1))
    with pytest.raises(ProblemsError) as caught:
        rehearse(project, stack, Options(declare_only=True))
    (problem,) = map(str, caught.value.problems)
    assert problem.startswith(f"{file.name}{told}")


@pytest.mark.parametrize("config", ["5", "true", "[a]", "[a: 1]", "text", ""])
def test_what_is_no_mapping_under_config_is_reported(tmp_path: Path, config: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(f"config: {config}\n")
    with pytest.raises(ProblemsError, match="workbuoy:settings: is missing"):
        load_settings(tmp_path, "dev", None)


def test_settings_that_stand_beside_config_are_told_where_they_belong_under_the_engine_too(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("workbuoy:settings:\n  environment: dev\n")
    with pytest.raises(ProblemsError, match=r"Pulumi.dev.yaml:1: workbuoy:settings: must stand under config"):
        load_settings(tmp_path, "dev", None)


def test_a_base_stack_s_settings_in_a_customer_s_stack_file_are_refused(project: Project) -> None:
    project.stack_file("prod-acme").write_text(project.stack_file("prod").read_text())
    with pytest.raises(ProblemsError) as caught:
        rehearse(project, "prod-acme", Options(declare_only=True))
    told = "prod-acme is acme's own stack by tenants/acme.yaml: its file holds workbuoy:tenant: acme alone"
    assert str(caught.value) == f"Pulumi.prod-acme.yaml:3: workbuoy:settings: {told}"


def test_a_text_in_the_place_of_the_settings_is_one_problem_and_no_error_of_the_engine(project: Project) -> None:
    project.stack_file("dev").write_text("config:\n  workbuoy:settings: x\n")
    with pytest.raises(ProblemsError) as caught:
        rehearse(project, "dev", Options(declare_only=True))
    assert str(caught.value) == 'Pulumi.dev.yaml:2: must be a mapping of settings; it is "x"'
