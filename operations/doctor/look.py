"""All looks, in the order in which a person mends."""

from operations.doctor import account, engine, machine
from operations.doctor.finding import DEPLOY, Finding
from project.files import Project
from project.placement import Placement, PlacementError, placement_of


def look(project: Project, stack: str | None) -> list[Finding]:
    """Everything that is here and everything that is not. Raises ProblemsError for an unknown stack."""
    app = project.root / "app"
    findings = [machine.python(), machine.service(app), machine.postgres(app)]
    findings += [machine.image_tools(), machine.image_runner(), machine.browser()]
    place: Placement | None = None
    if stack:
        try:
            place = placement_of(project, stack)
        except PlacementError as error:
            mend = f"$EDITOR Pulumi.{stack}.yaml"
            findings.append(Finding(name="stack", state="wrong", found=str(error), mend=mend, needed_for=DEPLOY))
    found, cli = engine.cli()
    findings.append(found)
    if cli:
        findings += [*engine.provider_plugins(cli), engine.backend(cli, place)]
    if stack and place:
        findings.append(engine.secrets_provider(stack, project.stack_file(stack), place))
    return [*findings, *account.account(stack or "", place)]
