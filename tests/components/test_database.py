"""A database that is hard to lose and easy to bring back."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.database import DatabaseSettings
from rehearsal.result import Rehearsed
from tests.conftest import Declare, DeclareWith, Graph


def instance(graph: Graph) -> Rehearsed:
    (found,) = graph.of("rds/instance:Instance")
    return found


def test_losing_prod_s_database_takes_more_than_one_mistake(declared: Declare) -> None:
    database = instance(declared("prod"))
    assert database.declared.protect
    assert database.declared.inputs["deletionProtection"] is True
    assert database.declared.inputs["skipFinalSnapshot"] is False
    assert database.declared.inputs["deleteAutomatedBackups"] is False


def test_dev_s_database_goes_without_a_trace(declared: Declare) -> None:
    database = instance(declared("dev"))
    assert not database.declared.protect
    assert database.declared.inputs["deletionProtection"] is False
    assert database.declared.inputs["skipFinalSnapshot"] is True
    assert database.declared.inputs["deleteAutomatedBackups"] is True


def test_prod_goes_back_thirty_days_and_staging_seven(declared: Declare) -> None:
    days = [instance(declared(stack)).declared.inputs["backupRetentionPeriod"] for stack in ("prod", "staging")]
    assert days == [30, 7]


def test_the_final_snapshot_s_name_is_stable_and_belongs_to_one_life_of_the_database(declared: Declare) -> None:
    graph = declared("prod")
    suffix = graph.named("database-final-snapshot-suffix")
    name = instance(graph).declared.inputs["finalSnapshotIdentifier"]
    assert name == f"workbuoy-prod-database-final-{suffix.outputs['hex']}"
    assert suffix.declared.inputs["keepers"] == {"identifier": "workbuoy-prod-database"}


def test_no_password_passes_through_the_program(declared: Declare) -> None:
    properties = instance(declared("prod")).declared.inputs
    assert properties["manageMasterUserPassword"] is True
    assert not {key for key in properties if key.startswith("password")}


def test_connections_without_tls_are_refused(declared: Declare) -> None:
    (group,) = declared("dev").of("ParameterGroup")
    parameters = {one["name"]: one["value"] for one in group.declared.inputs["parameters"]}
    assert parameters["rds.force_ssl"] == "1"


def test_statements_slower_than_the_setting_are_logged(declared_with: DeclareWith) -> None:
    graph = declared_with("dev", lambda settings: settings["database"].update(slowQueryMilliseconds=250))
    (group,) = graph.of("ParameterGroup")
    parameters = {one["name"]: one["value"] for one in group.declared.inputs["parameters"]}
    assert parameters["log_min_duration_statement"] == "250"


def test_log_groups_exist_before_rds_makes_its_own(declared: Declare) -> None:
    graph = declared("prod")
    exported = instance(graph).declared.inputs["enabledCloudwatchLogsExports"]
    groups = {one.declared.inputs["name"]: one.name for one in graph.of("LogGroup")}
    needed = graph.needs("database-instance")
    for log in exported:
        assert groups[f"/aws/rds/instance/workbuoy-prod-database/{log}"] in needed


def test_a_new_major_version_gets_its_parameter_group_before_the_old_one_goes(declared_with: DeclareWith) -> None:
    def upgrade(settings: dict[str, Any]) -> None:
        settings["database"].update(engineVersion="18", applyImmediately=True)

    graph = declared_with("prod", upgrade)
    (group,) = graph.of("ParameterGroup")
    database = instance(graph).declared.inputs
    assert group.declared.inputs["family"] == "postgres18"
    assert "name" not in group.declared.inputs
    assert not group.declared.delete_before_replace
    assert (database["engineVersion"], database["allowMajorVersionUpgrade"], database["applyImmediately"]) == (
        "18",
        True,
        True,
    )


def test_a_major_upgrade_by_accident_is_refused_by_rds(declared: Declare) -> None:
    assert instance(declared("prod")).declared.inputs["allowMajorVersionUpgrade"] is False


def test_monitoring_may_write_to_its_one_log_group_only(declared: Declare) -> None:
    graph = declared("prod")
    resources = [
        arn
        for role, statement in graph.documents("RolePolicy")
        if role.name == "database-monitoring-policy"
        for arn in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    ]
    assert resources
    assert all(":log-group:RDSOSMetrics" in arn for arn in resources)


@pytest.mark.parametrize("version", ["16.6", "17.", "13", "latest", ""])
def test_only_a_major_version_that_rds_has_is_taken(version: str) -> None:
    with pytest.raises(ValidationError, match="engineVersion"):
        DatabaseSettings.model_validate(
            {
                "engineVersion": version,
                "instanceClass": "db.t4g.micro",
                "allocatedStorageGib": 20,
                "maxAllocatedStorageGib": 50,
                "multiAz": False,
            }
        )


@pytest.mark.parametrize(
    ("backup", "maintenance", "overlaps"),
    [
        ("01:00-02:00", "sun:03:00-sun:04:00", False),
        ("01:00-03:30", "sun:03:00-sun:04:00", True),
        ("23:30-00:30", "mon:00:00-mon:01:00", True),
        ("23:00-00:00", "mon:00:00-mon:01:00", False),
        ("03:10-03:50", "sun:03:00-sun:04:00", True),
    ],
)
def test_backup_and_maintenance_windows_must_lie_apart(backup: str, maintenance: str, overlaps: bool) -> None:
    settings = {
        "instanceClass": "db.t4g.micro",
        "allocatedStorageGib": 20,
        "maxAllocatedStorageGib": 50,
        "multiAz": False,
        "backupWindow": backup,
        "maintenanceWindow": maintenance,
    }
    if overlaps:
        with pytest.raises(ValidationError, match="overlaps backupWindow"):
            DatabaseSettings.model_validate(settings)
    else:
        assert DatabaseSettings.model_validate(settings).backup_window == backup
