"""The whole matrix of the three example tenants, and how it is told."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from click.testing import CliRunner

from operations.main import main
from operations.outputs.rehearsed import as_json
from rehearsal.result import Rehearsal
from rehearsal.summary import summary
from rehearsal.tenants.result import Cell, Outcome
from rehearsal.tenants.ways import ANY_ACTION
from tests.conftest import PROJECT
from tests.rehearsal.service.test_surroundings import installed
from tests.rehearsal.tenants.conftest import Beside

PULLED = ("images-eu-west-1", "images-eu-north-1")
OF_ITS_BASE = {
    ("export-role", "exports-key"),
    ("export-role", "objects of exports-bucket"),
    ("export-task", "exports-bucket"),
    ("scraping-rules", "metrics-workspace"),
    ("scraping-collector", "metrics-workspace"),
}
# AWS Backup alone has the role. The ids of its snapshots are its own, and it finds databases by listing them.
LISTINGS = {"rds:DescribeDBInstances", "rds:DescribeDBSnapshots"}
# The account that keeps the copies: docs/restore.md.
COPIES = "arn:aws:iam::210000000004:root"
OF_COPIES = {"keys-database", "backup-key", "backup-vault"}
COPIES_VAULT = "arn:aws:backup:eu-north-1:210000000004:backup-vault:workbuoy-copies-210000000003"
STACKS = ("prod", "prod-eu-north-1", "prod-acme", "prod-eu-north-1-globex")


def with_red(beside: Beside, number: int) -> tuple[Rehearsal, list[Cell]]:
    """The same rehearsal with so many cells turned red."""
    cells = list(beside.matrix.cells)
    places = [place for place, one in enumerate(cells) if one.expected is Outcome.DENIED][:number]
    for place in places:
        cells[place] = replace(cells[place], got=Outcome.ALLOWED, why="allowed by role/Hole")
    tenants = beside.rehearsal.tenants
    assert tenants is not None
    matrix = replace(beside.matrix, cells=tuple(cells))
    return replace(beside.rehearsal, tenants=replace(tenants, matrix=matrix)), [cells[place] for place in places]


def test_others_are_denied_and_own_cells_allowed(beside: Beside) -> None:
    assert beside.rehearsal.passed
    assert [one for one in beside.matrix.cells if one.got is not awaited(one)] == []


def awaited(cell: Cell) -> Outcome:
    pulled = cell.whom == "account" and cell.what in PULLED and cell.call != ANY_ACTION
    own = cell.who == cell.whom or pulled
    return Outcome.ALLOWED if own or (cell.got is Outcome.ALLOWED and may_be(cell)) else Outcome.DENIED


def may_be(cell: Cell) -> bool:
    """What is open between two parties on purpose, in some stacks."""
    if cell.who_as == COPIES:
        return cell.what in OF_COPIES
    if cell.who_as == COPIES_VAULT:
        return cell.what == "backup-plan"
    if cell.who_as == "backup-role":
        return cell.what == "recovery points of backup-vault" or LISTINGS.issuperset(cell.call.split(", "))
    return cell.who.startswith(f"{cell.whom}-") and (cell.who_as, cell.what) in OF_ITS_BASE


def test_every_stack_has_cells_with_every_other(beside: Beside) -> None:
    pairs = {(one, other) for one in STACKS for other in STACKS}
    assert pairs <= set(beside.matrix.between)
    for pair in pairs:
        who_as = {one.who_as for one in beside.matrix.between[pair]}
        assert {"task role", "execution role", "rotation role"} <= who_as


def test_every_kind_of_thing_is_tried_by_every_role_of_another_stack(beside: Beside) -> None:
    cells = beside.matrix.between["prod-acme", "prod-eu-north-1-globex"]
    calls = Counter(one.call for one in cells if one.who_as == "task role")
    assert calls == {
        "s3:ListBucket": 2,  # attachments and access logs
        "s3:GetObject": 2,
        "s3:PutObject": 1,
        "s3:DeleteObject": 1,
        "s3:CopyObject": 2,  # out of it and into it
        "secretsmanager:GetSecretValue": 4,  # two logins, the owner's, the identity provider's
        "kms:Decrypt": 8,  # six keys directly, two through their services
        "kms:GenerateDataKey": 7,
        "logs:GetLogEvents": 4,
        "logs:PutLogEvents": 4,
    }


def test_a_denial_tells_what_decided(beside: Beside) -> None:
    cells = beside.matrix.between["prod-acme", "prod-eu-north-1-globex"]
    why = {(one.who_as, one.what, one.call): one.why for one in cells}
    login = why["task role", "secret login", "secretsmanager:GetSecretValue"]
    assert "RefuseOtherReaders" in login
    assert "is not allowed by any policy" in why["task role", "bucket files", "s3:ListBucket"]
    assert "resource's policy" in why["task role", "files key", "kms:Decrypt"]


@installed
@pytest.mark.slow
def test_a_login_of_one_stack_is_no_login_elsewhere(beside: Beside) -> None:
    cells = [one for one in beside.matrix.cells if one.who_as == "database login"]
    assert len(cells) == 16
    for cell in cells:
        assert "rows" in cell.why if cell.who == cell.whom else "authentication failed" in cell.why


@installed
@pytest.mark.slow
def test_pool_tenants_are_distinguished_by_the_service_and_by_rows(beside: Beside) -> None:
    cells = beside.matrix.between["initech", "neighbour"]
    assert {one.who_as for one in cells} == {"member", "SQL in its session"}
    assert {one.call for one in cells if one.who_as == "member"} == {
        f"HTTP {one}" for one in ("GET", "PUT", "POST", "DELETE")
    }
    text = summary(beside.rehearsal)
    text = " ".join(text.split())
    assert "IAM does not separate tenants of one pool" in text
    assert "neighbour is made up: initech is the only tenant" in text


@pytest.mark.usefixtures("usual_columns")
def test_the_summary_has_a_grid_in_80_columns(beside: Beside) -> None:
    text = summary(beside.rehearsal)
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("prod and 3 more stand")
    assert "Who can reach whom (" in text
    assert "; 0 not as it must be" in text


@pytest.mark.usefixtures("usual_columns")
def test_a_red_cell_is_reported_in_full_and_fails_the_rehearsal(beside: Beside) -> None:
    rehearsal, (cell,) = with_red(beside, 1)
    assert not rehearsal.passed
    text = summary(rehearsal)
    assert "FAILS its rehearsal: 1 problem," in text
    assert "!1" in text
    assert f"{cell.who} as {cell.who_as}: {cell.call}" in text
    assert "allowed by role/Hole" in text
    assert max(map(len, text.splitlines())) <= 80


def test_many_red_cells_are_cut_and_the_rest_named(beside: Beside) -> None:
    rehearsal, _ = with_red(beside, 50)
    assert "and 30 more: --verbose, or --json" in summary(rehearsal)
    assert "and 30 more" not in summary(rehearsal, verbose=True)


def test_json_carries_every_cell(beside: Beside) -> None:
    found = json.loads(json.dumps(as_json(beside.rehearsal), default=str))["tenants"]
    assert len(found["matrix"]["cells"]) == len(beside.matrix.cells)
    assert found["matrix"]["red"] == 0
    assert found["tenants"] == {
        "acme": "prod-acme",
        "globex": "prod-eu-north-1-globex",
        "initech": "prod",
    }
    assert [one["stack"] for one in found["stacks"]] == ["prod-eu-north-1", "prod-acme", "prod-eu-north-1-globex"]
    assert set(found["matrix"]["cells"][0]) == {"who", "whom", "call", "expected", "got", "red", "why"}


def test_no_secret_s_value_is_in_any_cell(beside: Beside) -> None:
    text = json.dumps(as_json(beside.rehearsal), default=str)
    for stack in beside.grounds.stacks:
        client = beside.cloud.client("secretsmanager", stack.region)
        for arn in stack.secrets.values():
            value = client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
            hidden = json.loads(value).get("password") if value.startswith("{") else value
            assert not hidden or hidden not in text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--tenants", "nobody"], 1, "there is no tenant 'nobody'"),
        (["--tenants", "initech"], 1, "shares the pool of prod"),
        (["--tenants", ","], 2, "takes names"),
        (["--tenants", "all,acme"], 2, "or all"),
        (["--tenants", "acme", "--declare-only"], 2, "leave out --declare-only"),
    ],
)
def test_a_mistake_is_reported_in_one_line(
    arguments: list[str], code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    found = CliRunner().invoke(main, ["rehearse", "prod", *arguments])
    assert found.exit_code == code
    assert said in found.stderr
    assert "Traceback" not in found.stderr
