"""Lifecycles on synthetic plans: what is deleted sooner stops, by a rule of its own or inside the bucket."""

import json
from typing import Any

import pytest

from facts import tokens as t
from operations.review.judging import judge
from tests.operations.review.synthetic import plan, step


def kinds(*steps: dict[str, Any]) -> list[str]:
    return [danger.kind for danger in judge(plan(*steps)).stopping]


def rules(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"rules": [{"status": "Enabled", "filter": {"prefix": ""}, **entry} for entry in entries]}


NONCURRENT_90 = {"id": "old", "noncurrentVersionExpiration": {"noncurrentDays": 90}}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            rules(NONCURRENT_90),
            rules({"noncurrentVersionExpiration": {"noncurrentDays": 1}}),
            "noncurrent versions deleted after 1 day instead of after 90 days",
        ),
        (rules(), rules({"expiration": {"days": 365}}), "objects deleted after 365 days instead of never"),
        (
            rules(NONCURRENT_90),
            rules(NONCURRENT_90, {"filter": {"prefix": "logs/"}, "expiration": {"days": 5}}),
            "objects under logs/ deleted after 5 days instead of never",
        ),
        (
            rules({"expiration": {"days": 30}, "status": "Disabled"}),
            rules({"expiration": {"days": 30}}),
            "objects deleted after 30 days instead of never",
        ),
        (rules(), rules({"expiration": {"date": "2026-12-01"}}), "objects deleted at once instead of never"),
        (
            rules({"noncurrentVersionExpiration": {"noncurrentDays": 90, "newerNoncurrentVersions": 10}}),
            rules(NONCURRENT_90),
            "the newest 0 noncurrent versions are kept for longer, instead of 10",
        ),
    ],
)
def test_a_shorter_lifecycle_is_a_loss(old: dict[str, Any], new: dict[str, Any], what: str) -> None:
    found = judge(plan(step("update", t.BUCKET_LIFECYCLE, old, new))).stopping
    assert [(danger.kind, danger.what) for danger in found] == [("lifecycle-shortened", what)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rules(NONCURRENT_90), rules(NONCURRENT_90 | {"id": "renamed"})),
        (rules(NONCURRENT_90), rules({"noncurrentVersionExpiration": {"noncurrentDays": 180}})),
        (rules(NONCURRENT_90), rules()),
        (
            rules(NONCURRENT_90),
            rules({"noncurrentVersionExpiration": {"noncurrentDays": 90, "newerNoncurrentVersions": 3}}),
        ),
        (rules(NONCURRENT_90), rules(NONCURRENT_90, {"transitions": [{"days": 30, "storageClass": "GLACIER_IR"}]})),
        (rules(NONCURRENT_90), rules(NONCURRENT_90, {"expiration": {"expiredObjectDeleteMarker": True}})),
        (
            rules({"expiration": {"days": 30}}),
            rules({"expiration": {"days": 30}}, {"filter": {"prefix": "logs/"}, "expiration": {"days": 60}}),
        ),
    ],
)
def test_a_longer_or_renamed_lifecycle_is_none(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert kinds(step("update", t.BUCKET_LIFECYCLE, old, new)) == []


def test_a_rule_inside_the_bucket_or_in_a_new_resource_is_judged_against_what_was() -> None:
    inline = {"lifecycleRules": [{"enabled": True, "expiration": {"days": 1}}]}
    assert kinds(step("update", t.BUCKET, {}, inline)) == ["lifecycle-shortened"]
    assert kinds(step("create", t.BUCKET_LIFECYCLE, None, rules({"expiration": {"days": 1}}))) == [
        "lifecycle-shortened"
    ]
    moved = (
        step("delete", t.BUCKET_LIFECYCLE, rules({"expiration": {"days": 1}}), None, name="old"),
        step("create", t.BUCKET_LIFECYCLE, None, rules({"expiration": {"days": 1}}), name="new"),
    )
    assert kinds(*moved) == []


def test_images_that_expire_sooner_are_a_loss() -> None:
    def policy(days: int) -> dict[str, str]:
        selection = {"tagStatus": "any", "countType": "sinceImagePushed", "countNumber": days}
        return {"policy": json.dumps({"rules": [{"selection": selection, "action": {"type": "expire"}}]})}

    assert kinds(step("create", t.REPOSITORY_LIFECYCLE, None, policy(1))) == ["lifecycle-shortened"]
    assert kinds(step("update", t.REPOSITORY_LIFECYCLE, policy(30), policy(10))) == ["lifecycle-shortened"]
    assert kinds(step("update", t.REPOSITORY_LIFECYCLE, policy(10), policy(30))) == []
