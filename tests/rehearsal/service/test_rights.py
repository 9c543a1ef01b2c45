"""What a stack's roles are given, held to the boundaries that bootstrap makes."""

from types import SimpleNamespace
from typing import Any

import pytest

from project.files import find_project
from rehearsal.cloud import running
from rehearsal.permissions.estate import MotoAccount
from rehearsal.permissions.gate import Gate
from rehearsal.run import Options, rehearse
from rehearsal.service.declared import declared_service
from rehearsal.service.rights import stay_within_boundary
from tests.conftest import PROJECT


@pytest.mark.slow
def test_roles_of_backups_and_of_grafana_lie_within_what_bootstrap_lets_them_have() -> None:
    with running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "prod-eu-north-1", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        gate = Gate(MotoAccount(cloud), rehearsal.account, None)
        trial: Any = SimpleNamespace(cloud=cloud, gate=gate, declared=declared_service(rehearsal))
        names = {arn.rpartition("/")[2] for arn in trial.declared.roles}
        assert {"workbuoy-prod-eu-north-1-backup", "workbuoy-prod-eu-north-1-grafana"} <= names
        assert stay_within_boundary(trial) == f"{len(names)} roles"
