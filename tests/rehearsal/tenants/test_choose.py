"""Which stacks `--tenants` stands up, what is refused, and what a sample holds."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.problems import ProblemsError
from infra.tenants.files import read_tenant
from infra.tenants.record import Tenant
from project.files import Project
from rehearsal.tenants.choose import ALL, MOST_IN_MATRIX, Chosen, choose, sample
from tests.conftest import PROJECT

pytestmark = pytest.mark.lengthy


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The stack and tenant files alone: nothing runs."""
    for file in PROJECT.glob("Pulumi*.yaml"):
        shutil.copy(file, tmp_path)
    shutil.copytree(PROJECT / "tenants", tmp_path / "tenants")
    return Project("workbuoy", tmp_path, tmp_path)


def refused(project: Project, base: str, *names: str) -> list[str]:
    with pytest.raises(ProblemsError) as error:
        choose(project, base, names)
    return [str(one) for one in error.value.problems]


def edit(project: Project, name: str, old: str, new: str) -> None:
    file = project.root / "tenants" / f"{name}.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_silo_brings_the_base_that_it_stands_on(project: Project) -> None:
    chosen = choose(project, "prod", ["acme", "globex"])
    assert chosen.further_bases == ("prod-eu-north-1",)
    assert [one.stack for one in chosen.silos] == ["prod-acme", "prod-eu-north-1-globex"]
    assert chosen.pool == ()


def test_all_means_every_tenant_of_the_environment(project: Project) -> None:
    assert {one.name for one in choose(project, "prod", [ALL]).tenants} == {"acme", "globex", "initech"}


def test_unknown_tenants_are_all_reported_in_a_line_each(project: Project) -> None:
    found = refused(project, "prod", "acme", "nobody", "../x")
    assert len(found) == 2
    assert "there is no tenant 'nobody'" in found[0]
    assert "acme, globex, initech" in found[0]


def test_a_pool_tenant_alone_has_nobody_to_be_held_apart_from(project: Project) -> None:
    (found,) = refused(project, "prod", "initech")
    assert "shares the pool of prod" in found
    assert "workbuoy rehearse prod" in found


def test_a_tenant_of_another_environment_is_reported_where_it_belongs(project: Project) -> None:
    edit(project, "initech", "base: prod", "base: staging")
    (found,) = refused(project, "prod", "acme", "initech")
    assert "tenants/initech.yaml" in found
    assert "workbuoy rehearse staging --tenants initech" in found
    assert {one.name for one in choose(project, "prod", [ALL]).tenants} == {"acme", "globex"}


def test_one_matrix_holds_one_account(project: Project) -> None:
    file = project.stack_file("prod-eu-north-1")
    file.write_text(file.read_text().replace('"000000000003"', '"000000000009"', 1))
    (found,) = refused(project, "prod", "globex")
    assert "one matrix holds one account" in found


def test_a_file_with_problems_is_reported_with_its_line_and_only_if_it_is_asked_for(project: Project) -> None:
    edit(project, "globex", "region: eu-north-1", "region: us-east-1")
    found = refused(project, "prod", "acme", "globex")
    assert any("tenants/globex.yaml:" in one and "residency" in one for one in found)
    assert not any("there is no tenant" in one for one in found)
    assert refused(project, "prod", ALL)
    assert [one.name for one in choose(project, "prod", ["acme"]).tenants] == ["acme"]


def test_a_silo_or_no_stack_at_all_is_no_base(project: Project) -> None:
    assert "is no base stack" in refused(project, "prod-acme", "acme")[0]
    assert "there is no stack 'nowhere'" in refused(project, "nowhere", "acme")[0]


def test_no_tenants_yet(project: Project) -> None:
    shutil.rmtree(project.root / "tenants")
    for silo in ("prod-acme", "prod-eu-north-1-globex"):
        project.stack_file(silo).unlink()
    assert "prod has no tenants" in refused(project, "prod", ALL)[0]


ACME, INITECH = read_tenant(PROJECT, "acme"), read_tenant(PROJECT, "initech")


def many(silos: int, regional: int, pool: int) -> Chosen:
    def copies(of: Tenant, kind: str, number: int, base: str = "prod") -> tuple[Tenant, ...]:
        return tuple(of.model_copy(update={"name": f"{kind}{place}", "base": base}) for place in range(number))

    return Chosen(
        base="prod",
        further_bases=("prod-eu-north-1",) if regional else (),
        silos=(*copies(ACME, "silo", silos), *copies(ACME, "regional", regional, "prod-eu-north-1")),
        pool=copies(INITECH, "pool", pool),
    )


def test_up_to_ten_tenants_are_all_in() -> None:
    chosen = many(6, 2, 2)
    assert sample(chosen) == (chosen.tenants, "")


@given(st.integers(0, 60), st.integers(0, 30), st.integers(0, 60))
def test_a_sample_has_a_silo_a_base_and_a_pair_of_the_pool(silos: int, regional: int, pool: int) -> None:
    chosen = many(silos, regional, pool)
    kept, how = sample(chosen)
    assert len(kept) == min(len(chosen.tenants), MOST_IN_MATRIX)
    assert bool(how) == (len(chosen.tenants) > MOST_IN_MATRIX)
    kinds = [one.name.rstrip("0123456789") for one in kept]
    assert kinds.count("silo") >= min(silos, 1)
    assert kinds.count("regional") >= min(regional, 1)
    assert kinds.count("pool") >= min(pool, 2)
    assert (kept, how) == sample(chosen)


def test_another_seed_draws_others() -> None:
    chosen = many(60, 0, 0)
    assert sample(chosen, seed=1) != sample(chosen, seed=2)
    assert "seed 7" in sample(chosen)[1]
