"""A recording that is cut off, empty, of another version, huge or of another kind never passes silently."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facts import tokens as t
from graph import recordings
from graph.errors import InputError
from graph.recordings import read_events, read_preview
from operations.review.assess import assess
from operations.review.markdown import render
from tests.operations.review.synthetic import UNKNOWN, events, step, urn, write

RECORDINGS = Path(__file__).parents[2] / "recordings/previews"
PREVIEW = (RECORDINGS / "unlock.json").read_text()
EVENTS = (RECORDINGS / "unprotect.events.jsonl").read_text()


def refusal(path: Path, text: str, *, of_events: bool = False) -> str:
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_events(path) if of_events else read_preview(path)
    assert len(error.value.problems) == 1
    assert "\n" not in error.value.problems[0]
    return error.value.problems[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "preview.json"


def test_a_file_that_is_cut_off_is_refused(file: Path) -> None:
    assert "cut off or no JSON" in refusal(file, PREVIEW[: len(PREVIEW) // 2])
    assert "cut off" in refusal(file, EVENTS[: len(EVENTS) // 2], of_events=True)
    whole_lines = "\n".join(EVENTS.splitlines()[:-40])
    assert "summary is missing" in refusal(file, whole_lines, of_events=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0.001, 0.999))
def test_a_file_cut_off_anywhere_is_refused(file: Path, share: float) -> None:
    refusal(file, PREVIEW[: int(len(PREVIEW.rstrip()) * share)])


@pytest.mark.parametrize(
    ("op", "lost"), [("create", "new"), ("update", "old"), ("update", "new"), ("replace", "new"), ("delete", "old")]
)
def test_a_step_without_the_state_that_it_is_judged_by_is_refused(file: Path, op: str, lost: str) -> None:
    states = {"old": {"deletionProtection": True}, "new": {"deletionProtection": True}, lost: None}
    write(file, events(step(op, t.DATABASE, states["old"], states["new"])))
    assert f"the {op} of it lacks its {lost} state" in refusal(file, file.read_text(), of_events=True)


@pytest.mark.parametrize("op", ["replace", "create", "import"])
@pytest.mark.parametrize("policy", ["of-the-branch", "task-refuse-privileged"])
def test_the_findings_of_a_recording_do_not_speak_for_the_rules_here(file: Path, policy: str, op: str) -> None:
    """The branch that is reviewed may have changed the pack that recorded them, or the level of a control in it."""
    was, is_now = ({"containerDefinitions": json.dumps([{"name": "a", "privileged": one}])} for one in (False, True))
    recorded = events(step(op, t.TASK_DEFINITION, was if op == "replace" else None, is_now))
    it = urn(t.TASK_DEFINITION, "it")
    said = {"policyName": policy, "resourceUrn": it, "message": "all is well", "enforcementLevel": "advisory"}
    plan = read_events(write(file, [recorded[0], {"policyEvent": said}, *recorded[1:]]))
    review = assess(plan, Path("no such folder"), datetime.date(2026, 11, 27))
    found = {one.policy for one in review.violations}
    assert "task-refuse-privileged" in found
    assert len(found) == 1 or op != "replace"  # what was wrong before stays as it was


def test_a_pack_that_finds_nothing_was_asked_all_the_same(file: Path) -> None:
    """A branch that empties its pack leaves the engine's word that one ran, and no finding."""
    made = step("create", t.TOPIC, None, {"name": "alarms"})
    *recorded, summary = events(made)
    said = {"summaryEvent": {**summary["summaryEvent"], "PolicyPacks": {"workbuoy|local|policies": "0.1.0"}}}
    for last, stops in ((said, True), (summary, False)):
        plan = read_events(write(file, [*recorded, last]))
        review = assess(plan, Path("no such folder"), datetime.date(2026, 11, 27))
        assert ("topic-encrypt" in {one.policy for one in review.violations}) is stops
        assert "topic-encrypt" in {one.policy for one in (*review.violations, *review.advice)}
        assert ("no pack was asked" in render(review)) is not stops


@pytest.mark.parametrize(("versionings", "missing"), [(1, True), (2, False)])
def test_a_link_that_a_recording_does_not_show_is_a_finding_only_where_there_are_too_few(
    file: Path, versionings: int, missing: bool
) -> None:
    """Nothing of what is made has an id yet, and the engine's events hold no dependencies."""
    buckets = [step("create", t.BUCKET, None, {"bucket": name}, name=name) for name in ("one", "two")]
    hidden = {"bucket": UNKNOWN, "versioningConfiguration": {"status": "Enabled"}}
    beside = [step("create", t.BUCKET_VERSIONING, None, hidden, name=f"v{one}") for one in range(versionings)]
    *recorded, summary = events(*buckets, *beside)
    said = {"summaryEvent": {**summary["summaryEvent"], "PolicyPacks": {"workbuoy|local|policies": "0.1.0"}}}
    plan = read_events(write(file, [*recorded, said]))
    review = assess(plan, Path("no such folder"), datetime.date(2026, 11, 27))
    found = {one.policy for one in review.violations}
    assert ("bucket-keep-versions" in found) is missing
    assert "bucket-block-public-access" in found


def test_a_recording_that_lost_a_line_does_not_add_up(file: Path) -> None:
    lines = EVENTS.splitlines()
    lost = [line for line in lines if "resourcePreEvent" not in line or "rds/instance" not in line]
    assert len(lost) == len(lines) - 1
    assert "does not" not in refusal(file, "\n".join(lost), of_events=True)
    assert "its summary counts 26 same, its steps are 25 same" in refusal(file, "\n".join(lost), of_events=True)


def test_a_preview_whose_dangerous_step_was_taken_out_does_not_add_up(file: Path) -> None:
    body = json.loads(PREVIEW)
    body["steps"] = [one for one in body["steps"] if one["op"] != "update"]
    assert "its summary counts 1 update, its steps are nothing" in refusal(file, json.dumps(body))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


BODY = json.loads((RECORDINGS / "replace-unprotected.json").read_text())
PLACES = list(places(BODY))
ODD: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({}) | st.just([{}])
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), ODD)
def test_an_odd_value_anywhere_is_refused_or_reviewed_and_never_a_traceback(
    file: Path, place: tuple[Any, ...], odd: Any
) -> None:
    body = json.loads(json.dumps(BODY))
    inner = body
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = odd
    file.write_text(json.dumps(body))
    try:
        render(assess(read_preview(file), Path("no such folder"), datetime.date(2026, 11, 22)))
    except InputError as error:
        refused = error.problems
    else:
        refused = ()
    assert not any("\n" in problem for problem in refused)


@pytest.mark.parametrize("text", ["", "   \n", "\n\n"])
def test_an_empty_file_is_refused(text: str, file: Path) -> None:
    assert "empty" in refusal(file, text)
    assert "empty" in refusal(file, text, of_events=True)


@pytest.mark.parametrize("text", ["[]", "{}", '{"steps": {}}', '{"steps": []}', "null", "3", '"text"'])
def test_json_of_another_version_is_refused(text: str, file: Path) -> None:
    assert "not a preview of a version that this command knows" in refusal(file, text)


def test_a_preview_without_any_resource_is_refused(file: Path) -> None:
    assert "no resource in it" in refusal(file, '{"steps": [], "changeSummary": {}}')


def test_an_operation_of_another_version_is_refused(file: Path) -> None:
    text = PREVIEW.replace('"op": "update"', '"op": "transmogrify"').replace('"op":"update"', '"op":"transmogrify"')
    assert "an operation 'transmogrify' that this command does not know" in refusal(file, text)


@pytest.mark.parametrize(
    "changed",
    [{"urn": None}, {"urn": "short"}, {"oldState": "text"}, {"oldState": {"inputs": 3}}, {"op": None}],
)
def test_a_step_of_another_form_is_refused(changed: dict[str, Any], file: Path) -> None:
    body = json.loads(PREVIEW)
    body["steps"][0] |= changed
    assert " version" in refusal(file, json.dumps(body))


def test_the_other_form_of_recording_is_named(file: Path) -> None:
    assert "use --events" in refusal(file, EVENTS)
    assert "use --preview" in refusal(file, PREVIEW, of_events=True)
    assert "use --preview" in refusal(file, json.dumps(json.loads(PREVIEW)), of_events=True)
    first = EVENTS.splitlines()[0]
    assert "use --events" in refusal(file, first)


@pytest.mark.parametrize("text", ["3\n", "[1]\n", "null\n"])
def test_a_line_that_is_no_event_is_refused(text: str, file: Path) -> None:
    assert "not an engine event" in refusal(file, text, of_events=True)


def test_events_of_another_form_are_refused_and_blank_lines_are_not(file: Path) -> None:
    wrong = events(step("update", t.TOPIC, {}, {}))
    wrong[1]["resourcePreEvent"]["metadata"]["old"] = "text"
    assert "events of another version" in refusal(file, "\n".join(map(json.dumps, wrong)), of_events=True)
    file.write_text("\n\n" + EVENTS.replace("\n", "\n\n"))
    assert read_events(file).stack == "prod"


def test_a_huge_file_is_refused_without_being_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with file.open("wb") as opened:
        opened.truncate(200_000_000)  # sparse: takes no room
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: pytest.fail("it was read"))
    for read in (read_preview, read_events):
        with pytest.raises(InputError, match="200 MB; a preview has at most 100 MB"):
            read(file)


def test_a_file_that_is_missing_or_no_text_is_refused(file: Path) -> None:
    for read in (read_preview, read_events):
        with pytest.raises(InputError) as refused:
            read(file)
        assert str(refused.value) == f"{file}: cannot be read: No such file or directory"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read_events(file)


def test_events_of_an_update_or_of_two_stacks_are_refused(file: Path) -> None:
    recorded = events(step("update", t.TOPIC, {}, {}))
    recorded[-1]["summaryEvent"]["isPreview"] = False
    with pytest.raises(InputError, match="of an update, not of a preview"):
        read_events(write(file, recorded))
    other = step("update", t.TOPIC, {}, {}, name="other")
    other["resourcePreEvent"]["metadata"]["urn"] = "urn:pulumi:dev::workbuoy::aws:sns/topic:Topic::other"
    with pytest.raises(InputError, match="several stacks: dev, prod"):
        read_events(write(file, events(step("update", t.TOPIC, {}, {}), other)))


def test_the_limit_leaves_room_for_a_hundred_tenants() -> None:
    per_resource = (RECORDINGS / "door.events.jsonl").stat().st_size / 28
    assert per_resource * 100 * 80 < recordings.LIMIT_MEGABYTES * 1_000_000


def test_reading_another_stacks_outputs_is_no_missing_line(file: Path) -> None:
    """As the engine reports a stack reference (CLI 3.260): a step of its own, which the summary does not count."""
    urn = "urn:pulumi:prod::workbuoy::pulumi:pulumi:StackReference::organization/workbuoy/base"
    metadata = {"op": "read", "urn": urn, "type": "pulumi:pulumi:StackReference", "old": None, "new": None}
    read = json.dumps({"sequence": 0, "timestamp": 0, "resourcePreEvent": {"metadata": metadata, "planning": True}})
    lines = EVENTS.splitlines()
    file.write_text("\n".join([*lines[:-5], read, *lines[-5:]]))
    assert "read" in {step.op for step in read_events(file).steps}
