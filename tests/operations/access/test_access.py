"""Who read a customer's files: joined by request, each reading once, and what nobody can say is named."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.tenants.files import read_tenant
from infra.tenants.record import Move
from operations.access.joined import Access, Answer, CustomerObjects, join, log_prefixes
from operations.access.logs import Account, Logs, Place, live, recorded
from operations.main import main
from rehearsal.cloud import running
from tests.conftest import PROJECT, copy_of_project
from tests.operations.access.logs import (
    ACCOUNT,
    BUCKET,
    KEY,
    MEMBER,
    REQUEST,
    TENANT,
    event,
    line,
    named,
    told,
    write,
)

SINCE, UNTIL = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)


def whose(name: str = "acme", tenant_id: str = "") -> CustomerObjects:
    return CustomerObjects(tenant=read_tenant(PROJECT, name), tenant_id=tenant_id)


def answer(folder: Path, of: CustomerObjects | None = None, **logs: Any) -> Answer:
    return join(of or whose(), recorded(write(folder, **logs)), SINCE, UNTIL)


def only(found: Answer) -> Access:
    (one,) = found.accesses
    return one


def test_a_reading_by_a_signed_address_is_its_members(tmp_path: Path) -> None:
    found = answer(tmp_path, events=[event("AWS1", named=named())], service=[told()])
    one = only(found)
    assert (one.who, one.key, one.request, one.aws_id) == (f"member {MEMBER}", KEY, REQUEST, "AWS1")
    assert (one.time.isoformat(), one.source) == ("2026-11-20T10:01:00+00:00", "203.0.113.7")
    assert found.whole


def test_what_only_the_access_log_says_is_joined_by_awss_own_request_id(tmp_path: Path) -> None:
    found = answer(tmp_path, events=[event("AWS1")], lines=[line("AWS1", query=named())], service=[told()])
    assert only(found).who == f"member {MEMBER}"
    assert found.whole


def test_a_reading_that_the_trail_lacks_is_taken_from_the_access_log(tmp_path: Path) -> None:
    events = [event("AWS1", named=named())]
    found = answer(tmp_path, events=events, lines=[line("AWS2", query=named())], service=[told()])
    assert [one.aws_id for one in found.accesses] == ["AWS1", "AWS2"]


@pytest.mark.parametrize("operation", ["REST.COPY.OBJECT_GET", "REST.COPY.PART_GET"])
def test_a_copy_reads_what_it_copies(tmp_path: Path, operation: str) -> None:
    copied = line("AWS1", operation=operation, query=named())
    other = line("AWS2", operation="REST.GET.OBJECT_TAGGING")
    found = answer(tmp_path, events=[], lines=[copied, other], service=[told()])
    assert only(found).aws_id == "AWS1"


def test_an_event_that_is_delivered_twice_counts_once(tmp_path: Path) -> None:
    twice = event("AWS1", named=named())
    assert len(answer(tmp_path, events=[twice, twice], service=[told()]).accesses) == 1


@pytest.mark.parametrize(
    ("one", "service", "why"),
    [
        (event("A"), [told()], "does not say for whom"),
        (event("A", named=named()), [told(request="another-one")], "no line of request"),
        (event("A", named=named(member="0000000000000000")), [told()], "says otherwise"),
        (event("A", named=named(), key=f"tenants/{TENANT}/other"), [told()], "says otherwise"),
        (event("A", named=named(), eventTime="2026-11-20T20:00:00Z"), [told()], "at another time"),
        (event("A", signed=False, userIdentity={"type": "Anonymous"}), [told()], "nobody signed"),
    ],
)
def test_what_cannot_be_attributed_is_named_and_does_not_pass(
    tmp_path: Path, one: dict[str, Any], service: list[str], why: str
) -> None:
    found = answer(tmp_path, events=[one], service=service)
    assert only(found).who == ""
    assert why in only(found).why
    assert not found.whole


@pytest.mark.parametrize(
    ("one", "who"),
    [
        (
            event("A", role="workbuoy-prod-acme-restore", session="task-9", signed=False),
            "workbuoy-prod-acme-restore, session task-9",
        ),
        (event("A", signed=False), "the service itself, session task-1"),
        (
            event("A", role="administrators", session="kari", signed=True),
            "administrators, session kari, or whoever it gave the address to",
        ),
        (
            event("A", signed=False, userIdentity={"type": "AWSService", "invokedBy": "backup.amazonaws.com"}),
            "backup.amazonaws.com",
        ),
    ],
)
def test_roles_and_services_of_aws_are_named_with_their_sessions(tmp_path: Path, one: dict[str, Any], who: str) -> None:
    found = answer(tmp_path, events=[one], service=[told(key="database/x", status=200)])
    assert found.accesses[-1].who == who


def test_an_object_that_the_database_holds_is_reported_from_the_services_log_alone(tmp_path: Path) -> None:
    found = answer(
        tmp_path, events=[event("A", key="x", bucket="other")], service=[told(key="database/0199", status=200)]
    )
    assert (only(found).who, only(found).how) == (f"member {MEMBER}", "through the service")


def test_an_address_that_nobody_read_from_is_counted_and_is_no_reading(tmp_path: Path) -> None:
    found = answer(tmp_path, events=[event("A", eventName="HeadObject")], service=[told()])
    assert (found.accesses, found.unused) == ((), 1)


def test_a_refused_reading_is_reported_as_refused(tmp_path: Path) -> None:
    refused = event("A", named=named(), errorCode="AccessDenied")
    assert only(answer(tmp_path, events=[refused], service=[told()])).refused


def test_other_customers_objects_are_not_reported(tmp_path: Path) -> None:
    others = [
        event("A", bucket="workbuoy-prod-files-0123abcd", named=named()),
        event("B", bucket="workbuoy-prod-acme-files-logs-0123abcd", named=named()),
        event("C", bucket="workbuoy-prod-acmecorp-files-0123abcd", named=named()),
        event("D", bucket="workbuoy-prod-exports-0123abcd", key="initech/x.zip", signed=False),
    ]
    assert answer(tmp_path, events=others, service=[told()]).accesses == ()


def test_a_pool_customers_objects_are_known_by_their_prefix_and_its_exports_by_its_name(tmp_path: Path) -> None:
    pool = "workbuoy-prod-files-0123abcd"
    role = "workbuoy-prod-service-task"
    events = [
        event("A", bucket=pool, role=role, named=named()),
        event("B", bucket=pool, role=role, key="tenants/another/x"),
        event("C", bucket="workbuoy-prod-exports-0123abcd", key="initech/x.zip", role="operators", signed=False),
    ]
    found = answer(tmp_path, whose("initech", TENANT), events=events, service=[told()])
    assert [one.aws_id for one in found.accesses] == ["A", "C"]
    assert [one.who for one in found.accesses] == [f"member {MEMBER}", "operators, session task-1"]


def test_a_log_that_is_missing_or_cannot_be_read_never_passes(tmp_path: Path) -> None:
    assert answer(tmp_path / "a", service=[told()]).gaps[0].startswith("the trail has no record")
    assert any("service's log" in one for one in answer(tmp_path / "b", events=[event("A", named=named())]).gaps)
    broken: tuple[dict[str, Any], ...] = (
        {"events": [{"eventSource": "s3.amazonaws.com", "eventName": "GetObject"}], "service": [told()]},
        {"events": [event("A")], "lines": ["not a line"], "service": [told()]},
        {"events": [event("A")], "service": ['{"object": "x", "status": 200}']},
    )
    for number, logs in enumerate(broken):
        found = answer(tmp_path / str(number), **logs)
        assert any("is not read" in one for one in found.gaps), logs
        assert not found.whole


def test_what_lies_outside_the_period_is_left_out(tmp_path: Path) -> None:
    late = event("A", named=named(), eventTime="2026-11-21T00:00:00Z")
    assert answer(tmp_path, events=[late], service=[told()]).accesses == ()


# ---- the account


@pytest.fixture(scope="module")
def found_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logs]:
    """Logs of the account in moto."""
    folder = write(tmp_path_factory.mktemp("logs"), events=[event("AWS1")])
    with running() as moto:
        cloud = moto.cloud(ACCOUNT, "eu-west-1")
        s3, logs = cloud.client("s3"), cloud.client("logs")
        log_bucket = "workbuoy-prod-acme-files-logs-0123abcd"
        for bucket in (BUCKET, log_bucket, "trail"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        name = f"AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2026/11/20/one.json.gz"
        s3.put_object(Bucket="trail", Key=name, Body=(folder / "cloudtrail/eu-west-1/one.json.gz").read_bytes())
        s3.put_object(
            Bucket=log_bucket, Key="access/2026-11-20-10-30-00-ABC", Body=line("AWS1", query=named()).encode()
        )
        group = "/workbuoy/workbuoy-prod-acme/service"
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="one")
        at = int(datetime(2026, 11, 20, 10, 0, 59, tzinfo=UTC).timestamp() * 1000)
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[{"timestamp": at, "message": told()}])

        class Session:
            def client(self, service: str, region_name: str) -> Any:
                return cloud.client(service, region_name)

        account = Account(session=Session(), account=ACCOUNT, trail_bucket="trail", home="eu-west-1")
        prefixes = partial(log_prefixes, read_tenant(PROJECT, "acme"))
        place = Place(region="eu-west-1", log_group=group, log_prefixes=prefixes)
        # moto writes its own time on objects, which is today.
        late = max(UNTIL, datetime.now(UTC) + timedelta(days=1))
        # The address was handed out before the period began.
        yield live(account, [place], datetime(2026, 11, 20, 10, 1, tzinfo=UTC), late)


def test_the_account_gives_the_same_answer_as_recorded_logs(found_live: Logs, tmp_path: Path) -> None:
    alike = answer(tmp_path, events=[event("AWS1")], lines=[line("AWS1", query=named())], service=[told()])
    assert join(whose(), found_live, SINCE, UNTIL) == alike
    assert only(alike).who == f"member {MEMBER}"


def test_the_logs_of_files_and_of_exports_lie_in_different_stacks_buckets() -> None:
    acme, initech = (read_tenant(PROJECT, name) for name in ("acme", "initech"))
    assert log_prefixes(acme, "workbuoy-prod-acme-files-logs-0123abcd") == ["access/"]
    assert log_prefixes(acme, "workbuoy-prod-files-logs-0123abcd") == ["exports/"]
    assert log_prefixes(initech, "workbuoy-prod-files-logs-0123abcd") == ["access/", "exports/"]
    assert log_prefixes(acme, "workbuoy-prod-globex-files-logs-0123abcd") == []


def test_both_places_of_a_customer_who_moves_are_theirs(tmp_path: Path) -> None:
    acme = read_tenant(PROJECT, "acme")
    move = Move(
        direction="to", base="prod-eu-north-1", region="eu-north-1", listener_priority=7, certificate_arn="base"
    )
    moving = CustomerObjects(tenant=acme.model_copy(update={"move": move}), tenant_id="")
    there = event("AWS1", role="admin", signed=False, bucket="workbuoy-prod-eu-north-1-acme-files-0123abcd")
    found = answer(tmp_path, moving, events=[there, event("AWS2", role="admin", signed=False)], service=[told()])
    assert [one.aws_id for one in found.accesses] == ["AWS1", "AWS2"]


# ---- the command


def run(*arguments: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        return CliRunner().invoke(main, ["access", *arguments])


PERIOD = ("--from", "2026-11-20", "--to", "2026-11-20")


def test_the_command_tells_each_reading_and_ends_with_3_where_one_is_not_attributed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, events=[event("AWS1", named=named())], service=[told()])
    monkeypatch.setenv("COLUMNS", "80")
    result = run("acme", *PERIOD, "--logs", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert f"member {MEMBER}" in " ".join(result.stdout.split())
    assert [one for one in result.stdout.splitlines() if len(one) > 80] == []
    write(tmp_path, events=[event("AWS1")], service=[told()])
    result = run("acme", *PERIOD, "--logs", str(tmp_path), "--json")
    assert result.exit_code == 3
    (one,) = json.loads(result.stdout)["accesses"]
    assert one["who"] is None
    assert "does not say for whom" in one["notAttributed"]


def test_a_place_that_was_left_within_the_period_is_named_as_missing(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path / "project")
    logs = write(tmp_path / "logs", events=[event("AWS1", named=named())], service=[told()])
    moved = project / "tenants/moved"
    moved.mkdir()
    for day, code in (("2026-11-19", 0), ("2026-11-20", 3)):
        (moved / f"acme-prod-eu-north-1-{day}-stack.yaml").write_text("name: acme\nbase: prod-eu-north-1\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(project)
            result = CliRunner().invoke(main, ["access", "acme", *PERIOD, "--logs", str(logs)])
        assert result.exit_code == code, result.output
    assert f"acme-prod-eu-north-1-{day}-stack.yaml" in result.stdout


def test_a_promoted_customers_files_in_the_pool_are_named_as_missing(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path / "project")
    logs = write(tmp_path / "logs", events=[event("AWS1", named=named())], service=[told()])
    file = project / "tenants/acme.yaml"
    file.write_text(file.read_text().replace("dates:\n", "promotion: open\ndates:\n"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        result = CliRunner().invoke(main, ["access", "acme", *PERIOD, "--logs", str(logs)])
    assert (result.exit_code, "in the pool of prod" in " ".join(result.stdout.split())) == (3, True)


def test_a_pool_customers_id_is_the_same_id_in_capitals(tmp_path: Path) -> None:
    bucket = "workbuoy-prod-files-0123abcd"
    write(tmp_path, events=[event("AWS1", named=named(), bucket=bucket)], service=[told()])
    result = run("initech", *PERIOD, "--logs", str(tmp_path), "--tenant-id", TENANT.upper())
    assert "1 reading, 0 not attributed" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody", *PERIOD), "there is no tenant"),
        (("initech", *PERIOD, "--logs", "."), "add --tenant-id"),
        (("acme", *PERIOD, "--logs", "no/such"), "there is no folder"),
        (("acme", "--from", "yesterday", "--to", "2026-11-20"), "is no day"),
        (("acme", "--from", "2026-11-21", "--to", "2026-11-20"), "lies before"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert says in result.stderr
    assert "Traceback" not in result.output
