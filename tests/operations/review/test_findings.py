"""What the rules here find in a plan, beside a pack of the engine's."""

import json
from collections.abc import Mapping

from facts import tokens as t
from operations.review.findings import findings
from tests.operations.review.synthetic import plan, step

WRITTEN = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}


def _policy(statement: Mapping[str, object]) -> dict[str, str]:
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def test_a_change_may_mend_a_document_that_no_rule_can_judge_and_not_make_one() -> None:
    good, bad = _policy(WRITTEN), _policy({**WRITTEN, "Principal": {"aws": "*"}})
    assert [found.policy for found in findings(plan(step("update", t.BUCKET_POLICY, good, bad)))] == ["policies"]
    assert "policies" not in {found.policy for found in findings(plan(step("update", t.BUCKET_POLICY, bad, good)))}
