"""Logical names are permanent: a renamed resource is a deleted one and a new one, with its data gone."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from rehearsal.result import Rehearsed
from tests.conftest import SILOS, STACKS, Declare

FOLDER = Path(__file__).parent / "urns"


def lost_names(committed: Iterable[str], resources: Iterable[Rehearsed]) -> list[str]:
    """Committed URNs that no resource has, neither as its own nor as an alias."""
    kept = {name for one in resources for name in (one.urn, *one.declared.aliases)}
    return [urn for urn in committed if urn not in kept]


def read(stack: str) -> list[str]:
    return (FOLDER / f"{stack}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_no_logical_name_is_lost_without_an_alias(declared: Declare, stack: str) -> None:
    lost = lost_names(read(stack), declared(stack).rehearsal.resources)
    assert not lost, (
        f"give the renamed resources aliases, or delete their lines in {FOLDER.name}/{stack}.txt if they are to go"
    )


def test_a_renamed_resource_is_lost_until_it_has_an_alias(declared: Declare) -> None:
    from dataclasses import replace

    resources = [one for one in declared("dev").rehearsal.resources if one.name != "files-bucket"]
    bucket = declared("dev").named("files-bucket")
    renamed = bucket.urn.replace("::files-bucket", "::attachments-bucket")
    without = replace(bucket, declared=replace(bucket.declared, urn=renamed, name="attachments-bucket"))
    with_alias = replace(without, declared=replace(without.declared, aliases=(bucket.urn,)))
    assert lost_names(read("dev"), [*resources, without]) == [bucket.urn]
    assert lost_names(read("dev"), [*resources, with_alias]) == []
