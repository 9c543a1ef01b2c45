"""What is declared once for many tests is what each would have declared, and nobody sees another one's changes."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from infra.placeholders import IMAGE_VARIABLE
from project.files import Project, find_project
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from tests.conftest import PROJECT, declared_graph
from tests.declared import DECLARE, Kept, declared_once, name_of

MOVE = "move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\ndates:\n"


@pytest.mark.lengthy
def test_it_is_what_a_rehearsal_finds(project: Project) -> None:
    found, fresh = declared_once(project, "local", DECLARE), rehearse(project, "local", DECLARE)
    assert found.resources == fresh.resources
    assert (found.exports, found.stand_ins, found.refusals) == (fresh.exports, fresh.stand_ins, fresh.refusals)


def edited(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new, 1))


Edit = Callable[[Path], None]
BASE, SILO = "prod", "prod-acme"
CHANGES: dict[str, tuple[Edit, set[str]]] = {
    "the stack's settings": (lambda root: edited(root, "Pulumi.prod.yaml", "minTasks: 3", "minTasks: 4"), {BASE, SILO}),
    "another stack's account": (lambda root: edited(root, "Pulumi.dev.yaml", "00000", "00001"), {BASE, SILO}),
    "the record of its customer": (lambda root: edited(root, "tenants/acme.yaml", "dates:", "# now\ndates:"), {SILO}),
    "a customer of the pool who begins to move": (
        lambda root: edited(root, "tenants/initech.yaml", "dates:\n", MOVE),
        {BASE, SILO},
    ),
    "a customer more": (lambda root: (root / "tenants/hooli.yaml").touch(), {BASE, SILO}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_another_where_what_the_program_reads_is(change: str, project: Project) -> None:
    edit, concerned = CHANGES[change]
    before = {stack: name_of(project, stack, DECLARE) for stack in (BASE, SILO)}
    edit(project.root)
    after = {stack: name_of(project, stack, DECLARE) for stack in (BASE, SILO)}
    assert {stack for stack in before if before[stack] != after[stack]} == concerned


def test_copies_of_the_same_files_are_one(project: Project) -> None:
    assert name_of(project, BASE, DECLARE) == name_of(find_project(PROJECT), BASE, DECLARE)


def test_it_is_another_with_another_image_or_other_outputs_of_its_base(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {name_of(project, SILO, Options(declare_only=True, references={BASE: {"vpcId": "vpc-1"}}))}
    names.add(name_of(project, SILO, DECLARE))
    monkeypatch.setenv(IMAGE_VARIABLE, "sha256:" + "1" * 64)
    names.add(name_of(project, SILO, DECLARE))
    assert len(names) == 3


def test_one_worker_makes_it_and_each_has_its_own_to_change(tmp_path: Path) -> None:
    made: list[int] = []
    found: list[Rehearsal] = []

    def make() -> Rehearsal:
        made.append(1)
        return declared_graph("local").rehearsal

    def ask() -> None:
        worker = Kept()
        worker.folder = tmp_path / "declared"
        found.append(worker.result("local", make))

    workers = [Thread(target=ask) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert len(made) == 1
    first, *others = found
    properties: Any = first.resources[0].declared.inputs
    properties["changed"] = True
    assert [one for one in others if "changed" in one.resources[0].declared.inputs] == []


def test_who_fails_leaves_nothing_for_the_others(tmp_path: Path) -> None:
    kept = Kept()
    kept.folder = tmp_path / "declared"
    with pytest.raises(ZeroDivisionError):
        kept.result("local", lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    assert kept.result("local", lambda: declared_graph("local").rehearsal).stack == "local"
