"""`workbuoy locate`: what it prints, writes and exits with."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from graph import Graph
from graph.resource import REFERENCE_TYPE
from infra.problems import ProblemsError
from operations.locate.differences import differences
from operations.locate.processing import Measure
from operations.locate.sources import Estate, read_state, with_states
from operations.locate.stores import stores_of
from operations.main import main
from project.files import Project
from tests.conftest import PROJECT

pytestmark = pytest.mark.lengthy


def locate(folder: Path, *arguments: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(main, ["locate", *arguments])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str]:
    """What is printed for acme, and the record that is handed over."""
    file = tmp_path_factory.mktemp("records") / "acme.md"
    result = locate(PROJECT, "acme", "--record", str(file))
    return result, file.read_text()


def test_one_tenant_is_reported_within_80_columns(recorded: tuple[Result, str]) -> None:
    result, _ = recorded
    assert result.exit_code == 0, result.output
    shown = result.stdout.splitlines()
    assert shown[0] == "acme (Acme Industrier AS): a stack of its own, prod-acme"
    assert [line for line in shown if len(line) > 80] == []
    assert "all inside residency" in result.stdout
    assert shown[-1].startswith("Next: workbuoy locate acme --record")
    assert "record of processing is in" in result.stderr


def test_the_record_reads_without_our_words_and_names_nobody_else(recorded: tuple[Result, str]) -> None:
    _, record = recorded
    assert "| Controller | Acme Industrier AS |" in record
    assert "privacy@acme.example" in record
    assert "Ireland (eu-west-1)" in record
    assert "a key for this customer alone" in record
    assert "Stored outside what is agreed: nothing." in record
    assert "What this record does not prove" in record
    for inner in ("arn:aws", "globex", "initech", "urn:", "workbuoy-prod", "retain_on_delete", "service-task", "silo"):
        assert inner not in record


def test_the_record_names_processor_companies_and_measures(recorded: tuple[Result, str]) -> None:
    _, record = recorded
    assert "| Contact of the processor | Privacy team, privacy@workbuoy.example |" in record
    assert "| GitHub, Inc. | US, outside the EEA | " in record
    assert "| Example Login AS | NO, in the EEA | " in record  # acme logs in at its base stack's
    assert "by starting a reviewed program, never by hand: the records that your users keep" in record
    measures = record.partition("## Measures")[2].partition("##")[0]
    assert measures.count("| holds") == len(Measure)


def test_the_record_is_written_in_norwegian_with_the_same_facts(tmp_path: Path, recorded: tuple[Result, str]) -> None:
    result = locate(PROJECT, "acme", "--record", str(tmp_path / "acme.md"), "--language", "no")
    assert result.exit_code == 0, result.output
    norwegian, english = (tmp_path / "acme.md").read_text(), recorded[1]
    assert norwegian.startswith("# Behandlingsprotokoll: Acme Industrier AS")
    assert "| Kontakt hos databehandleren | Privacy team, privacy@workbuoy.example |" in norwegian
    assert [line.count("|") for line in norwegian.splitlines()] == [line.count("|") for line in english.splitlines()]
    assert "| Eksporter av dataene deres, laget for utlevering til dere | Irland (eu-west-1) |" in norwegian
    assert norwegian.count("eu-west-1") == english.count("eu-west-1")


def test_the_record_tells_exports_apart_from_files(recorded: tuple[Result, str]) -> None:
    _, record = recorded
    rows = [line.strip("| ").split(" | ") for line in record.splitlines() if line.count(" | ") == 5]
    shared = {row[0]: (row[2], row[-1]) for row in rows}
    assert shared["The files that your users attach"] == ("a key for this customer alone", "no")
    exports = ("Exports of your data, made to hand them over to you", "Earlier and deleted versions of exports")
    assert {shared[one] for one in exports} == {("a key of Workbuoy's, shared by its customers", "yes")}
    backups = record.partition("## Backups")[2].partition("##")[0]
    assert backups.count("- Files:") == 1  # an export is no backup


def test_every_row_of_the_records_table_is_whole(recorded: tuple[Result, str]) -> None:
    _, record = recorded
    where = record.partition("## Where the data are")[2].partition("## Backups")[0]
    rows = [line for line in where.splitlines() if line.startswith("| ") and not line.startswith("| What")]
    assert len(rows) > 10
    assert all(
        len(row.strip("|").split("|")) == 6 and all(one.strip() for one in row.strip("|").split("|")) for row in rows
    )
    assert len(rows) == len(set(rows))


def test_all_tenants_are_reported_on_one_line_each_and_as_one_document() -> None:
    result = locate(PROJECT, "--json")
    assert result.exit_code == 0
    told = {one["tenant"]: one for one in json.loads(result.stdout)["tenants"]}
    assert set(told) >= {"acme", "globex", "initech"}
    assert {one["region"] for one in told["globex"]["stores"] if one["group"] != "Platform"} == {"eu-north-1"}
    assert all(one["insideResidency"] for one in told.values())
    assert all(store["shared"] for store in told["initech"]["stores"])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nobody"], 1, "there is no tenant 'nobody'"),
        (["../acme"], 1, "there is no tenant '../acme'"),
        (["acme", "--from", "moon"], 2, "moon"),
        (["acme", "--live", "--from", "stack"], 2, "exclude each other"),
        (["acme", "--language", "no"], 2, "add --record"),
        (["--record", "x.md"], 2, "--record needs a TENANT"),
        (["acme", "--record", "no/such/folder/x.md"], 1, "there is no folder"),
        (["acme", "--state", "Pulumi.yaml"], 1, "cannot be read as a state"),
        (["acme", "--live"], 1, "its account is a placeholder"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: list[str], code: int, says: str) -> None:
    result = locate(PROJECT, *arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_without_credentials_the_account_is_not_answered_for(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("infra", "components", "policies"):
        (project.root / name).symlink_to(PROJECT / name)
    for file in (*project.root.glob("Pulumi.*.yaml"), *project.root.glob("tenants/*.yaml")):
        file.write_text(file.read_text().replace("000000000003", "310000000003"))
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    result = locate(project.root, "acme", "--live")
    assert result.exit_code == 4, result.output
    assert "there are no AWS credentials" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


# ---- the engine's state


def as_state(graph: Graph, **changed: dict[str, Any]) -> dict[str, Any]:
    """What `pulumi stack export` would write, with the inputs of some resources changed."""
    resources = [
        {
            "urn": one.urn,
            "type": one.type,
            "custom": one.custom,
            "id": one.id,
            "inputs": {**one.inputs, **changed.get(one.name, {})},
            "outputs": dict(one.outputs),
            "parent": one.parent,
            "retainOnDelete": one.retain_on_delete,
        }
        for one in graph.resources
        if one.type != REFERENCE_TYPE
    ]
    return {"version": 3, "deployment": {"resources": resources}}


def test_a_state_gives_the_same_answer_as_the_program_it_was_made_by(acme: Estate) -> None:
    states = {one.stack: as_state(one) for one in acme.stacks}
    deployed = with_states(acme, states)
    assert stores_of(deployed) == stores_of(acme)
    assert list(differences(acme.own, deployed.own)) == []


def test_a_state_tells_what_was_deployed_and_not_what_is_declared(acme: Estate, tmp_path: Path) -> None:
    own = as_state(acme.own, **{"database-instance": {"backupRetentionPeriod": 5, "region": "us-east-1"}})
    (tmp_path / "state.json").write_text(json.dumps(own))
    result = locate(PROJECT, "acme", "--json", "--state", str(tmp_path / "state.json"))
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert told["source"] == "stack"
    (backups,) = [one for one in told["stores"] if one["what"].startswith("Automated backups")]
    assert (backups["region"], backups["insideResidency"]) == ("us-east-1", False)
    assert backups["kept"] == "any moment of the last 5 days"
    assert "prod: no --state was given" in result.stderr
    assert {(one["name"], one["field"].rpartition(": ")[2], one["found"]) for one in told["differences"]} >= {
        ("workbuoy-prod-acme-database", "kept", "any moment of the last 5 days"),
        ("workbuoy-prod-acme-database", "place", "us-east-1"),
    }


def test_a_state_without_a_store_that_is_declared_never_passes(acme: Estate, tmp_path: Path) -> None:
    state = as_state(acme.own)
    state["deployment"]["resources"] = [
        one for one in state["deployment"]["resources"] if not one["urn"].endswith("::database-instance")
    ]
    (tmp_path / "state.json").write_text(json.dumps(state))
    result = locate(PROJECT, "acme", "--state", str(tmp_path / "state.json"))
    assert result.exit_code == 3
    assert "workbuoy-prod-acme-database: declared it, found nothing" in result.stdout


def test_a_base_without_its_place_for_exports_never_passes_for_a_silo(acme: Estate, tmp_path: Path) -> None:
    assert acme.base is not None
    states = {"own.json": as_state(acme.own), "base.json": as_state(acme.base)}
    resources = states["base.json"]["deployment"]["resources"]
    states["base.json"]["deployment"]["resources"] = [
        one for one in resources if not one["urn"].endswith("::exports-bucket")
    ]
    given = []
    for name, state in states.items():
        (tmp_path / name).write_text(json.dumps(state))
        given += ["--state", str(tmp_path / name)]
    result = locate(PROJECT, "acme", "--json", *given)
    assert result.exit_code == 3
    told = json.loads(result.stdout)["differences"]
    (missing,) = [one for one in told if one["name"].startswith("workbuoy-prod-exports-")]
    assert (missing["stack"], missing["field"], missing["found"]) == ("prod", "", "nothing")


def test_a_secret_in_a_state_is_never_reported(acme: Estate, tmp_path: Path) -> None:
    hidden = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    state = as_state(acme.own, **{"files-bucket": {"bucket": hidden}})
    (tmp_path / "state.json").write_text(json.dumps(state))
    stack, content = read_state(tmp_path / "state.json")
    assert stack == "prod-acme"
    assert "v1:abc" not in repr(stores_of(with_states(acme, {stack: content})))


def test_a_state_of_another_stack_is_refused(acme: Estate, tmp_path: Path) -> None:
    assert acme.base is not None
    (tmp_path / "base.json").write_text(json.dumps(as_state(acme.base)))
    result = locate(PROJECT, "acme", "--state", str(tmp_path / "base.json"))
    assert result.exit_code == 1
    assert "no --state is of prod-acme" in result.stderr


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"deployment": {"resources": []}}', "\x00", '{"deployment": 1}'])
def test_a_file_that_is_no_state_is_a_mistake(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(ProblemsError, match="cannot be read as a state"):
        read_state(file)


def test_a_half_written_tenant_file_stops_the_list_with_its_line(tmp_path: Path, project: Project) -> None:
    (project.root / "infra").symlink_to(PROJECT / "infra")
    shutil.copy(project.root / "tenants/acme.yaml", tmp_path)
    (project.root / "tenants/acme.yaml").write_text("name: acme\nlegalName: Acm")
    result = locate(project.root)
    assert result.exit_code == 1
    assert "tenants/acme.yaml" in result.stderr
