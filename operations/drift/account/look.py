"""`workbuoy drift --account`: the account of a stack that is open, read and compared with its state."""

from graph.state import graph_of_state
from infra.tenants.files import by_base, read_tenants
from operations.drift.account import NOT_LOOKED_AT, Compared, compare
from operations.drift.text import heading, rows_of
from operations.ending import Notify
from operations.engine.errors import MistakenError
from operations.engine.stack import EngineStack
from operations.locate.live.account import Account
from operations.locate.live.names import names_of
from project.files import Project
from project.silos import base_of


def look_into_account(project: Project, opened: EngineStack, notify: Notify) -> Compared:
    """What was added beside what a stack declares. Raises EngineError; MistakenError where nothing stands in it."""
    place, name = opened.place, opened.name
    graph = graph_of_state(opened.export(), account=place.account, region=place.region)
    if not graph.resources:
        raise MistakenError(f"{name}: nothing stands in it", f"`workbuoy deploy {name}` first")
    notify(f"Comparing the account with {name} ...")
    base, stacks = base_of(project, name), project.stacks()
    own = names_of(name, base or name, project.root, stacks)
    others = [names_of(one, base_of(project, one) or one, project.root, stacks) for one in stacks if one != name]

    def is_mine(thing: str) -> bool:
        return own.own(thing) if base is not None else not any(one.own(thing) for one in others)

    behind = [] if base is not None else by_base(read_tenants(project.root).tenants).get(name, [])
    certificates = {one.certificate_arn for one in behind if one.certificate_arn}
    return compare(Account.of(place.account, place.region, notify, place.endpoint_url), graph, is_mine, certificates)


def as_markdown(stack: str, compared: Compared) -> str:
    """For a terminal and an issue."""
    not_looked_at = ["", "Not looked at:", "", *(f"- {one}" for one in NOT_LOOKED_AT)]
    if not compared.added and not compared.unread:
        none = [f"## {stack}: nothing beside what it declares", "", "The account holds what the stack declares."]
        return "\n".join([*none, *not_looked_at]) + "\n"
    lines = [f"## {stack}: {heading(compared.added, 'was added', 'were added')} beside what it declares", ""]
    for one in compared.added:
        undo = compared.undo[one.urn]
        lines += [*rows_of(one), *([f"  - away with `{undo}`"] if undo else [])]
    if compared.unread:
        lines += ["", "Not read, so what stands there is not known:", "", *(f"- {one}" for one in compared.unread)]
    return "\n".join([*lines, *not_looked_at]) + "\n"
