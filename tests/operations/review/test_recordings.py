"""Every recorded preview of a real engine, with the verdict that its README's table gives it."""

import datetime
import re
from pathlib import Path

import pytest

from graph.recordings import read_events, read_preview
from operations.review.assess import Review, assess
from operations.review.judging import judge
from operations.review.markdown import SCREEN_LINES, render

RECORDINGS = Path(__file__).parents[2] / "recordings/previews"
TODAY = datetime.date(2026, 11, 22)

# From the table: what stops, and by what; an empty set does not stop.
VERDICTS: dict[str, set[str]] = {
    "create": set(),
    "unchanged": set(),
    "tags": set(),
    "size": set(),
    "add": set(),
    "replace": {"replace"},
    "replace-unprotected": {"replace", "protect-off"},
    "unprotect": {"protect-off"},
    "unlock": {"deletion-protection-off"},
    "retention": {"retention-cut"},
    "lifecycle": {"lifecycle-shortened"},
    "suspend": {"versioning-off"},
    "delbucket": {"delete"},
    "widen": {"role-widened"},
    "door": {"exposed"},
    "fail": set(),
}
FAILED = {"replace", "fail"}
FILES = sorted(path.name for path in RECORDINGS.glob("*.json*"))


def reviewed(name: str, waivers: Path = Path("no such folder")) -> Review:
    path = RECORDINGS / name
    plan = read_events(path) if name.endswith(".jsonl") else read_preview(path)
    return assess(plan, waivers, TODAY)


def case(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def test_every_recording_of_the_table_is_tried() -> None:
    assert {case(name) for name in FILES} == set(VERDICTS)


@pytest.mark.parametrize("name", FILES)
def test_a_recording_stops_exactly_as_the_table_says(name: str) -> None:
    review = reviewed(name)
    kinds = {danger.kind for danger in review.dangers}
    assert kinds == VERDICTS[case(name)]
    assert review.failed == (case(name) in FAILED)
    assert review.stops == bool(VERDICTS[case(name)])


@pytest.mark.parametrize("name", FILES)
def test_what_is_visible_fits_one_screen(name: str) -> None:
    visible, folded = [], False
    for line in render(reviewed(name)).splitlines():
        folded = (folded or line.startswith("<details>")) and not line.startswith("</details>")
        if not folded:
            visible.append(line)
    assert len(visible) <= SCREEN_LINES


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".events.jsonl")))
def test_both_forms_of_a_preview_are_reviewed_alike(name: str) -> None:
    other = name.replace(".events.jsonl", ".json")
    first, second = reviewed(name), reviewed(other)
    assert set(first.losses) == set(second.losses)
    assert first.access == second.access
    assert first.downtime == second.downtime

    def changed(review: Review) -> set[str]:
        return {step.urn for step in review.plan.steps if step.changes}

    assert changed(first) == changed(second)


def test_a_replaced_database_says_why_and_what_is_left() -> None:
    text = render(reviewed("replace-unprotected.events.jsonl"))
    assert text.startswith("## prod: stopped by 2 possible losses\n")
    assert "dbName workbuoy → renamed" in text
    assert "workbuoy-prod-final-e4584dae" in text
    assert "downtime: minutes" in text


def test_the_most_dangerous_comes_first() -> None:
    found = judge(read_events(RECORDINGS / "replace-unprotected.events.jsonl")).stopping
    assert [danger.kind for danger in found] == ["replace", "protect-off"]


@pytest.mark.lengthy
def test_no_line_begins_a_list_inside_a_list_by_accident() -> None:
    for name in FILES:
        assert not [line for line in render(reviewed(name)).splitlines() if re.match(r"\s*- [-+*] ", line)]


def test_tag_changes_are_folded_into_one_line() -> None:
    review = reviewed("tags.json")
    assert review.changes.count() == 0
    assert "- 13 resources change only their tags (component, release)" in render(review)


def test_policies_are_reported_where_the_recording_has_them_and_missed_where_not() -> None:
    events = render(reviewed("door.events.jsonl"))
    assert "### Policies that stop this" in events
    assert "name the CIDR blocks that may reach the database" in events
    assert "carries no findings" in render(reviewed("door.json"))
    assert reviewed("door.json").plan.policies is None


def test_a_failed_preview_says_what_the_program_said() -> None:
    text = render(reviewed("fail.json"))
    assert text.startswith("## prod: the preview failed")
    assert "RuntimeError: settings: database.backupRetentionDays must be between 1 and 35" in text


def test_a_preview_that_a_policy_stops_is_a_failed_check_and_not_a_failed_preview() -> None:
    review = reviewed("door.events.jsonl")
    assert review.plan.failed
    assert not review.failed
    assert [violation.policy for violation in review.violations] == ["ingress-names-sources", "network-close-ports"]


def test_a_larger_instance_says_how_long_it_interrupts() -> None:
    review = reviewed("size.json")
    assert review.downtime == "minutes"
    assert "instanceClass db.t4g.medium → db.t4g.large" in render(review)


def test_what_is_not_known_before_the_update_is_listed() -> None:
    text = render(reviewed("create.json"))
    assert "- `access-task-files`: policy cannot be read" in text


def test_no_recording_holds_a_path_of_the_machine_it_was_made_on() -> None:
    for name in FILES:
        assert "/home/" not in (RECORDINGS / name).read_text()


def test_the_table_of_the_recordings_is_the_one_tested() -> None:
    table = (RECORDINGS / "README.md").read_text()
    dangerous = {
        cells[1].strip(): cells[3].strip().startswith("yes")
        for line in table.splitlines()
        if len(cells := line.split("|")) > 5 and cells[1].strip() in VERDICTS
    }
    assert dangerous == {name: bool(kinds) or name in FAILED for name, kinds in VERDICTS.items()}
