"""`workbuoy access`."""

import sys
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from operations.ending import CHECK_FAILED, JSON, MISTAKE, NOT_MADE, fail, print_result, report_errors
from project.terminal import wrapped

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.access.logs import Logs
    from project.files import Project


@click.command()
@click.argument("tenant")
@click.option("--from", "first", metavar="DATE", required=True, help="The first day, YYYY-MM-DD, by UTC.")
@click.option("--to", "last", metavar="DATE", required=True, help="The last day, which counts whole.")
@click.option(
    "--logs",
    "folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Read recorded logs: FOLDER/cloudtrail, FOLDER/s3 and FOLDER/service, instead of the account's.",
)
@click.option(
    "--tenant-id", type=click.UUID, metavar="UUID", help="A pool customer's id, which its objects' keys begin with."
)
@JSON
@report_errors
def access(
    *, tenant: str, first: str, last: str, folder: Path | None, tenant_id: UUID | None, json_wanted: bool
) -> None:
    """Report who read TENANT's files: members by their hash, roles and their sessions, AWS services.

    Puts the trail's data events, S3's access log and the service's log together by request id. Ends with 3 where a
    reading cannot be attributed or a log is missing; each is named.
    """
    from infra.tenants.files import read_tenant
    from infra.tenants.listing import MOVED_FOLDER
    from operations.access.joined import CustomerObjects, as_json, as_lines, join
    from operations.access.logs import recorded
    from operations.tenant.move.record import left_since
    from project.files import find_project

    since = datetime.combine(_day("--from", first), time(), UTC)
    until = datetime.combine(_day("--to", last), time(), UTC) + timedelta(days=1, microseconds=-1)
    if until < since:
        fail(MISTAKE, f"--to {last} lies before --from {first}")
    project = find_project(Path.cwd())
    customer = read_tenant(project.root, tenant)
    if customer.isolation == "pool" and not tenant_id:
        fail(MISTAKE, f"{tenant} shares its bucket: add --tenant-id, the id that its objects' keys begin with")
    customer_objects = CustomerObjects(tenant=customer, tenant_id=str(tenant_id or ""))
    logs = recorded(folder) if folder else _live(project, customer, since, until)
    for one in left_since(project.root, tenant, since.date()):
        logs.unread.append(f"{MOVED_FOLDER}/{one.name}: readings in the place that was left are not told here")
    if customer.promotion is not None:
        logs.unread.append(
            f"{tenant} is promoted: readings of its files in the pool of {customer.base} are not told here"
        )
    answer = join(customer_objects, logs, since, until)
    text = "\n".join(line for text in as_lines(answer) for line in wrapped(text, "", "  "))
    print_result("access", as_json(answer), text, json_wanted=json_wanted)
    sys.exit(0 if answer.whole else CHECK_FAILED)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(MISTAKE, f"{option} {text} is no day; write it as YYYY-MM-DD")


def _live(project: "Project", customer: "Tenant", since: datetime, until: datetime) -> "Logs":
    import boto3  # half a second
    from botocore.exceptions import BotoCoreError, ClientError

    from bootstrap.home import home_region
    from bootstrap.names import trail_bucket
    from infra.environments import environment_of
    from infra.stack_files import settings_in
    from operations.access.joined import log_prefixes
    from operations.access.logs import Account, Place, live
    from operations.engine.account import who_am_i

    account = who_am_i(customer.stack, customer.region, {})["Account"]
    home = home_region(project.root, environment_of(customer.base), account) or customer.region
    for one in customer.places:
        stated = str((settings_in(project.stack_file(one.base)) or {}).get("account"))
        if account != stated:
            fail(MISTAKE, f"{one.stack} stands in account {stated}; these credentials are of {account}")
    places = [
        Place(
            region=one.region,
            log_group=f"/workbuoy/workbuoy-{one.stack}/service",
            log_prefixes=partial(log_prefixes, one),
        )
        for one in customer.places
    ]
    session = boto3.Session()
    try:
        return live(
            Account(session=session, account=account, trail_bucket=trail_bucket(account, home), home=home),
            places,
            since,
            until,
        )
    except (BotoCoreError, ClientError) as error:
        fail(NOT_MADE, f"a log could not be read, so nothing is said: {error}")
