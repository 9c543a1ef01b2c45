"""`workbuoy tenant preview` and `deploy`: one customer's own stack, or all of them."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.confirming import require_confirmation, require_person
from operations.ending import CHECK_FAILED, INTERRUPTED, JSON, MISTAKE, fail, notify, print_result, report_errors
from project.terminal import count

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.tenant.deployment.every import DeployOptions
    from project.files import Project

IMAGE = click.option(
    "--image", metavar="DIGEST", help="The image: sha256:..., or `deployed` for the one that runs now."
)


@click.command()
@click.argument("name")
@IMAGE
@JSON
@click.pass_context
@report_errors
def preview(context: click.Context, *, name: str, image: str | None, json_wanted: bool) -> None:
    """Review what a deployment of the customer's own stack would change. Nothing is written.

    Exits with 3 where something dangerous has no waiver.
    """
    from operations.review.command import review

    project, tenant = _silo(name)
    if tenant is None:
        return
    from operations.tenant.silo import check_settings, choose_image, open_base  # imports Pulumi

    check_settings(project.root, tenant, image)
    base = open_base(project, tenant)
    if tenant.stack not in base.stacks():
        fail(
            MISTAKE,
            f"{tenant.stack}: has not been deployed, so there is nothing to compare with; "
            f"`workbuoy rehearse {tenant.stack}`, and `workbuoy tenant deploy {name}` shows its review first",
        )
    image = choose_image(tenant, image, base, stands=True)
    context.invoke(review, stack=tenant.stack, image=image, json_wanted=json_wanted)


@click.command()
@click.argument("name", required=False)
@click.option("--all", "everyone", is_flag=True, help="All silos, several at once; goes on where the last run stopped.")
@IMAGE
@click.option("--yes", is_flag=True, help="Do not ask before the update.")
@click.option("--base", metavar="STACK", help="With --all: silos on it alone; with NAME: where it moves.")
@click.option(
    "--parallel", default=4, show_default=True, type=click.IntRange(1, 64), help="With --all: how many at once."
)
@click.option(
    "--timeout-minutes",
    default=90,
    show_default=True,
    type=click.IntRange(1, 1440),
    help="With --all: the longest that one may take.",
)
@click.option("--again", is_flag=True, help="With --all: also those that the last run finished.")
@click.option("--ahead", is_flag=True, help="With NAME: also with code that its base stack was not deployed with.")
@JSON
@click.pass_context
@report_errors
def deploy(
    context: click.Context,
    *,
    name: str | None,
    everyone: bool,
    image: str | None,
    yes: bool,
    base: str | None,
    parallel: int,
    timeout_minutes: int,
    again: bool,
    ahead: bool,
    json_wanted: bool,
) -> None:
    """Deploy the customer's own stack: review, update, wait for the rollout, try the service.

    The stack is made when it is not there. Code and settings go to its base stack first. With --all, every silo in a
    process of its own. What the last run of the same commit and image finished is left out; the rest is done again.
    """
    if everyone == (name is not None):
        raise click.UsageError("Name one customer, or say --all.")
    if name is not None:
        _deploy_one(context, name, image, base, yes=yes, ahead=ahead, json_wanted=json_wanted)
        return
    from operations.tenant.deployment.every import DeployOptions

    options = DeployOptions(
        image=image, base=base, parallel=parallel, timeout_seconds=timeout_minutes * 60, again=again
    )
    _deploy_all(options, yes=yes, json_wanted=json_wanted)


def _silo(name: str, base: str | None = None) -> "tuple[Project, Tenant | None]":
    """The project, and the customer where it has a stack of its own."""
    from operations.tenant.silo import read_silo  # imports Pulumi
    from project.files import find_project

    project = find_project(Path.cwd())
    tenant = read_silo(project.root, name, base)
    if tenant is None:
        from infra.tenants.files import read_tenant

        base = read_tenant(project.root, name).base
        notify(
            f"{name} is in the pool of {base}: nothing of its own is deployed. `workbuoy deploy {base}` deploys {base}."
        )
    return project, tenant


def _deploy_one(
    context: click.Context,
    name: str,
    image: str | None,
    base_name: str | None,
    *,
    yes: bool,
    ahead: bool,
    json_wanted: bool,
) -> None:
    from operations.deploy.command import deploy as deploy_stack
    from operations.engine.image import DEPLOYED
    from operations.tenant import silo  # imports Pulumi
    from operations.tenant.ahead import refuse_ahead
    from operations.tenant.silo import restore_provider
    from operations.tenant.standing import unmade

    project, tenant = _silo(name, base_name)
    if tenant is None:
        return
    if not yes:
        require_person(f"the update of {tenant.stack}")
    silo.check_settings(project.root, tenant, image)
    base = silo.open_base(project, tenant)
    if not ahead:
        refuse_ahead(project, tenant, base, notify)
    standing = base.stacks()
    if why := unmade(tenant, lambda: standing):
        if base_name is not None:
            fail(MISTAKE, f"{tenant.stack}: {why} first; nothing was changed")
        notify(f"{tenant.stack} is left as it is: {why}.")
        return
    stands = tenant.stack in standing and restore_provider(project, tenant)
    image = silo.choose_image(tenant, image, base, stands=stands)
    if not stands:
        silo.refuse_new_stack(project.root, tenant, standing)
        if image != DEPLOYED:
            silo.check_settings(project.root, tenant, image)
        silo.make_stack(project, tenant)
    context.invoke(deploy_stack, stack=tenant.stack, image=image, yes=yes, json_wanted=json_wanted)


def _deploy_all(options: "DeployOptions", *, yes: bool, json_wanted: bool) -> None:
    from operations.tenant.deployment.every import deploy_all, plan_all
    from operations.tenant.deployment.journal import FOLDER, only_one
    from operations.tenant.standing import not_to_update
    from project.files import find_project

    project = find_project(Path.cwd())
    root = project.root
    with only_one(root / FOLDER):
        planned = plan_all(root, options, partial(not_to_update, project))
        for line in planned.notes:
            notify(line)
        if planned.names and not yes:
            require_confirmation(f"Review and update {count(len(planned.names), 'stack')}?")
        result = deploy_all(root, options, planned)
    rows = [{"tenant": name, "state": one.state, "cause": one.cause} for name, one in result.outcomes.items()]
    document = {"journal": str(result.journal or ""), "tenants": rows}
    print_result("tenant-deploy-all", document, result.summary, json_wanted=json_wanted)
    if result.interrupted:
        fail(INTERRUPTED, "interrupted; the same command goes on where this stopped")
    if result.failed:
        fail(CHECK_FAILED, f"{result.failed} failed; run the same command again to repeat what failed")
