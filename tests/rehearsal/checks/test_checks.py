"""Every check on both sides: a seeded breach that it refuses by name, and its twin at the limit that it lets pass."""

import re
from pathlib import Path

import pytest

from rehearsal.checks import refusals_of
from rehearsal.result import Refusal
from tests.rehearsal.checks.case import ACCOUNT, WATCHED, Case, Parts, group, key, task, topic
from tests.rehearsal.checks.seeds import CASES


def found(parts: Parts, check: str, residency: tuple[str, ...] = ()) -> list[Refusal]:
    return [one for one in refusals_of(tuple(parts), ACCOUNT, residency) if one.check == check]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_what_aws_refuses_is_refused_by_name_and_what_it_takes_is_not(case: Case) -> None:
    refusals = found(case.bad, case.check, case.residency)
    assert refusals
    assert {one.name for one in refusals} == {case.names}
    assert all(one.what and one.fix and one.source.startswith("https://") for one in refusals)
    assert found(case.good, case.check, case.residency) == []


def test_every_check_in_the_code_has_a_seeded_breach() -> None:
    folder = Path(__file__).parents[3] / "rehearsal" / "checks"
    code = "".join(path.read_text() for path in folder.glob("*.py"))
    prefixes = "alarm|budget|dashboard|ec2|ecr|ecs|event|github|iam|kms|lambda|lb|logs|managed|policy|provider|rds"
    known = set(re.findall(rf'"((?:{prefixes}|registry|role|s3|secret|sns|tag|trail)-[a-z0-9-]+[a-z0-9])"', code))
    values = {word for word in known if word.startswith(("rds-ca-", "iam-db-auth"))}  # are values, and no checks
    assert known - values - {case.check for case in CASES} == set()


def test_documents_that_are_no_json_are_no_crash() -> None:
    broken = [key("not json"), group(), topic(kmsMasterKeyId="arn:key"), WATCHED, task(containerDefinitions="{")]
    assert found(broken, "logs-key-policy")


def test_at_least_200_breaches_of_60_kinds_are_seeded() -> None:
    assert len(CASES) >= 200
    assert len({case.check for case in CASES}) >= 60
