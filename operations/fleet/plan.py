"""Who gets a release in which wave, and which runner does whom: the same files and image give the same plan."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.fleet import FILE, FleetSettings, load_fleet
from infra.problems import Problem, ProblemsError
from infra.stack_files import stack_file
from infra.suggestion import suggestion
from infra.tenants.listing import FOLDER
from infra.tenants.record import Tenant
from infra.yaml_index import Index, index_of
from infra.yaml_text import read_yaml
from operations.changed.estate import Base, read_bases
from operations.changed.parts import parts
from operations.engine.image import is_digest
from operations.fleet.records import ShardHead
from operations.fleet.release import customers_files, release_of
from operations.tenant.files_check import read_checked

CANARIES, SHARE, REST = WAVES = ("canaries", "share", "rest")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A customer's own stack; `digest` is of what its record and its base stack's file mean."""

    name: str
    stack: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Shard:
    """What one runner deploys: customers on one base stack, so of one account and region."""

    head: ShardHead
    customers: tuple[Unit, ...]


@dataclass(frozen=True, kw_only=True)
class FleetPlan:
    """A release to one environment's customers. `release` names the code, apart from customers' files."""

    environment: str
    image: str
    release: str
    settings: FleetSettings
    shards: tuple[Shard, ...]

    @property
    def run(self) -> str:
        """The run's name: what is planned otherwise has another one."""
        whole = [self.environment, self.image, self.release, self.settings.model_dump(mode="json")]
        text = json.dumps([*whole, [asdict(one) for one in self.shards]], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def waves(self) -> tuple[str, ...]:
        """Those that have somebody in them, in their order."""
        there = {one.head.wave for one in self.shards}
        return tuple(wave for wave in WAVES if wave in there)

    def of(self, wave: str) -> tuple[Shard, ...]:
        """A wave's shards."""
        return tuple(one for one in self.shards if one.head.wave == wave)


def plan_release(root: Path, environment: str, image: str) -> FleetPlan:
    """The plan of a release, from the files as they stand.

    Raises ProblemsError with everything that is wrong with the image, `fleet.yaml`, or any customer's file: a release
    that leaves somebody out without a word is none.
    """
    settings = load_fleet(root)
    read = read_checked(root)
    bases = read_bases(root, silo_stacks=_silo_stacks(read.tenants))
    problems = [*read.problems, *find_canary_problems(root, settings, read.tenants, bases, environment)]
    if not is_digest(image):
        problems.append(Problem(message=f"--image {image}: is no digest; give sha256: and 64 hex digits"))
    if environment not in {one.environment for one in bases.values()}:
        problems.append(Problem(message=f"there is no base stack of environment {environment}"))
    silos = [
        one
        for tenant in read.tenants
        for one in tenant.updated_silos
        if one.base in bases and bases[one.base].environment == environment
    ]
    problems += [
        Problem(file=stack_file(root, base).name, path="account", message="is a placeholder; nothing stands there yet")
        for base in sorted({one.base for one in silos})
        if not bases[base].reachable
    ]
    if problems:
        raise ProblemsError(problems)
    digests = Digests(root)
    shards = tuple(_shards(silos, bases, settings, image, digests))
    release = release_of(root, customers_files(root))
    return FleetPlan(environment=environment, image=image, release=release, settings=settings, shards=shards)


def find_fleet_problems(root: Path, tenants: Sequence[Tenant]) -> list[Problem]:
    """What is wrong with a project's `fleet.yaml`, where it has one: a canary who left stops every release."""
    if not (root / FILE).is_file():
        return []
    try:
        settings = load_fleet(root)
        bases = read_bases(root, silo_stacks=_silo_stacks(tenants))
    except ProblemsError as error:
        return list(error.problems)
    environments = sorted({one.environment for one in bases.values()})
    found = (one for name in environments for one in find_canary_problems(root, settings, tenants, bases, name))
    return list(dict.fromkeys(found))


def _silo_stacks(tenants: Iterable[Tenant]) -> set[str]:
    return {one.stack for tenant in tenants for one in tenant.silos}


def find_canary_problems(
    root: Path, settings: FleetSettings, tenants: Iterable[Tenant], bases: Mapping[str, Base], environment: str
) -> list[Problem]:
    """Canaries who are no customers, or have no stack of their own; none at all in `environment`.

    A customer whose file stands but is none of `tenants` has a mistake in that file, which its reader reports.
    """
    with_file = frozenset(name for name in settings.canaries if (root / FOLDER / f"{name}.yaml").is_file())
    return read_yaml(root / FILE).locate(_canary_problems(settings, tenants, bases, environment, with_file))


def _canary_problems(
    settings: FleetSettings,
    tenants: Iterable[Tenant],
    bases: Mapping[str, Base],
    environment: str,
    with_file: frozenset[str],
) -> Iterator[Problem]:
    known = {one.name: one for one in tenants}
    for index, name in enumerate(settings.canaries):
        if name not in known and name in with_file:
            continue
        if name not in known:
            message = f"there is no customer {name}: no {FOLDER}/{name}.yaml{suggestion(name, known)}"
            yield Problem(path=f"canaries[{index}]", message=message)
        elif known[name].isolation != "silo":
            message = f"{name} is in the pool of {known[name].base} and gets a release with it; name a silo"
            yield Problem(path=f"canaries[{index}]", message=message)
    there = {bases[one.base].environment for one in known.values() if one.base in bases and one.isolation == "silo"}
    first = {
        bases[known[one].base].environment for one in settings.canaries if one in known and known[one].base in bases
    }
    if environment in there and environment not in first and all(one in known for one in settings.canaries):
        yield Problem(path="canaries", message=f"names no customer of {environment}; add one who goes first")


class Digests:
    """What customers' files mean, as a digest each: of the record, and of the base stack's file that fills it up."""

    def __init__(self, root: Path) -> None:
        self._root, self._index = root, index_of(root)
        self._bases: dict[str, str] = {}

    def of(self, path: str, base: str) -> str:
        """Of one customer's record on a base stack. Raises ProblemsError where a file is gone or cannot be read."""
        if base not in self._bases:
            self._bases[base] = _digest(self._index, stack_file(self._root, base).name)
        own = _digest(self._index, path)
        return hashlib.sha256(f"{own} {self._bases[base]}".encode()).hexdigest()[:16]


def _digest(index: Index, path: str) -> str:
    content = json.dumps(index.of(path), sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _shards(
    silos: Sequence[Tenant], bases: Mapping[str, Base], settings: FleetSettings, image: str, digests: Digests
) -> Iterator[Shard]:
    waves: dict[str, dict[str, list[Tenant]]] = {wave: defaultdict(list) for wave in WAVES}
    by_base: dict[str, list[Tenant]] = defaultdict(list)
    for tenant in silos:
        if tenant.name in settings.canaries:
            waves[CANARIES][tenant.base].append(tenant)
        else:
            by_base[tenant.base].append(tenant)
    for base, standing in sorted(by_base.items()):
        # In an order of the image's own, so that it is not the same customers who go early each time.
        shuffled = sorted(standing, key=lambda one: hashlib.sha256(f"{image} {one.name}".encode()).digest())
        early = -(-len(shuffled) * settings.share_percent // 100)
        waves[SHARE][base], waves[REST][base] = shuffled[:early], shuffled[early:]
    for wave, of_bases in waves.items():
        found = parts(of_bases, settings.shard_customers)
        for number, (base, customers) in enumerate(found, 1):
            yield _shard(f"{wave}-{number:0{len(str(len(found)))}}", wave, bases[base], customers, digests)


def _shard(name: str, wave: str, base: Base, customers: Iterable[Tenant], digests: Digests) -> Shard:
    standing = tuple(Unit(name=one.name, stack=one.stack, digest=digests.of(one.path, one.base)) for one in customers)
    head = ShardHead(
        name=name,
        wave=wave,
        base=base.stack,
        environment=base.environment,
        account=base.account,
        region=base.region,
        backend=base.backend,
        customers=len(standing),
    )
    return Shard(head=head, customers=standing)
