"""A customer's own stack before the engine touches it: everything that can be known to be wrong is reported first."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.placeholders import IMAGE_VARIABLE
from infra.problems import Problem, ProblemsError
from infra.stack_files import TENANT_KEY, settings_in, stack_file, stacks_in
from infra.tenants.files import find_stack_file_problems, find_stack_problems, find_tenant_problems, read_tenant
from infra.tenants.record import Tenant
from infra.yaml_text import read_yaml
from operations.ending import notify
from operations.engine.backend_stack import BackendStack
from operations.engine.cli import find_cli
from operations.engine.errors import MistakenError
from operations.engine.image import DEPLOYED, deployed_image
from operations.engine.stack import EngineStack, open_stack
from operations.engine.stack_file import provider_lines
from operations.tenant.standing import destroyed
from project.files import Project
from project.whole_file import write_whole

_OF_A_BASE = ("listenerArn", "clusterArn", "vpcId")


def read_silo(root: Path, name: str, base: str | None) -> Tenant | None:
    """The record of a customer whose files fit together; None for a pool tenant, which has no stack of its own.

    `base` names the place that is meant, while the customer moves. Raises ProblemsError.
    """
    tenant = read_tenant(root, name)
    if base is not None:
        place = next((one for one in tenant.places if one.base == base), None)
        if place is None:
            message = f"{name} has no stack on {base}: its record names {', '.join(one.base for one in tenant.places)}"
            raise ProblemsError([Problem(file=tenant.path, path="base", message=message)])
        tenant = place
    of_file = find_stack_file_problems(root, tenant)
    if problems := [*find_tenant_problems(root, tenant), *_other_stacks(root, tenant), *of_file]:
        raise ProblemsError(problems)
    return tenant if tenant.isolation == "silo" else None


def _other_stacks(root: Path, tenant: Tenant) -> Iterator[Problem]:
    """Files of other stacks that name this customer: the record was edited, or the file belongs to nobody."""
    for stack in stacks_in(root):
        if not stack.endswith(f"-{tenant.name}"):
            continue
        read = read_yaml(stack_file(root, stack))
        config = read.content.get("config")
        if isinstance(config, Mapping) and config.get(TENANT_KEY) == tenant.name:
            yield from read.locate(find_stack_problems(tenant, stack), "config")


def open_base(project: Project, tenant: Tenant) -> EngineStack:
    """The base stack that a silo stands on. Raises MistakenError where it is not deployed."""
    base = open_stack(project, tenant.base, notify=notify)
    outputs = base.outputs()
    missing = [name for name in _OF_A_BASE if not outputs.get(name)]
    if missing:
        raise MistakenError(
            f"{tenant.base}: is not deployed (no {', '.join(missing)}), and {tenant.stack} stands on it",
            f"`workbuoy deploy {tenant.base}` first; nothing was changed",
        )
    return base


def choose_image(tenant: Tenant, image: str | None, base: EngineStack, *, stands: bool) -> str | None:
    """A new silo's `deployed` image is its base's."""
    if image != DEPLOYED or stands:
        return image
    found = deployed_image(base.outputs())
    if found is None:
        raise MistakenError(f"{tenant.base}: runs no image yet", "name one: `--image sha256:...`")
    return found


def check_settings(root: Path, tenant: Tenant, image: str | None) -> None:
    """Read what the stack's program will read. Raises ProblemsError, before a stack is made for nothing."""
    from infra.tenants.silo import load_silo  # a second of Pulumi's modules

    with _environment({IMAGE_VARIABLE: image} if image and image != DEPLOYED else {}):
        try:
            load_silo(root, tenant.stack, tenant.name)
        except ProblemsError as error:
            # The stack that stands knows its image; the program refuses a placeholder all the same.
            left = [one for one in error.problems if image != DEPLOYED or one.path != "service.image.digest"]
            if left:
                raise ProblemsError(left) from None


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def refuse_new_stack(root: Path, tenant: Tenant, standing: tuple[str, ...]) -> None:
    """Raises MistakenError where nothing may be made: the record retires the stack, or it stands as another one.

    An edited record moves nothing.
    """
    if why := destroyed(tenant, lambda: standing):
        raise MistakenError(
            why,
            "nothing was changed; where it is to stand after all, take the line away in a reviewed change first",
        )
    for stack in standing:
        base = stack.removesuffix(f"-{tenant.name}")
        if (
            stack not in (base, *(one.stack for one in tenant.places))
            and settings_in(stack_file(root, base)) is not None
        ):
            raise MistakenError(
                f"{tenant.name}: stands as {stack}, and its record now says {tenant.stack}",
                "put the record back: a move is a second stack and a data move; nothing was changed",
            )


def make_stack(project: Project, tenant: Tenant) -> None:
    """Make the stack in the backend, its secrets kept as its base's are."""
    provider = read_yaml(stack_file(project.root, tenant.base)).content.get("secretsprovider")
    open_stack(
        project,
        tenant.stack,
        create=True,
        secrets_provider=str(provider) if provider else None,
        notify=notify,
    )


def restore_provider(project: Project, tenant: Tenant) -> bool:
    """Add the lines that say how secrets are encrypted, where the file of a stack that stands has lost them.

    A workflow that made a stack cannot commit what that wrote into the file; the state knows the same. Raises
    EngineError.

    False where it is empty and knows none: then it is removed, to be made anew.
    """
    file = project.stack_file(tenant.stack)
    text = file.read_text(encoding="utf-8")
    if provider_lines(text):
        return True
    standing = BackendStack(project, tenant.stack, find_cli(notify), {"PULUMI_SKIP_UPDATE_CHECK": "true"})
    state = standing.state()
    lines = state.provider_lines
    if not lines and not state.resources:
        standing.remove()
        return False
    if lines:
        write_whole(file, text + "".join(f"{line}\n" for line in lines))
        notify(f"{file.name} had lost how its secrets are encrypted; it says so again, as the state does. Commit it.")
    return True
