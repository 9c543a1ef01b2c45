"""Stacks stood up by two processes: the same is found, and what one moto would refuse does not pass."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from project.files import find_project
from rehearsal.cloud import running
from rehearsal.result import State
from rehearsal.run import Options, no_collector
from rehearsal.tenants import apart
from rehearsal.tenants.result import StoodUp
from rehearsal.tenants.stand import Standing
from tests.conftest import PROJECT, ROOT

NAMES = [f"silo-{number}" for number in range(5)]
STACKS = [(f"prod-{name}", name) for name in NAMES]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """prod, with five customers like acme who have no stack yet."""
    folder = tmp_path_factory.mktemp("apart")
    for file in (*PROJECT.glob("Pulumi*.yaml"), PROJECT / "tenants", PROJECT / "infra"):
        (shutil.copytree if file.is_dir() else shutil.copy)(file, folder / file.name)
    for number, name in enumerate(NAMES, start=200):
        record = (
            (PROJECT / "tenants/acme.yaml").read_text().replace("acme", name).replace("0123456789ab", f"{number:012}")
        )
        record = record.replace("listenerPriority: 100", f"listenerPriority: {number}")
        (folder / f"tenants/{name}.yaml").write_text(record)
        (folder / f"Pulumi.prod-{name}.yaml").write_text(f"config:\n  workbuoy:tenant: {name}\n")
    project = replace(find_project(folder), main=ROOT / "infra")
    with running() as moto, no_collector():
        stands = Standing(project, Options(), moto)
        stands.base("prod")
        yield stands


def found(stood: list[StoodUp]) -> list[StoodUp]:
    return [replace(one, seconds=0.0) for one in stood]


def test_two_processes_find_what_one_finds(standing: Standing) -> None:
    stood = apart.stand_in_two(standing, STACKS[:3])
    assert [one.stack for one in stood] == [stack for stack, _ in STACKS[:3]]
    in_short, _ = standing.further(*STACKS[1])  # the other process stood this one up, so that here it is new
    assert found([stood[1]]) == found([in_short])
    assert not in_short.problems
    assert in_short.compared > 100


def test_a_second_process_that_dies_loses_nothing(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_answer", lambda *_: os._exit(9))
    stood = apart.stand_in_two(standing, STACKS[3:])
    assert [(one.stack, one.problems) for one in stood] == [(stack, ()) for stack, _ in STACKS[3:]]


def test_what_moto_refuses_to_a_second_stack_is_what_the_first_one_claims(standing: Standing) -> None:
    _, again = standing.further(*STACKS[0])  # everything of it stands already
    refused = [one for one in again.resources if one.state is State.FAILED and not one.reason.startswith("not tried")]
    assert len(refused) > 20
    for one in refused:
        assert set(apart.claims(replace(again, resources=(one,)))), f"{one.type}: {one.reason}"


def test_two_stacks_that_claim_the_same_are_stood_up_by_one_process(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "claims", lambda _: [("aws:lb/listenerRule:ListenerRule", ("priority",), "7")])
    stood = apart.stand_in_two(standing, STACKS[:2])
    assert all(one.problems for one in stood)  # both stand here already, which the other process's copy alone could not


def test_few_stacks_are_left_to_one_process() -> None:
    assert not apart.worth_it(STACKS)
