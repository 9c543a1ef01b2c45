"""Settings of which AWS keeps one a thing, made of what is declared here and of what is not."""

from dataclasses import replace
from typing import Any

import pytest

from facts import tokens as t
from operations.review.judging import judge
from operations.review.overwritten import overwritten
from tests.operations.review.synthetic import UNKNOWN, plan, step

BUCKET = step("same", t.BUCKET, {"bucket": "files"}, {"bucket": "files"}, name="bucket")
CORS: dict[str, Any] = {"corsRules": []}


def stopping(*steps: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.kind, one.what) for one in judge(plan(*steps)).stopping]


def test_one_of_a_bucket_that_is_declared_nowhere_here_stops() -> None:
    what = "the bucket policy of elsewhere, which nothing here declares, takes the place of what it has"
    assert stopping(step("create", t.BUCKET_POLICY, None, {"bucket": "elsewhere"})) == [("not-judged", what)]


def test_one_of_a_bucket_that_is_declared_or_made_along_stops_nothing() -> None:
    assert not stopping(BUCKET, step("create", t.BUCKET_CORS, None, {"bucket": "files", **CORS}))
    assert not stopping(step("create", t.BUCKET_CORS, None, {"bucket": UNKNOWN, **CORS}))
    assert not stopping(step("update", t.BUCKET_CORS, {"bucket": "x", **CORS}, {"bucket": "x", "corsRules": [{}]}))


def test_a_policy_of_a_replica_of_a_key_is_one_of_what_is_declared() -> None:
    key = step("same", t.REPLICA_KEY, {}, {}, old_more={"id": "mrk-1"}, new_more={"id": "mrk-1"}, name="key")
    policy = '{"Version": "2012-10-17", "Statement": []}'
    assert not stopping(key, step("create", t.KEY_POLICY, None, {"keyId": "mrk-1", "policy": policy}, name="policy"))


@pytest.mark.parametrize("kind", [t.BUCKET_VERSIONING, t.BUCKET_POLICY, t.BUCKET_PUBLIC_ACCESS])
def test_one_that_is_made_beside_another_or_goes_from_beside_it_stops(kind: str) -> None:
    """Whatever both say: AWS keeps one, and the other's resource says from then on what is not so."""
    stays = step("same", kind, {"bucket": "files"}, {"bucket": "files"}, name="stays")
    for op, sides in (("create", (None, {"bucket": "files"})), ("delete", ({"bucket": "files"}, None))):
        beside = plan(BUCKET, stays, step(op, kind, *sides, name="twin"))
        assert ["`stays`" in one.what for one in judge(beside).stopping if one.kind == "same-name"] == [True]
        others = step("same", kind, {"bucket": "others"}, {"bucket": "others"}, name="stays")
        apart = plan(BUCKET, others, step(op, kind, *sides, name="twin"))
        assert "same-name" not in [one.kind for one in judge(apart).stopping]


def test_two_of_buckets_that_a_recording_does_not_name_are_not_taken_for_one() -> None:
    made = (step("create", t.BUCKET_CORS, None, {"bucket": UNKNOWN, **CORS}, name=name) for name in ("one", "two"))
    assert not stopping(BUCKET, *made)


def test_where_a_recording_leaves_out_what_stays_it_is_listed() -> None:
    found = overwritten(replace(plan(step("create", t.BUCKET_CORS, None, {"bucket": "files", **CORS})), whole=False))
    assert [getattr(one, "matters", None) for one in found] == [False]


@pytest.mark.parametrize(
    ("kind", "name"), [(t.BUCKET_PUBLIC_ACCESS, {"bucket": "elsewhere"}), (t.ACCOUNT_PUBLIC_ACCESS, {})]
)
@pytest.mark.parametrize("blocks", [False, None, True])
def test_public_access_of_what_is_only_named_stops_where_it_is_not_blocked(
    kind: str, name: dict[str, str], blocks: bool | None
) -> None:
    names = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    made = step("create", kind, None, {**name, **{one: blocks for one in names if blocks is not None}})
    assert [kind for kind, _ in stopping(made)] == ([] if blocks else ["exposed"] * 4)
