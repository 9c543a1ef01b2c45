"""Waivers accept one kind of loss of one resource, for a while; everything else about them is an error."""

import datetime
from pathlib import Path

import pytest

from operations.review.assess import Review, assess
from operations.review.errors import InputError
from operations.review.markdown import render
from operations.review.recordings import read_events, read_preview

RECORDINGS = Path(__file__).parents[2] / "recordings/previews"
TODAY = datetime.date(2026, 11, 22)
DATABASE = "urn:pulumi:prod::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::database-instance"


def entry(
    urn: str = DATABASE,
    loss: str = "protect-off",
    reason: str = "The stack moves to another region next week",
    owner: str = "kari@workbuoy.example",
    last_day: str = "2026-12-01",
) -> str:
    return f"- {{urn: '{urn}', loss: {loss}, reason: '{reason}', owner: '{owner}', lastDay: {last_day}}}\n"


def reviewed(folder: Path, *entries: str, recording: str = "unprotect.events.jsonl") -> Review:
    (folder / "prod.yaml").write_text("".join(entries))
    path = RECORDINGS / recording
    return assess(read_events(path) if "jsonl" in recording else read_preview(path), folder, TODAY)


def problems(folder: Path, *entries: str) -> tuple[str, ...]:
    with pytest.raises(InputError) as error:
        reviewed(folder, *entries)
    return tuple(map(str, error.value.problems))


def test_a_waiver_accepts_its_loss(tmp_path: Path) -> None:
    assert reviewed(tmp_path, "[]").stops
    review = reviewed(tmp_path, entry())
    assert not review.stops
    assert [waived.danger.kind for waived in review.waived] == ["protect-off"]
    assert review.unused == ()
    text = render(review)
    assert text.startswith("## prod: passed with 1 waiver\n")
    assert "### Accepted by a waiver" in text
    assert "kari@workbuoy.example, until 2026-12-01: The stack moves to another region next week" in text


def test_a_waiver_accepts_no_other_loss_of_the_same_resource(tmp_path: Path) -> None:
    review = reviewed(tmp_path, entry(), recording="replace-unprotected.events.jsonl")
    assert [danger.kind for danger in review.losses] == ["replace"]
    assert review.stops


def test_a_waiver_accepts_a_door(tmp_path: Path) -> None:
    policy = "urn:pulumi:prod::workbuoy::workbuoy:aws:Access$aws:iam/rolePolicy:RolePolicy::access-task-files"
    accepted = entry(policy, "role-widened")
    assert not reviewed(tmp_path, accepted, recording="widen.events.jsonl").stops


def test_the_last_day_is_inside(tmp_path: Path) -> None:
    assert not reviewed(tmp_path, entry(last_day="2026-11-22")).stops
    assert not reviewed(tmp_path, entry(last_day="2027-02-20")).stops


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"last_day": "2026-11-21"}, "lastDay: expired on 2026-11-21"),
        ({"last_day": "2027-02-21"}, "lastDay: 2027-02-21 is more than 90 days ahead; 2027-02-20 at the latest"),
        ({"last_day": "soon"}, "lastDay: Input should be a valid date"),
        ({"owner": ""}, "owner: String should have at least 2 characters"),
        ({"owner": "  "}, "owner: String should match pattern"),
        ({"reason": "because"}, "reason: String should have at least 20 characters"),
        ({"loss": "everything"}, "loss: Value error, everything is none of replace, delete"),
        ({"urn": "database-instance"}, "urn: String should match pattern"),
        ({"urn": DATABASE + "-2"}, "urn: prod has no urn:pulumi:prod"),
    ],
)
def test_a_wrong_waiver_is_one_clear_error(change: dict[str, str], said: str, tmp_path: Path) -> None:
    found = problems(tmp_path, entry(**change))
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path}/prod.yaml: waiver 1: {said}")


def test_a_waiver_without_an_owner_or_with_a_typo_is_an_error(tmp_path: Path) -> None:
    text = entry().replace("owner: 'kari@workbuoy.example', ", "").replace("reason", "reasons")
    found = problems(tmp_path, text)
    assert [problem.partition("waiver 1: ")[2].split(":")[0] for problem in found] == ["reason", "owner", "reasons"]


def test_all_problems_are_told_at_once_and_a_file_that_is_no_list_is_one(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("urn: x")
    (tmp_path / "broken.yml").write_text("- [")
    found = problems(tmp_path, entry(last_day="2026-01-01"), entry(owner=""))
    assert len(found) == 4


def test_an_expired_waiver_of_another_stack_fails_too(tmp_path: Path) -> None:
    assert problems(tmp_path, entry(DATABASE.replace("prod", "dev"), last_day="2026-01-01"))


def test_an_unused_waiver_of_the_stack_is_told_and_another_stacks_is_not(tmp_path: Path) -> None:
    review = reviewed(tmp_path, entry(), entry(loss="delete"), entry(DATABASE.replace("prod", "dev")))
    assert [one.waiver.loss for one in review.unused] == ["delete"]


def test_a_preview_file_cannot_tell_an_unknown_urn_so_the_waiver_is_unused(tmp_path: Path) -> None:
    review = reviewed(tmp_path, entry(DATABASE + "-2"), recording="unprotect.json")
    assert len(review.unused) == 1
    assert review.stops


def test_the_projects_own_waivers_are_valid() -> None:
    folder = Path(__file__).parents[3] / "waivers"
    assert folder.is_dir()
    plan = read_preview(RECORDINGS / "unchanged.json")
    assess(plan, folder, datetime.datetime.now(tz=datetime.UTC).date())
