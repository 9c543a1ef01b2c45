"""Recordings on which a verdict was once wrong, each for a whole kind, and changes of this program by the engine."""

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from graph.errors import InputError
from graph.recordings import read_events, read_preview
from operations.review.assess import Review, assess
from operations.review.markdown import SCREEN_LINES, render
from operations.review.sarif import as_sarif
from tests.conftest import ROOT

RECORDINGS = Path(__file__).parents[2] / "recordings"
CASES = sorted((RECORDINGS / "cases").glob("*.gz"))
PROGRAM = sorted((RECORDINGS / "program").glob("*.gz"))
TODAY = datetime.date(2026, 11, 22)

REFUSED = {"db-create-replacement-only": "half", "failed-with-info-err": "failed"}
HARMLESS = {"discard-of-a-read", "inject-component"}
NOT_ONLY_STOPPED = {"masked-policy": "not-judged"}

# What a reviewer needs of each change of the program: stop, note (read, but does not stop), nothing, failed.
VERDICTS = {
    "alarm-address": "note",
    "archive-later": "note",
    "backups-shorter": "stop",
    "class": "nothing",
    "cluster-other-name": "note",
    "cluster-renamed": "stop",
    "cluster-renamed-with-alias": "nothing",
    "database-deletable": "stop",
    "database-name-unprotected": "stop",
    "database-other-key": "stop",
    "database-unprotected": "stop",
    "encryption-resource-gone": "stop",
    "engine-major": "note",
    "fails": "failed",
    "fewer-addresses": "note",
    "group-description": "note",
    "host-name": "note",
    "insights-off": "stop",
    "key-rotation-off": "stop",
    "listener-old-tls": "stop",
    "logs-shorter": "stop",
    "more-tasks": "nothing",
    "nat-single": "note",
    "oidc-client": "note",
    "one-zone-database": "failed",
    "parameter-added": "note",
    "residency-wider": "note",
    "secret-recovery-none": "stop",
    "storage": "note",
    "task-may-all-of-s3": "stop",
    "task-size": "nothing",
    "tls-only-gone": "stop",
    "tls-optional": "stop",
    "unchanged": "nothing",
    "versioning-suspended": "stop",
    "versions-shorter": "stop",
}
# What the review itself must say of these, whether or not the pack says it too.
BY_EFFECT = {
    "encryption-resource-gone": "safeguard-off",
    "key-rotation-off": "safeguard-off",
    "tls-only-gone": "role-widened",
    "tls-optional": "exposed",
    "insights-off": "unwatched",
    "cluster-renamed": "same-name",
    "versions-shorter": "lifecycle-shortened",
}


def name_of(path: Path) -> str:
    return path.name.split(".", maxsplit=1)[0]


@cache
def reviewed(path: Path) -> Review:
    plan = read_events(path) if ".events." in path.name else read_preview(path)
    return assess(plan, Path("no such folder"), TODAY)


def verdict(review: Review) -> str:
    if review.failed:
        return "failed"
    return "stop" if review.stops else "note" if review.noted else "nothing"


@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_a_case_gets_its_right_verdict(path: Path) -> None:
    name = name_of(path)
    if REFUSED.get(name) == "half":
        with pytest.raises(InputError, match="cut off or edited"):
            reviewed(path)
        return
    review = reviewed(path)
    if name in REFUSED:
        assert review.failed
    elif name in HARMLESS:
        assert not review.stops
    else:
        assert review.dangers, "the review itself must stop it, and not the policies alone"
        assert NOT_ONLY_STOPPED.get(name, "") in {"", *(danger.kind for danger in review.dangers)}


@pytest.mark.lengthy
@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_a_case_acts_as_nothing_in_the_comment(path: Path) -> None:
    if name_of(path) in REFUSED:
        return
    text = render(reviewed(path))
    outside_our_own = text.replace("<details><summary>", "").replace("</summary>", "").replace("</details>", "")
    assert "<" not in outside_our_own
    assert "![" not in text
    assert text.count("\n```") % 2 == 0


def test_every_change_of_the_program_has_a_verdict() -> None:
    assert {name_of(path) for path in PROGRAM} == set(VERDICTS)


@pytest.mark.lengthy
@pytest.mark.parametrize("path", PROGRAM, ids=name_of)
def test_a_change_of_the_program_gets_its_right_verdict(path: Path) -> None:
    review = reviewed(path)
    name = name_of(path)
    assert verdict(review) == VERDICTS[name]
    assert BY_EFFECT.get(name) in {None, *(danger.kind for danger in review.dangers)}


@pytest.mark.lengthy
@pytest.mark.parametrize("name", [name for name, found in VERDICTS.items() if found == "nothing"])
def test_an_ordinary_change_fits_one_screen(name: str) -> None:
    text = render(reviewed(RECORDINGS / f"program/{name}.events.jsonl.gz"))
    visible = text.partition("<details>")[0].splitlines()
    assert len(visible) <= SCREEN_LINES
    assert "nothing" in visible[0]


# What code scanning is given, against the schema that it is held to.
SCHEMA = Draft7Validator(json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text()))
CHANGES = [path for path in (*CASES, *PROGRAM) if REFUSED.get(name_of(path)) != "half"]


def faults(report: Any) -> list[str]:
    return [f"{fault.json_path}: {fault.message}" for fault in SCHEMA.iter_errors(report)]


@pytest.mark.lengthy
@pytest.mark.parametrize("path", CHANGES, ids=name_of)
def test_findings_are_valid_by_sarifs_schema(path: Path) -> None:
    assert faults(json.loads(json.dumps(as_sarif(reviewed(path), ROOT)))) == []


def test_the_schema_finds_what_code_scanning_would_refuse() -> None:
    stops = next(path for path in PROGRAM if name_of(path) == "logs-shorter")
    report = as_sarif(reviewed(stops), ROOT)
    result = report["runs"][0]["results"][0]
    result["level"] = "dangerous"
    del result["message"]
    assert len(faults(report)) == 2
