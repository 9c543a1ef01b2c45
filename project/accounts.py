"""A stack's files against its account's: what bootstrap made is for the account and the regions that its file names."""

from collections.abc import Mapping

from bootstrap.home import account_file, account_settings, account_stack
from infra.placeholders import PLACEHOLDER_ACCOUNT
from infra.problems import Problem
from project.files import Project, read_config
from project.silos import whole_config


def find_account_problems(project: Project, stack: str) -> list[Problem]:
    """Where the file of the stack's account in `bootstrap/` lacks the stack's account, region or residency.

    AWS would refuse the deployment for it: there is no copy of the image in the region, and no role that may act there.
    A customer's own stack stands where its base does. Nothing is found where the project has no such file, or where
    settings are missing, or a region lies outside the stack's own residency, which a rehearsal of the file itself
    reports.

    Raises as `read_config` does.
    """
    settings = whole_config(project, stack, read_config(project, stack)).get(f"{project.name}:settings")
    if not isinstance(settings, Mapping) or settings.get("endpointUrl"):
        return []
    environment = str(settings.get("environment"))
    own = settings.get("account")
    holder = account_stack(project.root, environment, own)
    account, name = account_settings(project.root, holder), account_file(holder)
    problems = []
    theirs = account.get("account")
    filled = all(isinstance(one, str) and not PLACEHOLDER_ACCOUNT.fullmatch(one) for one in (theirs, own))
    if filled and theirs != own:
        message = (
            f"is {theirs}, but {stack} names {own}: put the same into both files, or give that account a file of its "
            f"own, {account_file(f'{environment}-NAME')}"
        )
        problems.append(Problem(file=name, path="account", message=message))
    region, residency = settings.get("region"), settings.get("residency")
    if not isinstance(residency, list) or region not in residency:
        return problems
    wanted = {"imageRegions": [region], "residency": residency}
    for key, regions in wanted.items():
        named = account.get(key)
        if isinstance(named, list):
            lacking = ", ".join(str(one) for one in regions if one not in named)
            then = f"add it, then run `workbuoy bootstrap up {holder}`"
            message = f"lacks {lacking}, which {stack} needs: {then}"
            problems += [Problem(file=name, path=key, message=message)] if lacking else []
    return problems
