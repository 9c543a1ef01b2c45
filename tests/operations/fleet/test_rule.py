"""What stops a rollout between two waves, each breach by name; and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from infra.fleet import StopRule
from operations.fleet.records import Entry, EntryState, ShardHead, ShardRecord, Watched
from operations.fleet.rule import reasons_to_stop

HEAD = ShardHead(
    name="share-1",
    wave="share",
    base="prod",
    environment="prod",
    account="1",
    region="eu-west-1",
    backend="s3://b",
    customers=2,
)
RULE = StopRule()
NOTHING_SEEN = Watched()


def record(*states: EntryState, letter: str = "c", watched: Watched | None = NOTHING_SEEN) -> ShardRecord:
    entries = {
        f"{letter}{number}": Entry(
            stack=f"prod-c{number}", digest="d", image="i", state=state, cause="smoke test failed"
        )
        for number, state in enumerate(states)
    }
    return ShardRecord(run="r", head=HEAD, customers=entries, watched=watched)


def test_a_good_wave_lets_the_next_begin() -> None:
    assert reasons_to_stop("share", [record("done", "done"), record("done", "left out")], RULE) == []


@pytest.mark.parametrize(
    ("watched", "reason"),
    [
        (
            Watched(alarms=("workbuoy-prod-c0-service-errors",)),
            "1 alarm raised, and 0 may be: workbuoy-prod-c0-service-err",
        ),
        (Watched(burn_rates={"prod-c0": 14.4}), "error budgets are used up to 14.4 times too fast, 6 may be: prod-c0"),
        (Watched(error_lines={"prod-c0": 101}), "up to 101 lines of errors, and 100 may be: prod-c0"),
        (Watched(unknown=("share-1: CloudWatch: AccessDenied",)), "could not be watched: share-1: CloudWatch: Access"),
        (None, "could not be watched: share-1"),
    ],
)
def test_what_was_seen_or_could_not_be_seen_stops_it_by_name(watched: Watched | None, reason: str) -> None:
    (found,) = reasons_to_stop("share", [record("done"), record("done", watched=watched)], RULE)
    assert found.startswith(f"wave share: {reason}")


@pytest.mark.parametrize("value", [{"burn_rates": {"prod-c0": 6.0}}, {"error_lines": {"prod-c0": 100}}])
def test_what_the_rule_allows_stops_nothing(value: dict[str, Any]) -> None:
    assert reasons_to_stop("share", [record("done", watched=replace(Watched(), **value))], RULE) == []


def test_failures_are_counted_over_all_shards_and_reported_with_their_cause() -> None:
    records = [record("failed", "done"), record("failed", "done", letter="d")]
    assert reasons_to_stop("share", records, StopRule(failed=2)) == []
    (found,) = reasons_to_stop("share", records, StopRule(failed=1))
    assert found == "wave share: 2 failed, and 1 may: c0, d0: smoke test failed"


def test_a_wave_in_which_nobody_was_deployed_proves_nothing() -> None:
    (found,) = reasons_to_stop("share", [record("left out")], RULE)
    assert found.startswith("wave share: nobody was deployed, so nothing is known of the release (c0: ")


def test_a_failure_counts_though_the_same_customer_s_other_stack_was_deployed() -> None:
    """One who moves is in a shard of each base stack."""
    (found,) = reasons_to_stop("share", [record("failed"), record("done")], StopRule(failed=0))
    assert "1 failed, and 0 may: c0" in found
