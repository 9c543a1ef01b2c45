"""Which stacks `--tenants` stands up: the base that was asked for, the silos named, and the bases they stand on."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from infra.problems import Problem, ProblemsError
from infra.stack_files import settings_in, stack_file
from infra.suggestion import suggestion
from infra.tenants.files import read_tenants
from infra.tenants.listing import FOLDER, name_in
from infra.tenants.record import Tenant
from project.files import Project, read_config

ALL = "all"
MOST_IN_MATRIX = 10  # tenants; above that the matrix is sampled
SEED = 7


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The stacks of one rehearsal in the order in which they are stood up."""

    base: str
    further_bases: tuple[str, ...]
    silos: tuple[Tenant, ...]
    pool: tuple[Tenant, ...]

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """All of them, silos first."""
        return (*self.silos, *self.pool)


def choose(project: Project, base: str, names: Sequence[str]) -> Chosen:
    """The stacks for these tenants; `all` stands for every tenant of the base stack's environment.

    Raises:
        ProblemsError: a tenant is unknown, belongs to another environment or account, its file is wrong, or there is
            nothing that could be held apart; everything at once.
    """
    root = project.root
    read_config(project, base)  # says which stacks there are
    own = settings_in(stack_file(root, base))
    if own is None:
        raise ProblemsError([Problem(message=f"{base} is no base stack: --tenants needs one, such as prod")])
    found = read_tenants(root)
    by_name = {tenant.name: tenant for tenant in found.tenants}
    everyone = list(names) == [ALL]
    of_environment = sorted(
        name for name, one in by_name.items() if _environment(project, one) == own.get("environment")
    )
    wanted = of_environment if everyone else list(dict.fromkeys(names))
    spoiled = [one for one in found.problems if everyone or _file_of(one) in wanted]
    problems = [*spoiled, *(_unknown(project, base, name, by_name, spoiled) for name in wanted)]
    wrong = [one for one in problems if one is not None]
    if wrong:
        raise ProblemsError(wrong)
    tenants = [by_name[name] for name in wanted]
    silos = tuple(place for one in tenants for place in one.silos)
    pool = tuple(one for one in tenants if one.isolation == "pool")
    if not silos and len(pool) < 2 and not any(one.move for one in pool):
        raise ProblemsError([_alone(base, pool)])
    bases = dict.fromkeys(place.base for one in tenants for place in one.places if place.base != base)
    return Chosen(base=base, further_bases=tuple(bases), silos=silos, pool=pool)


def sample(chosen: Chosen, most: int = MOST_IN_MATRIX, seed: int = SEED) -> tuple[tuple[Tenant, ...], str]:
    """The tenants whose cells are tried, and how they were chosen (empty where all are).

    At least one silo of each base and one pair of the base's own pool; the same tenants always give the same sample.
    """
    tenants = chosen.tenants
    if len(tenants) <= most:
        return tenants, ""
    order = random.Random(seed).sample(tenants, len(tenants))  # noqa: S311  a sample, no secret
    first: dict[str, None] = {}
    for base in dict.fromkeys(one.base for one in chosen.silos):
        first[next(one.name for one in order if one in chosen.silos and one.base == base)] = None
    pair = [one.name for one in order if one in chosen.pool and one.base == chosen.base][:2]
    first |= dict.fromkeys(pair)
    kept = set([*first, *(one.name for one in order if one.name not in first)][: max(most, len(first))])
    how = (
        f"{len(kept)} of {len(tenants)} tenants, drawn with seed {seed}: at least a silo a base and a pair of the pool"
    )
    return tuple(one for one in tenants if one.name in kept), how


def _environment(project: Project, tenant: Tenant) -> object:
    return (settings_in(stack_file(project.root, tenant.base)) or {}).get("environment")


def _file_of(problem: Problem) -> str:
    """The tenant whose file a problem stands in; empty for another file's."""
    return name_in(problem.file or "") or ""


def _unknown(
    project: Project, base: str, name: str, by_name: dict[str, Tenant], spoiled: Sequence[Problem]
) -> Problem | None:
    """Why this tenant cannot stand in a rehearsal of this base stack."""
    if name not in by_name:
        if any(_file_of(one) == name for one in spoiled):
            return None  # its file is there, and what is wrong with it is reported already
        known = ", ".join(sorted(by_name)) or "none yet"
        near = suggestion(name, by_name)
        return Problem(message=f"there is no tenant {name!r}: no {FOLDER}/{name}.yaml; there are: {known}{near}")
    tenant = by_name[name]
    own, other = (settings_in(stack_file(project.root, one)) or {} for one in (base, tenant.base))
    if own.get("environment") != other.get("environment"):
        return Problem(
            file=tenant.path,
            path="base",
            message=f"{name} stands on {tenant.base}, which is environment {other.get('environment')}; a rehearsal of "
            f"{base} stands up {own.get('environment')} alone: workbuoy rehearse {tenant.base} --tenants {name}",
        )
    if own.get("account") != other.get("account"):
        return Problem(
            file=tenant.path,
            path="base",
            message=f"{name} stands on {tenant.base} in account {other.get('account')}, {base} is in "
            f"{own.get('account')}; one matrix holds one account: workbuoy rehearse {tenant.base} --tenants {name}",
        )
    return None


def _alone(base: str, pool: Sequence[Tenant]) -> Problem:
    if not pool:
        return Problem(message=f"{base} has no tenants: `workbuoy tenant create` makes the first")
    return Problem(
        message=f"{pool[0].name} shares the pool of {pool[0].base}, so there is no stack of its own to stand up and "
        f"nobody to be held apart from: name a silo or a second pool tenant too, or use `workbuoy rehearse {base}`"
    )
