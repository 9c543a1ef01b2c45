"""Where each example customer's data are, as declared: complete, keyed, kept, and read by whom the policies let."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facts import tokens as t
from graph import Resource, Secret
from infra.tenants.files import read_tenant
from infra.tenants.residency import allowed_regions
from operations.locate.answer import Answer, reader_name
from operations.locate.identities import ACCOUNT
from operations.locate.platform import IMAGES, STATE, TRAIL, platform_gaps, platform_stores
from operations.locate.readers import Means
from operations.locate.sources import Declarations, Estate, Source
from operations.locate.stores import Group, Holds, Located, stores_of
from operations.locate.text import text
from project.files import find_project
from tests.conftest import PROJECT, copy_of_project
from tests.operations.locate.conftest import among

pytestmark = pytest.mark.lengthy

KEEPERS = (t.DATABASE, t.BUCKET, t.LOG_GROUP, t.SECRET, t.KEY, t.TOPIC)
Add = Callable[..., list[Located]]


def named(stores: list[Located], what: str) -> Located:
    (found,) = [one for one in stores if one.what == what]
    return found


def readers(store: Located) -> list[str]:
    return [one.name for one in store.readers]


def readers_of_the_stack(store: Located) -> list[str]:
    """Without those whom the account lets run code, whom tests of their own are about."""
    return [one.name for one in store.readers if one.stack != ACCOUNT and one.means is Means.DIRECTLY]


@pytest.mark.parametrize(
    ("name", "region"), [("acme", "eu-west-1"), ("globex", "eu-north-1"), ("initech", "eu-west-1")]
)
def test_every_example_tenants_data_lie_inside_its_residency(
    declarations: Declarations, name: str, region: str
) -> None:
    tenant = read_tenant(PROJECT, name)
    stores = stores_of(declarations.estate(tenant))
    assert {one.region for one in stores} == {region}
    assert all(one.allowed for one in stores)
    assert region in allowed_regions(tenant.residency)


@pytest.mark.parametrize("name", ["acme", "globex", "initech"])
def test_everything_that_keeps_data_in_a_customers_stack_is_reported(declarations: Declarations, name: str) -> None:
    estate = declarations.estate(read_tenant(PROJECT, name))
    told = {one.urn for one in stores_of(estate)}
    assert {one.urn for one in estate.own.resources if one.type in KEEPERS} <= told


def test_a_silo_has_its_own_keys_and_shares_only_traces_and_the_place_for_exports_with_its_base(acme: Estate) -> None:
    stores = stores_of(acme)
    shared = [one for one in stores if one.shared]
    assert {one.stack for one in shared} == {"prod"}
    assert {one.holds for one in shared if one.group is not Group.EXPORTS} == {Holds.TRACES}
    assert any("the load balancer" in one.what for one in shared)
    assert any(one.what == "Log of the network" for one in shared)
    own = [one for one in stores if not one.shared]
    assert {one.stack for one in own} == {"prod-acme"}
    assert all("prod-acme" in one.key for one in own if one.key.startswith("alias/"))


def test_the_firewall_before_the_load_balancer_logs_a_silos_requests_too(tmp_path: Path) -> None:
    root = copy_of_project(tmp_path / "project")
    base = root / "Pulumi.prod.yaml"
    base.write_text(base.read_text().replace("    service:\n", "    service:\n      waf: {}\n"))
    estate = Declarations(find_project(root)).estate(read_tenant(root, "acme"))
    (log,) = [one for one in stores_of(estate) if one.what == "Log of the firewall"]
    assert (log.stack, log.holds, log.shared) == ("prod", Holds.TRACES, True)


@pytest.mark.parametrize("name", ["acme", "globex", "initech"])
def test_every_customers_exports_lie_in_the_bases_place_apart_from_its_files(
    declarations: Declarations, name: str
) -> None:
    estate = declarations.estate(read_tenant(PROJECT, name))
    stores, base = stores_of(estate), estate.base or estate.own
    exports = [one for one in stores if one.group is Group.EXPORTS]
    assert {(one.stack, one.holds, one.shared) for one in exports} == {(base.stack, Holds.CUSTOMER, True)}
    assert {one.key for one in exports} == {f"alias/workbuoy-{base.stack}-exports"}
    assert all(f"each customer's below {name}/" in one.note for one in exports)
    assert readers(named(stores, "Exports")) == ["leaving", "operators"]  # people alone, and no administrator
    files = [one for one in stores if one.group is Group.FILES]
    assert {one.stack for one in files} == {estate.own.stack}
    assert {one.name for one in files}.isdisjoint(one.name for one in exports)


def test_a_pool_tenants_data_lie_in_the_bases_stores_under_its_own_rows_and_prefix(initech: Estate) -> None:
    stores = stores_of(initech)
    assert all(one.shared for one in stores)
    assert "row-level security" in named(stores, "Database rows").note
    assert "tenants/<the customer's id>/" in named(stores, "Files").note


def test_who_can_read_follows_from_the_policies(acme: Estate) -> None:
    stores = stores_of(acme)
    assert readers_of_the_stack(named(stores, "Database rows")) == [
        "administrators",
        "rotation",
        "service-execution",
        "service-task",
    ]
    assert readers_of_the_stack(named(stores, "Files")) == ["administrators", "export", "restore", "service-task"]
    assert readers_of_the_stack(named(stores, "Noncurrent versions of files")) == ["administrators", "restore"]
    tasks = "the service, administration, one-off work, handing data over, bringing data back and drills of a restore"
    assert readers_of_the_stack(named(stores, f"Log of {tasks}")) == ["administrators", "observability-operators"]
    login = next(one for one in stores if "database-login" in one.name)
    assert readers_of_the_stack(login) == ["rotation", "service-task"]  # not even an administrator: the secret refuses


def _with_policy(estate: Estate, name: str, change: Callable[[str], Any]) -> Estate:
    """The estate with one document rewritten."""

    def changed(one: Resource) -> Resource:
        if one.name != name:
            return one
        return replace(one, inputs={**one.inputs, "policy": change(str(one.inputs["policy"]))})

    return replace(estate, own=among(estate.own, *(changed(one) for one in estate.own.resources)))


def test_a_widened_role_is_reported_as_a_reader(acme: Estate) -> None:
    widened = _with_policy(acme, "rotation-policy", lambda text: text.replace("logs:PutLogEvents", "logs:*"))
    log = next(one for one in stores_of(widened) if one.name == "/aws/lambda/workbuoy-prod-acme-rotation")
    assert "rotation" in readers_of_the_stack(log)


def test_reading_files_takes_the_key_behind_them(acme: Estate) -> None:
    keyless = _with_policy(acme, "service-task-policy", lambda text: text.replace("kms:Decrypt", "kms:DescribeKey"))
    assert readers_of_the_stack(named(stores_of(keyless), "Files")) == ["administrators", "export", "restore"]


def test_a_policy_that_is_not_shown_counts_as_one_that_lets_everything(acme: Estate) -> None:
    hidden = _with_policy(acme, "rotation-policy", lambda _: Secret())
    assert "rotation" in readers_of_the_stack(named(stores_of(hidden), "Noncurrent versions of files"))


def test_a_refusal_by_the_bucket_takes_a_reader_away(acme: Estate) -> None:
    plain, secure = (f'"aws:SecureTransport": "{one}"' for one in ("false", "true"))
    closed = _with_policy(acme, "files-policy", lambda text: text.replace(plain, secure))
    assert readers_of_the_stack(named(stores_of(closed), "Files")) == []


@pytest.fixture
def with_one_more(acme: Estate) -> Add:
    """The stores once one more resource stands in the silo."""

    def add(type_: str, **properties: Any) -> list[Located]:
        urn = f"urn:pulumi:prod-acme::workbuoy::{type_}::seeded"
        seeded = Resource(urn=urn, type=type_, name="seeded", inputs=properties, id="seeded", region="eu-west-1")
        return stores_of(replace(acme, own=among(acme.own, *acme.own.resources, seeded)))

    return add


def replication(**destination: Any) -> dict[str, Any]:
    return {"rules": [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::far", **destination}}]}


AWAY = "us-east-1"
SEEDED_OUTSIDE = [
    (t.LOG_GROUP, {"region": AWAY, "name": "far", "retentionInDays": 30}, AWAY),
    (t.SNAPSHOT_COPY, {"destinationRegion": AWAY}, AWAY),
    (t.SNAPSHOT, {"region": AWAY}, AWAY),
    (t.AUTOMATED_BACKUPS_REPLICATION, {"region": AWAY}, AWAY),
    (t.DATABASE, {"region": AWAY, "identifier": "replica", "storageEncrypted": True}, AWAY),
    (t.SECRET, {"region": "eu-west-1", "replicas": [{"region": AWAY}]}, AWAY),
    (t.KEY, {"region": AWAY}, AWAY),
    ("aws:kms/replicaKey:ReplicaKey", {"region": AWAY}, AWAY),
    (t.TOPIC, {"region": AWAY, "name": "far"}, AWAY),
    (t.BUCKET_REPLICATION, replication(), "not told by this stack"),
    (
        t.BUCKET_REPLICATION,
        replication(encryptionConfiguration={"replicaKmsKeyId": f"arn:aws:kms:{AWAY}:1:key/1"}),
        AWAY,
    ),
    (
        "aws:dynamodb/table:Table",  # a type that no rule here knows, by its tag alone
        {"region": AWAY, "tags": {"data-classification": "customer-data"}},
        AWAY,
    ),
]


@pytest.mark.parametrize(("type_", "properties", "region"), SEEDED_OUTSIDE, ids=lambda one: str(one)[:60])
def test_a_seeded_store_outside_residency_is_reported(
    with_one_more: Add, type_: str, properties: dict[str, Any], region: str
) -> None:
    outside = [one for one in with_one_more(type_, **properties) if not one.allowed]
    assert {(one.region, one.urn.rpartition("::")[2]) for one in outside} == {(region, "seeded")}


def test_the_accounts_state_trail_and_images_are_reported_from_what_bootstrap_declares(acme: Estate) -> None:
    platform = list(platform_stores(acme))
    assert {one.group for one in platform} == {Group.PLATFORM}
    assert {one.region for one in platform} == {"eu-west-1"}
    assert {one.name for one in platform if one.what == TRAIL} == {
        "workbuoy-trail-210000000003-eu-west-1",
        "workbuoy-account-trail",  # the same events in CloudWatch Logs
    }
    assert [one.name for one in platform if one.what == STATE] == ["workbuoy-state-210000000003-eu-west-1"]
    assert [one.name for one in platform if one.what == IMAGES] == ["workbuoy"]
    assert "previews" in {reader_name(one) for store in platform if store.what == STATE for one in store.readers}
    assert list(platform_gaps(acme)) == []


def test_an_account_outside_residency_is_a_finding_unless_the_customers_file_accepts_it(
    declarations: Declarations,
) -> None:
    globex = declarations.estate(read_tenant(PROJECT, "globex"))
    accepted = list(platform_stores(globex))
    assert {one.region for one in accepted if one.decision} == {"eu-west-1"}
    assert all(one.allowed for one in accepted)
    undecided = replace(globex, tenant=globex.tenant.model_copy(update={"platform_outside": None}))
    outside = [one for one in platform_stores(undecided) if not one.allowed]
    assert {one.region for one in outside} == {"eu-west-1"}
    assert {one.what for one in outside} >= {STATE, TRAIL}
    answer = Answer(tenant=undecided.tenant, source=Source.DECLARED, stores=tuple(outside))
    assert not answer.passed
    assert "platformOutside in tenants/globex.yaml" in " ".join(text(answer).split())


def test_a_decision_never_covers_the_customers_own_stores(with_one_more: Add) -> None:
    found = with_one_more(t.LOG_GROUP, region=AWAY, name="far", retentionInDays=30)
    assert [one.decision for one in found if not one.allowed] == [""]


def test_an_account_that_is_not_known_never_passes(acme: Estate) -> None:
    unknown = replace(acme, account=None, account_gap="there is no bootstrap/")
    (gap,) = platform_gaps(unknown)
    assert "there is no bootstrap/" in gap
    assert not Answer(tenant=acme.tenant, source=Source.DECLARED, stores=(), gaps=(gap,)).passed


def test_whoever_may_run_code_as_a_role_reads_what_the_role_reads(acme: Estate) -> None:
    stores = stores_of(acme)
    means = {one.name: (one.kind.value, one.means, one.through) for one in named(stores, "Files").readers}
    assert means["operators"] == ("people", Means.BY_TASK, "one-off-task")
    assert means["deploy"][:2] == ("workflow", Means.BY_CODE)
    versions = {one.name: one.through for one in named(stores, "Noncurrent versions of files").readers}
    assert versions["operators"] == "restore-task"  # no other task's role reads versions
    assert "preview" not in means


def test_operators_who_may_not_start_tasks_read_no_files(acme: Estate) -> None:
    assert acme.account is not None
    changed = [
        replace(one, inputs={**one.inputs, "policy": str(one.inputs["policy"]).replace("ecs:RunTask", "ecs:ListTasks")})
        if one.name.startswith("operators") and "policy" in one.inputs
        else one
        for one in acme.account.resources
    ]
    estate = replace(acme, account=among(acme.account, *changed))
    assert "operators" not in readers(named(stores_of(estate), "Files"))
