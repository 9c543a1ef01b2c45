"""The three example tenants beside prod, stood up once for every test here; holes are made in what then stands."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from facts.permissions.evaluate import Undecided
from project.files import find_project
from rehearsal.cloud import Cloud
from rehearsal.permissions.gate import open_gate
from rehearsal.result import Rehearsal
from rehearsal.run import Options
from rehearsal.summary import summary
from rehearsal.tenants.holdings import Holdings
from rehearsal.tenants.matrix import Grounds
from rehearsal.tenants.result import Cell, Matrix
from rehearsal.tenants.roles import cells_of_roles
from rehearsal.tenants.whole import Rehearsing, plan_for
from tests.conftest import PROJECT
from tests.rehearsal.service.test_surroundings import APP
from tests.rehearsal.tenants.again import Again

Red = set[tuple[str, str, str, str, str]]  # who, as, whom, what, call


@dataclass
class Beside:
    """The rehearsal as it was reported, and what it stands on."""

    rehearsal: Rehearsal
    grounds: Grounds
    again: Again

    @property
    def matrix(self) -> Matrix:
        assert self.rehearsal.tenants is not None
        assert self.rehearsal.tenants.matrix is not None
        return self.rehearsal.tenants.matrix

    @property
    def cloud(self) -> Cloud:
        return self.grounds.cloud

    def holdings(self, stack: str) -> Holdings:
        return next(one for one in self.grounds.stacks if one.stack == stack)

    def red_roles(self) -> Red:
        """What is red when every role tries everything again."""
        with self.again.trying(), open_gate(self.cloud, remembers=True, undecided=Undecided.GRANTS) as (gate, _):
            return red_of(list(cells_of_roles(self.grounds.stacks, self.cloud, gate)))


def red_of(cells: list[Cell]) -> Red:
    return {(one.who, one.who_as, one.whom, one.what, one.call) for one in cells if one.red}


@pytest.fixture(scope="package")
def beside() -> Iterator[Beside]:
    """With databases and the service where the service is installed, else with the cells of roles alone."""
    installed = (APP / ".venv" / "bin" / "python").exists()
    project = find_project(PROJECT)
    with ExitStack() as contexts:
        plan = plan_for(project, "prod", ["all"], with_service=installed)
        rehearsing, again = Rehearsing(project, Options(), plan, contexts, None), Again()
        with again.trying():
            rehearsal = rehearsing.run()
        assert rehearsing.grounds is not None
        assert rehearsal.passed, summary(rehearsal)
        yield Beside(rehearsal, rehearsing.grounds, again)
