"""What shows that controls held: gathered whole, judged closed, and written so that an auditor can check it."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import AssessmentResults

from infra.problems import ProblemsError
from operations.evidence import declared
from operations.evidence.items import State
from operations.evidence.judged import Pack, judge
from operations.evidence.oscal import VERSION, as_oscal
from operations.evidence.pack import require_empty, write
from operations.evidence.page import page
from operations.evidence.recorded import kinds
from operations.main import main
from policies.runner import Finding
from tests.conftest import PROJECT
from tests.operations.evidence.conftest import (
    BACKUPS,
    CELLS,
    DRIFT,
    DRILL,
    MATRIX,
    NOW,
    REVIEW,
    SINCE,
    STACKS,
    record,
    verify_export,
)


def state(pack: Pack, kind: str) -> State:
    return next(one.state for one in pack.items if one.kind == kind)


def requirement(pack: Pack, name: str) -> State:
    return next(one.state for one in pack.judged if one.requirement.id == name)


def test_evidence_of_every_kind_and_stack_passes(whole: Pack) -> None:
    assert whole.stacks == STACKS
    assert [one.name for one in whole.controls if one.state in (State.FAILED, State.MISSING)] == []
    others = {one.kind: one.state for one in whole.items if one.state is not State.PASSED}
    assert others == {"erasures": State.NONE, "restores": State.NONE}
    assert [one.requirement.id for one in whole.judged if one.state in (State.FAILED, State.MISSING)] == []
    assert requirement(whole, "A1.3") is State.PASSED
    assert whole.passed


def test_the_permissions_of_people_and_workflows_stand_with_their_actions(whole: Pack) -> None:
    (item,) = [one for one in whole.items if one.kind == "permissions"]
    rows = item.documents["permissions/account-prod.json"]["grants"]
    assert {"ecs:RunTask", "logs:GetLogEvents"} <= {one["action"] for one in rows if one["role"] == "operators-role"}


DRILL_OF_PROD = {**DRILL, "stack": "prod"}
BACKUPS_OF_PROD = {**BACKUPS, "stack": "prod"}
EARLIER = "2026-09-30T23:00:00+00:00"
UNREADABLE = [{"what": "key", "state": "unreadable", "found": "gone"}]
NOT_ASKED = [*BACKUPS["findings"], {"what": "copies' vault", "state": "not_asked", "found": "left"}]
RESTORED = {"stack": "prod", "tenant": "initech", "at": EARLIER, "writtenAt": "2026-11-20T03:00:00+00:00"}
LESS = {"tenants": {}, "matrix": {**CELLS, "parties": CELLS["parties"][1:]}}
NAMESAKE = {
    "tenants": {},
    "matrix": {**CELLS, "parties": [*LESS["matrix"]["parties"], {**CELLS["parties"][-1], "name": "prod"}]},
}
NO_POOL = {"tenants": {}, "matrix": {**CELLS, "parties": CELLS["parties"][:-1]}}
DRIFTED = {"stack": "prod", "drifted": True, "resources": [{}]}
RED = {"stack": "prod", "tenants": {"tenants": {}, "matrix": {**CELLS, "red": 1}}}


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("drills/prod-acme.json", None, State.MISSING),
        ("drills/prod.json", {**DRILL, "stack": "other"}, State.MISSING),
        ("drills/prod.json", {**DRILL_OF_PROD, "drilledAt": EARLIER}, State.MISSING),
        ("drills/prod.json", {**DRILL_OF_PROD, "good": False}, State.FAILED),
        ("drills/prod.json", {**DRILL_OF_PROD, "good": "yes"}, State.FAILED),
        ("drills/bad.json", "{", State.FAILED),
        ("drills/bad.json", "[]", State.FAILED),
        ("drills/undated.json", {"stack": "prod", "good": True}, State.FAILED),
        ("drills/early.json", {**DRILL_OF_PROD, "drilledAt": "0001-01-01T00:00:00+05:00"}, State.FAILED),
        ("backups/prod.json", {**BACKUPS_OF_PROD, "findings": UNREADABLE}, State.FAILED),
        ("backups/prod.json", {**BACKUPS_OF_PROD, "findings": []}, State.FAILED),
        ("backups/prod.json", {**BACKUPS_OF_PROD, "findings": NOT_ASKED}, State.MISSING),
        ("drift/2026-11-26-prod.json", DRIFTED, State.FAILED),
        ("drift/2026-11-26-prod.json", {**DRIFTED, "refreshedAt": EARLIER}, State.FAILED),
        ("drift/2026-11-26-prod.json", {**DRIFT, "stack": "prod", "unread": []}, State.MISSING),
        ("drift/2026-11-25-prod-added.json", {**DRIFTED, "unread": []}, State.FAILED),
        ("reviews/2026-11-02-prod.json", None, State.MISSING),
        ("reviews/2026-11-20.json", {"stack": "prod"}, State.FAILED),
        ("matrix/2026-11-20.json", {"tenants": None}, State.FAILED),
        ("reviews/2026-11-01-acme.json", {**REVIEW, "stack": "prod-acme", "errors": ["no"]}, State.FAILED),
        ("reviews/2026-11-02-prod.json", {**REVIEW, "stack": "dev"}, State.MISSING),
        ("restores/a.json", {**RESTORED, "good": False}, State.FAILED),
        ("matrix/2026-11-20.json", RED, State.FAILED),
        ("matrix/2026-11-03-prod.json", {**MATRIX, "tenants": LESS}, State.MISSING),
        ("matrix/2026-11-03-prod.json", {**MATRIX, "tenants": NO_POOL}, State.MISSING),
        ("matrix/2026-11-03-prod.json", {**MATRIX, "tenants": NAMESAKE}, State.MISSING),
    ],
)
def test_evidence_that_lacks_or_is_bad_never_passes(
    whole: Pack, folder: Path, file: str, content: Any, expected: State
) -> None:
    kind, _, name = file.partition("/")
    if content is None:
        (folder / file).unlink()
    else:
        record(folder, kind, name, content)
    pack = verify_export(whole, folder)
    assert state(pack, kind) is expected
    assert not pack.passed
    resting = [one for one in pack.judged if kind in one.requirement.evidence]
    assert resting != []
    assert {one.state for one in resting} == {expected}


def test_of_two_documents_of_one_day_the_later_one_decides_whatever_their_names(whole: Pack, folder: Path) -> None:
    late = {**DRILL_OF_PROD, "good": False, "drilledAt": "2026-11-20T05:30:00+02:00"}
    record(folder, "drills", "a.json", {**late, "drilledAt": "2026-11-20T06:30:00+02:00"})
    assert state(verify_export(whole, folder), "drills") is State.FAILED
    record(folder, "drills", "z.json", {**DRILL_OF_PROD, "drilledAt": "2026-11-20T05:00:00+00:00"})
    assert state(verify_export(whole, folder), "drills") is State.PASSED


def test_a_restore_that_went_well_does_not_hide_another_customers_that_failed(whole: Pack, folder: Path) -> None:
    record(folder, "restores", "a.json", {**RESTORED, "good": False})
    record(folder, "restores", "b.json", {**RESTORED, "good": True, "tenant": "acme", "writtenAt": NOW.isoformat()})
    assert state(verify_export(whole, folder), "restores") is State.FAILED
    record(folder, "restores", "c.json", {**RESTORED, "good": True, "writtenAt": NOW.isoformat()})
    assert state(verify_export(whole, folder), "restores") is State.PASSED


def test_a_copy_that_was_made_later_does_not_hide_that_the_switch_to_another_failed(whole: Pack, folder: Path) -> None:
    switch = {**RESTORED, "tenant": None, "back": False}
    record(folder, "restores", "a.json", {**switch, "good": False})
    record(folder, "restores", "b.json", {**RESTORED, "good": True, "tenant": None, "writtenAt": NOW.isoformat()})
    assert state(verify_export(whole, folder), "restores") is State.FAILED
    record(folder, "restores", "c.json", {**switch, "good": True, "writtenAt": NOW.isoformat()})
    assert state(verify_export(whole, folder), "restores") is State.PASSED


def test_a_sampled_matrix_shows_the_stacks_that_it_was_drawn_from(whole: Pack, folder: Path) -> None:
    drawn = {"tenants": {"acme": "prod"}, "matrix": {**LESS["matrix"], "sampled": "12 of 100 tenants"}}
    record(folder, "matrix", "2026-11-03-prod.json", {**MATRIX, "tenants": drawn})
    assert state(verify_export(whole, folder), "matrix") is State.PASSED


def test_a_folder_without_any_evidence_shows_everything_as_missing(whole: Pack, folder: Path) -> None:
    shutil.rmtree(folder)
    pack = verify_export(whole, folder)
    assert {one: state(pack, one) for one in kinds() if state(pack, one) is not State.MISSING} == {
        "restores": State.NONE
    }
    assert not pack.passed


def test_a_failure_that_was_put_right_stays_in_the_pack_and_does_not_decide(whole: Pack, folder: Path) -> None:
    early = {**DRILL, "stack": "prod", "good": False, "drilledAt": "2026-10-02T03:00:00+00:00"}
    record(folder, "drills", "early.json", early)
    pack = verify_export(whole, folder)
    assert pack.passed
    assert any("recorded/drills/early.json" in one.documents for one in pack.items)


def finding(status: str, level: str = "mandatory") -> Finding:
    return Finding("database-encrypt-storage", (), "high", level, "urn::database", status, "why")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([finding("pass")], State.PASSED),
        ([finding("pass"), finding("exempt")], State.PASSED),
        ([finding("pass"), finding("fail")], State.FAILED),
        ([finding("pass"), finding("not evaluated")], State.MISSING),
        ([finding("pass"), finding("fail", "advisory")], State.NONE),
        ([], State.NONE),
    ],
)
def test_a_control_is_passed_only_where_everything_it_covers_passes(found: list[Finding], expected: State) -> None:
    known = declared.Declared(graphs={}, findings=tuple(found), gaps=())
    judged = {one.name: one.state for one in declared.controls(known, State.PASSED)}
    assert judged["database-encrypt-storage"] is expected


def test_a_control_that_only_reviews_hold_changes_to_is_shown_by_reviews_alone() -> None:
    known = declared.Declared(graphs={}, findings=(), gaps=())
    for reviews in (State.MISSING, State.PASSED):
        judged = {one.name: one.state for one in declared.controls(known, reviews)}
        assert judged["plan-refuse-data-loss"] is reviews


def test_a_failing_control_fails_every_requirement_that_rests_on_it(whole: Pack) -> None:
    controls = [
        replace(one, state=State.FAILED) if one.name == "database-encrypt-storage" else one for one in whole.controls
    ]
    judged = {one.requirement.id: one for one in judge(controls, whole.items)}
    failed = {name for name, one in judged.items() if one.state is State.FAILED}
    assert failed == {"CC6.1", "A.8.24", "Art. 32(1)(a)", "2.2.1"}
    assert judged["2.2.1"].because == ("database-encrypt-storage failed",)


def test_an_account_that_is_not_known_shows_no_permissions() -> None:
    known = declared.Declared(graphs={}, findings=(), gaps=("the account's own roles: there is no bootstrap/",))
    item = declared.permissions(known)
    assert item.state is State.MISSING
    assert "there is no bootstrap/" in item.summary[-1]


def test_erasures_are_read_from_the_records_of_those_who_left(tmp_path: Path) -> None:
    folder = tmp_path / "tenants/offboarded"
    folder.mkdir(parents=True)
    (folder / "umbrella.yaml").write_text("name: umbrella\nconfirmedBy: kari\ndates: {destroyed: 2026-11-01}\n")
    (folder / "before.yaml").write_text("name: before\ndates: {destroyed: 2026-01-01}\n")
    item = declared.erasures(tmp_path, SINCE, NOW.date())
    assert (item.state, item.summary) == (State.PASSED, ("2026-11-01: umbrella, confirmed by kari",))
    (folder / "broken.yaml").write_text("name: broken\n")
    assert declared.erasures(tmp_path, SINCE, NOW.date()).state is State.FAILED


def test_places_that_customers_moved_away_from_are_erasures_too(tmp_path: Path) -> None:
    folder = tmp_path / "tenants/moved"
    folder.mkdir(parents=True)
    text = "name: acme\nisolation: pool\nbase: prod\nconfirmedBy: kari\ndates: {destroyed: 2026-11-01}\n"
    (folder / "acme-prod-2026-11-01.yaml").write_text(text)
    (folder / "acme-prod-2026-01-01.yaml").write_text(text.replace("2026-11-01", "2026-01-01"))
    item = declared.erasures(tmp_path, SINCE, NOW.date())
    assert (item.state, item.summary) == (State.PASSED, ("2026-11-01: acme in prod, confirmed by kari",))
    assert list(item.documents) == ["erasures/moved/acme-prod-2026-11-01.json"]
    (folder / "broken.yaml").write_text("name: acme\n")
    assert declared.erasures(tmp_path, SINCE, NOW.date()).state is State.FAILED


def test_an_expired_waiver_fails(tmp_path: Path) -> None:
    (tmp_path / "waivers").mkdir()
    assert declared.waivers(tmp_path, NOW.date()).state is State.PASSED
    (tmp_path / "waivers/prod.yaml").write_text(
        "- urn: urn:pulumi:prod::workbuoy::aws:rds/instance:Instance::database-instance\n"
        "  effect: retention-cut\n  change: 30 to 14\n  reason: The agreement names fourteen days now\n"
        "  owner: kari\n  lastDay: 2026-11-01\n"
    )
    assert declared.waivers(tmp_path, NOW.date()).state is State.FAILED


# ---- what is written


def test_the_results_are_what_nists_schema_takes(whole: Pack, folder: Path) -> None:
    assert VERSION == OSCAL_VERSION
    shutil.rmtree(folder / "drills")
    for pack in (whole, verify_export(whole, folder)):
        document = as_oscal(pack, "0.1.0")
        assert set(document) == {"assessment-results"}
        AssessmentResults.model_validate(document["assessment-results"])
    broken = as_oscal(whole, "0.1.0")["assessment-results"]
    broken["results"][0]["findings"][0]["target"]["status"]["state"] = "maybe"
    with pytest.raises(ValueError, match="state"):
        AssessmentResults.model_validate(broken)


def test_the_results_say_what_the_pack_says_and_every_reference_leads_somewhere(whole: Pack, folder: Path) -> None:
    shutil.rmtree(folder / "drills")
    pack = verify_export(whole, folder)
    (result,) = as_oscal(pack, "0.1.0")["assessment-results"]["results"]
    states = [one["target"]["status"]["state"] == "satisfied" for one in result["findings"]]
    assert states == [one.state is State.PASSED for one in pack.judged]
    known = {one["uuid"] for one in result["observations"]}
    assert len(known) == len(result["observations"])
    assert {ref["observation-uuid"] for one in result["findings"] for ref in one["related-observations"]} <= known


def test_the_same_pack_gives_the_same_text(whole: Pack) -> None:
    assert as_oscal(whole, "0.1.0") == as_oscal(whole, "0.1.0")
    assert page(whole) == page(whole)


def test_every_file_of_the_pack_is_there_with_its_sum(whole: Pack, tmp_path: Path) -> None:
    write(whole, tmp_path / "pack")
    lines = (tmp_path / "pack/SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {str(one.relative_to(tmp_path / "pack")) for one in (tmp_path / "pack").rglob("*") if one.is_file()}
    assert files == {*sums, "SHA256SUMS"}
    assert {"index.html", "controls.json", "recorded/drills/prod.json", "permissions/account-prod.json"} <= files
    for name, digest in sums.items():
        assert hashlib.sha256((tmp_path / "pack" / name).read_bytes()).hexdigest() == digest
    shown = (tmp_path / "pack/index.html").read_text()
    assert "default-src &#39;none&#39;" in shown
    links = {one.partition('"')[0] for one in shown.split('<a href="')[1:]}
    assert {one for one in links if not one.startswith("#")} <= files


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ProblemsError, match="not empty"):
        require_empty(tmp_path)
    with pytest.raises(ProblemsError, match="there is no folder"):
        require_empty(tmp_path / "no/such")


# ---- the command


def run(*arguments: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        return CliRunner().invoke(main, ["evidence", *arguments])


@pytest.mark.lengthy
def test_the_command_writes_the_pack_and_ends_with_3_where_evidence_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "pack"
    result = run("--since", "2026-01-01", "--out", str(out), "--stack", "prod", "--from", str(tmp_path), "--json")
    assert result.exit_code == 3, result.output
    told = json.loads(result.stdout)
    assert not told["passed"]
    assert {one["kind"]: one["state"] for one in told["evidence"]}["drills"] == "missing"
    assert (out / "index.html").is_file()
    assert [one.name for one in tmp_path.iterdir()] == ["pack"]


@pytest.mark.parametrize(
    ("since", "says"), [("yesterday", "is no day"), ("2026-13-01", "is no day"), ("2999-01-01", "in the future")]
)
def test_a_day_that_is_none_is_a_mistake(tmp_path: Path, since: str, says: str) -> None:
    result = run("--since", since, "--out", str(tmp_path / "pack"))
    assert result.exit_code == 1
    assert says in result.stderr
    assert not (tmp_path / "pack").exists()
