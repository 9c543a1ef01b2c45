"""Any number of stacks in the jobs of one matrix: everybody once, and each job in one account and region."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.changed.parts import MOST_JOBS, from_each, parts, shards

pytestmark = pytest.mark.lengthy


@given(sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=120), size=st.integers(1, 80))
def test_a_matrix_never_has_more_jobs_than_github_takes(sizes: list[int], size: int) -> None:
    standing = {f"base-{number:03}": range(count) for number, count in enumerate(sizes)}
    found = parts(standing, size)
    assert len(found) <= MOST_JOBS
    assert Counter({base: count for base, count in zip(standing, sizes, strict=True) if count}) == sum(
        (Counter({base: len(part)}) for base, part in found), Counter()
    )


def entry(number: int, account: int) -> dict[str, str]:
    place = {"environment": "prod", "account": str(account), "region": "eu-west-1", "backend": f"s3://{account}"}
    return {"stack": f"prod-t{number}", "repository": "r", **place}


@given(counts=st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_every_stack_is_in_one_job_of_its_own_account(counts: list[int]) -> None:
    entries = [entry(number, account) for account, count in enumerate(counts) for number in range(count)]
    found = shards(entries)
    assert len(found) <= MOST_JOBS
    assert Counter((one["account"], stack) for one in found for stack in one["stacks"].split()) == Counter(
        (one["account"], one["stack"]) for one in entries
    )
    assert len({(one["account"], one["shard"]) for one in found}) == len(found)  # artifacts are called like it


def test_as_long_as_they_fit_each_stack_has_a_job_that_is_called_like_it() -> None:
    found = shards([entry(number, 1) for number in range(MOST_JOBS)])
    assert [(one["shard"], one["stacks"]) for one in found[:2]] == [("prod-t0", "prod-t0"), ("prod-t1", "prod-t1")]
    one_more = shards([entry(number, 1) for number in range(MOST_JOBS + 1)])
    assert len(one_more) == 129
    assert (one_more[0]["shard"], one_more[0]["stacks"]) == ("prod-t0-and-1-more", "prod-t0 prod-t1")


@given(groups=st.lists(st.integers(0, 30), max_size=12), room=st.integers(-3, 200))
def test_where_not_all_fit_each_group_has_as_many_as_another_that_is_large_enough(groups: list[int], room: int) -> None:
    found = from_each([[(group, one) for one in range(size)] for group, size in enumerate(groups)], room)
    assert len(found) == len(set(found)) == min(sum(groups), max(room, 0))
    counts = Counter(group for group, _ in found)
    fewest = min((counts[group] for group, size in enumerate(groups) if counts[group] < size), default=None)
    assert fewest is None or max(counts.values(), default=0) <= fewest + 1
