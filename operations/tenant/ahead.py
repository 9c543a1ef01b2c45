"""A customer's own stack gets no code and no settings that its base stack was not deployed with.

What reached main goes through dev, staging and the base stack first; a customer's file that changes on the way would
take all of it along otherwise.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.problems import ProblemsError
from infra.stack_files import stack_file
from infra.tenants.record import Tenant
from infra.yaml_text import parse_yaml
from operations.changed.touched import is_shared
from operations.ending import Notify
from operations.engine.errors import MistakenError
from operations.engine.order import COMMIT, committed_since, head_of
from operations.engine.stack import EngineStack
from project.files import Project
from project.git import git_text

_SHOWN: Final = 3


def refuse_ahead(project: Project, tenant: Tenant, base: EngineStack, notify: Notify) -> None:
    """Raises MistakenError where commits since the base stack's deployment concern every stack, or that one's file."""
    root = project.root
    if head_of(root) is None:
        notify(
            f"{tenant.stack}: this is no repository of git, so whether it would be ahead of {tenant.base} is not known"
        )
        return
    deployed = base.tags().get(COMMIT)
    files = committed_since(root, deployed) if deployed else None
    if files is None:
        known = f"was deployed as {deployed[:9]}, which this clone does not know" if deployed else "says no commit"
        raise MistakenError(
            f"{tenant.base}: {known}, so whether {tenant.stack} would be ahead of it cannot be told",
            f"fetch the history whole, or `workbuoy deploy {tenant.base}` first, or say --ahead; nothing was changed",
        )
    own = stack_file(root, tenant.base).name
    ahead = [one for one in files if is_shared(one) or (one == own and not _means_the_same(root, own, str(deployed)))]
    if ahead:
        more = f" and {len(ahead) - _SHOWN} more" if len(ahead) > _SHOWN else ""
        raise MistakenError(
            f"{tenant.stack}: would be ahead of {tenant.base}, which was deployed as {str(deployed)[:9]}: "
            f"{', '.join(ahead[:_SHOWN])}{more} changed since",
            f"`workbuoy deploy {tenant.base}` first, or say --ahead; nothing was changed",
        )


def _means_the_same(root: Path, file: str, deployed: str) -> bool:
    """Whether only how secrets are encrypted differs, which a stack's first deployment writes into its file."""
    before, now = (_config(git_text(root, "show", f"{commit}:./{file}"), file) for commit in (deployed, "HEAD"))
    return before is not None and before == now


def _config(text: str | None, file: str) -> object:
    try:
        content = parse_yaml(text or "", file)[0]
    except ProblemsError:
        return None
    return content.get("config") if isinstance(content, Mapping) else None
