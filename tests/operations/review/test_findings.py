"""What the rules here find in a plan, beside a pack of the engine's."""

import json
from collections.abc import Mapping
from typing import Any

from facts import tokens as t
from graph.plan import PolicyResult
from operations.review.findings import findings
from tests.operations.review.synthetic import plan, step

WRITTEN = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}


def _policy(statement: Mapping[str, object]) -> dict[str, str]:
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def test_a_change_may_mend_a_document_that_no_rule_can_judge_and_not_make_one() -> None:
    good, bad = _policy(WRITTEN), _policy({**WRITTEN, "Principal": {"aws": "*"}})
    assert [found.policy for found in findings(plan(step("update", t.BUCKET_POLICY, good, bad)))] == ["policies"]
    assert "policies" not in {found.policy for found in findings(plan(step("update", t.BUCKET_POLICY, bad, good)))}


def test_a_change_elsewhere_leaves_alone_what_no_rule_can_judge_and_names_it() -> None:
    bad = _policy({**WRITTEN, "Principal": {"aws": "*"}})
    worse = _policy({**WRITTEN, "Principal": {"aws": "*"}, "Action": "*"})
    elsewhere = step("update", t.BUCKET, {"tags": {"a": "b"}}, {"tags": {"a": "c"}}, name="elsewhere")
    stands = list(findings(plan(step("same", t.BUCKET_POLICY, bad, bad), elsewhere)))
    assert {(one.policy, one.level) for one in stands} == {("policies", "advisory")}
    assert stands[0].message.startswith("stands already: ")
    assert "policies" in {one.policy for one in _stopping(step("update", t.BUCKET_POLICY, bad, worse))}


def test_what_no_rule_can_judge_hides_nothing_else() -> None:
    bad = _policy({**WRITTEN, "Principal": {"aws": "*"}})
    opened = step("update", t.SUBNET, {"mapPublicIpOnLaunch": False}, {"mapPublicIpOnLaunch": True})
    found = {one.policy for one in _stopping(step("same", t.BUCKET_POLICY, bad, bad), opened)}
    assert found == {"subnet-refuse-public-ip"}


def _stopping(*steps: dict[str, Any]) -> list[PolicyResult]:
    return [one for one in findings(plan(*steps)) if one.level == "mandatory"]
