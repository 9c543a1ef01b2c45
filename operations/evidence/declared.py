"""What the reviewed description itself shows: verdicts of every control, permissions, waivers, and who has left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bootstrap.home import account_settings
from graph import Graph, Resource
from graph.errors import InputError
from infra.problems import ProblemsError
from infra.tenants.listing import MOVED_FOLDER, OFFBOARDED_FOLDER
from infra.yaml_text import read_yaml_value
from operations.evidence.items import Item, State
from operations.review.waivers import LONGEST_DAYS, read_waivers
from policies.catalogue import catalogue
from policies.exemptions import exemptions
from policies.permissions.matrix import grants
from policies.runner import Finding, Report, check
from project.files import Project
from project.silos import base_of, residency_of
from project.terminal import count
from rehearsal.as_graph import graph_of
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from rehearsal.tenants.account import declared_account

BY_REVIEW = "guard"  # a control that `workbuoy review` holds changes to, and no graph shows


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Graphs by the stack's name, the account's own last, and what the controls found in all of them."""

    graphs: Mapping[str, Graph]
    findings: tuple[Finding, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Control:
    """A control's verdict over everything that it covers; a mandatory one with no pass is missing, never passed."""

    name: str
    level: str
    state: State
    counts: Mapping[str, int]
    failing: tuple[str, ...]


def declare(project: Project, stacks: Sequence[str]) -> Declared:
    """Declare stacks and their accounts, and judge them. Raises what `rehearsal.run.rehearse` and the policies raise.

    A customer's own stack is judged beside its base, which holds the network that its database hangs on.
    """
    made: dict[str, Rehearsal] = {}
    graphs: dict[str, Graph] = {}
    accounts: dict[str, str] = {}
    found: list[Finding] = []
    for stack in stacks:
        base = base_of(project, stack)
        for one in [base, stack] if base else [stack]:
            if one not in made:
                references = {base: made[base].exports} if base and one == stack else {}
                made[one] = rehearse(project, one, Options(declare_only=True, references=references))
        graphs[stack] = graph_of(made[stack])
        base_resources = graph_of(made[base]).resources if base else ()
        regions = residency_of(project, stack)
        found += _own(check([*graphs[stack].resources, *base_resources], stack, allowed_regions=regions), graphs[stack])
        if made[stack].account not in accounts:
            account, accounts[made[stack].account] = declared_account(project, made[stack])
            if account is not None:
                graphs[f"account-{account.stack}"] = account
                # The account keeps state and trail of all its stacks: it is held to its own regions.
                regions = list(account_settings(project.root, account.stack).get("residency") or ())
                found += check(account.resources, account.stack, allowed_regions=regions).findings
    gaps = tuple(dict.fromkeys(gap for gap in accounts.values() if gap))
    return Declared(graphs=graphs, findings=tuple(found), gaps=gaps)


def _own(report: Report, graph: Graph) -> Iterator[Finding]:
    return (one for one in report.findings if one.urn in graph.by_urn)


def controls(declared: Declared, reviews: State) -> list[Control]:
    """Every control's verdict; what only reviews hold changes to is shown as far as there are reviews."""
    judged: list[Control] = []
    for name, control in catalogue().items():
        own = [one for one in declared.findings if one.control == name]
        counts = {status: sum(1 for one in own if one.status == status) for status in ("pass", "fail", "exempt")}
        counts["not evaluated"] = len(own) - sum(counts.values())
        failing = [one for one in own if one.status == "fail"]
        if control.by == BY_REVIEW:
            state = reviews
        elif any(one.level == "mandatory" for one in failing):
            state = State.FAILED
        elif counts["not evaluated"]:
            state = State.MISSING
        elif failing:
            state = State.NONE  # advice that is not followed, as every control is in dev, decides nothing, and is shown
        else:
            state = State.PASSED if counts["pass"] else State.NONE
        judged.append(
            Control(
                name=name,
                level=control.level,
                state=state,
                counts=counts,
                failing=tuple(f"{one.urn.rpartition('::')[2]}: {one.message}" for one in failing),
            )
        )
    return judged


def permissions(declared: Declared) -> Item:
    """Who may do what in each stack and in the account."""
    documents: dict[str, Any] = {}
    summary: list[str] = []
    for name, graph in declared.graphs.items():
        rows = _rows(graph.resources)
        documents[f"permissions/{name}.json"] = {"grants": rows}
        summary.append(f"{name}: {count(len(rows), 'grant')} of {count(len({row['role'] for row in rows}), 'role')}")
    summary += declared.gaps
    state = State.MISSING if declared.gaps or not summary else State.PASSED
    return Item(kind="permissions", title="Who may do what", state=state, summary=tuple(summary), documents=documents)


def _rows(resources: Sequence[Resource]) -> list[dict[str, str]]:
    return [
        {"role": g.role, "action": g.action, "resource": g.resource, "effect": g.effect, "condition": g.condition}
        for g in grants(resources)
    ]


def waivers(root: Path, today: date) -> Item:
    """Dangers that were accepted, and standing exemptions, each with its reason; an expired one fails."""
    title = "Accepted exceptions (waivers and exemptions)"
    try:
        filed = read_waivers(root / "waivers", today)
    except InputError as error:
        return Item(kind="waivers", title=title, state=State.FAILED, summary=tuple(error.problems))
    standing = [one for listed in exemptions().values() for one in listed]
    ended = [f"exemption of {one.control} ended on {one.until}" for one in standing if one.until < today]
    soon = today + timedelta(days=LONGEST_DAYS)
    ending = sum(1 for one in standing if today <= one.until <= soon)
    documents = {
        "waivers.json": [one.waiver.model_dump(mode="json", by_alias=True) for one in filed],
        "exemptions.json": [one.model_dump(mode="json") for one in standing],
    }
    summary = (
        f"{count(len(filed), 'waiver')} in force, each with an owner and a last day",
        f"{len(standing)} exemptions with a reason; {ending} end within {LONGEST_DAYS} days",
        *ended,
    )
    state = State.FAILED if ended else State.PASSED
    return Item(kind="waivers", title=title, state=state, summary=summary, documents=documents)


def erasures(root: Path, since: date, until: date) -> Item:
    """Customers who left in the period, and places that others moved away from, by the records that stay."""
    summary: list[str] = []
    documents: dict[str, Any] = {}
    problems: list[str] = []
    for folder, under in ((OFFBOARDED_FOLDER, "erasures"), (MOVED_FOLDER, "erasures/moved")):
        for file in sorted((root / folder).glob("*.yaml")):
            try:
                content = read_yaml_value(file)
                day = date.fromisoformat(str(content["dates"]["destroyed"]))
            except (ProblemsError, KeyError, TypeError, ValueError):
                problems.append(f"{file.name} is no record of a leaving")
                continue
            if since <= day <= until:
                documents[f"{under}/{file.stem}.json"] = content
                of = (
                    f"{content.get('name')} in {content.get('base')}" if folder == MOVED_FOLDER else content.get("name")
                )
                summary.append(f"{day}: {of}, confirmed by {content.get('confirmedBy')}")
    state = State.FAILED if problems else State.PASSED if summary else State.NONE
    summary = sorted(summary) or ["nobody left in this period"]
    return Item(kind="erasures", title="Erasures", state=state, summary=(*problems, *summary), documents=documents)
