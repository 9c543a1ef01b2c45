"""The lines of a stack's file that say how its secrets are encrypted, from the stack's own state.

A workflow that made a stack cannot commit what that wrote into the file. The state knows the same, so nothing is lost.
"""

from collections.abc import Mapping
from typing import Any

from pulumi.automation import CommandError, LocalWorkspace

from infra.tenants.record import Tenant
from operations.engine.cli import find_cli
from operations.engine.messages import explain
from operations.engine.stack_file import provider_lines
from operations.tenant.ending import tell
from project.files import Project
from project.whole_file import write_whole


def restore_provider(project: Project, tenant: Tenant) -> bool:
    """Add the lines where a stack that stands has lost them. Raises EngineError.

    False where it is empty and knows none: then it is removed, to be made anew.
    """
    file = project.stack_file(tenant.stack)
    text = file.read_text(encoding="utf-8")
    if provider_lines(text):
        return True
    variables = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    workspace = LocalWorkspace(work_dir=str(project.root), pulumi_command=find_cli(tell), env_vars=variables)
    try:
        deployment = workspace.export_stack(tenant.stack).deployment or {}
        lines = lines_in(deployment)
        if not lines and not deployment.get("resources"):
            workspace.remove_stack(tenant.stack, preserve_config=True)
            return False
    except CommandError as error:
        raise explain(tenant.stack, str(error)) from None
    if lines:
        write_whole(file, text + "".join(f"{line}\n" for line in lines))
        tell(f"{file.name} had lost how its secrets are encrypted; it says so again, as the state does. Commit it.")
    return True


def lines_in(deployment: Mapping[str, Any]) -> list[str]:
    """What a state says of its secrets' provider, as a stack's file says it."""
    state = (deployment.get("secrets_providers") or {}).get("state") or {}
    keys = {"url": "secretsprovider", "encryptedkey": "encryptedkey", "salt": "encryptionsalt"}
    return [f"{name}: {state[key]}" for key, name in keys.items() if state.get(key)]
