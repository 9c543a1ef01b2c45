"""Waivers accept one kind of loss of one resource, for a while; everything else about them is an error."""

import datetime
from pathlib import Path

import pytest

from graph.errors import InputError
from graph.recordings import read_events, read_preview
from operations.review.assess import Review, assess
from operations.review.markdown import render

RECORDINGS = Path(__file__).parents[2] / "recordings/previews"
TODAY = datetime.date(2026, 11, 22)
PROTECT = "`protect` is lifted, so that this or a later change may delete or replace it"
DATABASE = "urn:pulumi:prod::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::database-instance"


def entry(  # noqa: PLR0917
    urn: str = DATABASE,
    effect: str = "protect-off",
    change: str = PROTECT,
    reason: str = "The stack moves to another region next week",
    owner: str = "kari@workbuoy.example",
    last_day: str = "2026-12-01",
) -> str:
    return (
        f"- {{urn: '{urn}', effect: {effect}, change: '{change}', reason: '{reason}', owner: '{owner}', "
        f"lastDay: {last_day}}}\n"
    )


def reviewed(folder: Path, *entries: str, recording: str = "unprotect.events.jsonl") -> Review:
    (folder / "prod.yaml").write_text("".join(entries))
    path = RECORDINGS / recording
    return assess(read_events(path) if "jsonl" in recording else read_preview(path), folder, TODAY)


def problems(folder: Path, *entries: str) -> tuple[str, ...]:
    with pytest.raises(InputError) as error:
        reviewed(folder, *entries)
    return error.value.problems


def test_a_waiver_accepts_its_effect(tmp_path: Path) -> None:
    assert reviewed(tmp_path, "[]").stops
    review = reviewed(tmp_path, entry())
    assert not review.stops
    assert [waived.danger.kind for waived in review.waived] == ["protect-off"]
    assert review.unused == ()
    text = render(review)
    assert text.startswith("## prod: passed with 1 waiver\n")
    assert "### Accepted by a waiver" in text
    assert "workbuoy.example, until 2026-12-01: The stack moves to another region next week" in text
    assert "kari@workbuoy" not in text  # GitHub would tell whoever is called so


def test_a_waiver_accepts_no_other_effect_of_the_same_resource(tmp_path: Path) -> None:
    review = reviewed(tmp_path, entry(), recording="replace-unprotected.events.jsonl")
    assert [danger.kind for danger in review.losses] == ["replace"]
    assert review.stops


def test_a_waiver_accepts_a_widened_grant_in_its_very_words(tmp_path: Path) -> None:
    policy = "urn:pulumi:prod::workbuoy::workbuoy:aws:Access$aws:iam/rolePolicy:RolePolicy::access-task-files"
    stopped = reviewed(tmp_path, "[]", recording="widen.events.jsonl")
    accepted = [entry(policy, "role-widened", danger.what) for danger in stopped.dangers]
    assert reviewed(tmp_path, *accepted, recording="widen.events.jsonl").dangers == ()
    other = entry(policy, "role-widened", "`s3:GetObject` on `*`")
    assert reviewed(tmp_path, other, recording="widen.events.jsonl").dangers


def test_a_waiver_of_one_value_accepts_no_other(tmp_path: Path) -> None:
    stopped = reviewed(tmp_path, "[]", recording="retention.json")
    (danger,) = stopped.dangers
    same = entry(danger.urn, danger.kind, danger.what)
    further = entry(danger.urn, danger.kind, danger.what.replace(" → ", " → 0", 1))
    assert reviewed(tmp_path, same, recording="retention.json").dangers == ()
    assert reviewed(tmp_path, further, recording="retention.json").dangers == (danger,)


def test_the_review_prints_the_waiver_of_each_thing_that_stopped(tmp_path: Path) -> None:
    import yaml

    review = reviewed(tmp_path, "[]", recording="replace-unprotected.events.jsonl")
    template = render(review).partition("```yaml\n")[2].partition("```")[0]
    entries = yaml.safe_load(template)
    assert [(one["urn"], one["effect"], one["change"]) for one in entries] == [
        (danger.urn, danger.kind, danger.what) for danger in review.dangers
    ]


def test_a_key_that_stands_twice_is_an_error_and_never_the_last_of_the_two(tmp_path: Path) -> None:
    twice = entry().replace("effect: protect-off", "effect: delete, effect: protect-off")
    assert len(problems(tmp_path, twice)) == 1
    assert "effect" in problems(tmp_path, twice)[0]


def test_a_hidden_file_waives_nothing(tmp_path: Path) -> None:
    (tmp_path / ".prod.yaml").write_text(entry())
    assert any("a hidden file waives nothing" in one for one in problems(tmp_path, entry()))


def test_the_last_day_is_inside(tmp_path: Path) -> None:
    assert not reviewed(tmp_path, entry(last_day="2026-11-22")).stops
    assert not reviewed(tmp_path, entry(last_day="2027-02-20")).stops


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"last_day": "2026-11-21"}, "[0].lastDay: expired on 2026-11-21"),
        ({"last_day": "2027-02-21"}, "[0].lastDay: 2027-02-21 is more than 90 days ahead; 2027-02-20 at the latest"),
        ({"last_day": "soon"}, "[0].lastDay: must be a day, written like 2027-06-30"),
        ({"owner": ""}, "[0].owner: String should have at least 2 characters"),
        ({"owner": "  "}, "[0].owner: says nothing"),
        ({"owner": ".."}, "[0].owner: says nothing"),
        ({"reason": " " * 30}, "[0].reason: says too little"),
        ({"reason": "because"}, "[0].reason: String should have at least 20 characters"),
        ({"effect": "everything"}, "[0].effect: everything is none of replace, delete"),
        ({"urn": "database-instance"}, "[0].urn: is not of the right form"),
        ({"urn": DATABASE + "-2"}, "urn: prod has no urn:pulumi:prod"),
    ],
)
def test_a_wrong_waiver_is_one_clear_error(change: dict[str, str], said: str, tmp_path: Path) -> None:
    found = problems(tmp_path, entry(**change))
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path.name}/prod.yaml:1: {said}")


def test_a_waiver_without_an_owner_or_with_a_typo_is_an_error(tmp_path: Path) -> None:
    text = entry().replace("owner: 'kari@workbuoy.example', ", "").replace("reason", "reasons")
    found = problems(tmp_path, text)
    assert [problem.partition("[0].")[2] for problem in found] == [
        "reasons: is not a setting; did you mean reason?",
        "owner: is required; add it (Who answers for it)",
    ]


def test_all_problems_are_reported_at_once_and_a_file_that_is_no_list_is_one(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("urn: x")
    (tmp_path / "broken.yml").write_text("- [")
    found = problems(tmp_path, entry(last_day="2026-01-01"), entry(owner=""))
    assert len(found) == 4


def test_an_expired_waiver_of_another_stack_fails_too(tmp_path: Path) -> None:
    assert problems(tmp_path, entry(DATABASE.replace("prod", "dev"), last_day="2026-01-01"))


def test_an_unused_waiver_of_the_stack_is_reported_and_another_stacks_is_not(tmp_path: Path) -> None:
    review = reviewed(tmp_path, entry(), entry(effect="delete"), entry(DATABASE.replace("prod", "dev")))
    assert [(one.waiver.effect, one.place) for one in review.unused] == [("delete", f"{tmp_path.name}/prod.yaml:2")]


def test_a_preview_file_cannot_tell_an_unknown_urn_so_the_waiver_is_unused(tmp_path: Path) -> None:
    review = reviewed(tmp_path, entry(DATABASE + "-2"), recording="unprotect.json")
    assert len(review.unused) == 1
    assert review.stops


def test_the_projects_own_waivers_are_valid() -> None:
    folder = Path(__file__).parents[3] / "waivers"
    assert folder.is_dir()
    plan = read_preview(RECORDINGS / "unchanged.json")
    assess(plan, folder, datetime.datetime.now(tz=datetime.UTC).date())
