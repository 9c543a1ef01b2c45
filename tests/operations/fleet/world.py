"""Projects of many customers, and a store in memory whose clock and troubles a test decides."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.fleet import FleetSettings
from operations.engine.errors import UnreachableError
from operations.fleet.journal import Journal
from operations.fleet.plan import FleetPlan, Shard, Unit
from operations.fleet.records import ShardHead
from operations.fleet.store import Stored
from tests.conftest import PROJECT

IMAGE = "sha256:" + "5eed" * 16
BEFORE = "sha256:" + "01d0" * 16
ACCOUNT = "210000000003"
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
CANARY = "c0000"


def git(root: Path, *arguments: str) -> None:
    subprocess.run([*GIT, "-C", str(root), *arguments], check=True, capture_output=True)


def make_fleet(root: Path, customers: int, on_one_base: int = 40) -> Path:
    """A repository of as many base stacks as the silos need, and silos `c0000` and on; the first is the canary."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "tenants").mkdir()
    for name in ("infra", "policies"):
        (root / name).symlink_to((PROJECT / name).resolve())
    (root / "Pulumi.yaml").write_text((PROJECT / "Pulumi.yaml").read_text())
    (root / ".gitignore").write_text(".workbuoy/\n")
    (root / "fleet.yaml").write_text(f"canaries: [{CANARY}]\nwatchMinutes: 0\n")
    base_text = (PROJECT / "Pulumi.prod.yaml").read_text().replace("000000000003", ACCOUNT)
    record = (PROJECT / "tenants/acme.yaml").read_text().replace("000000000003", ACCOUNT)
    for number in range(customers):
        name, base = f"c{number:04}", "prod" if number < on_one_base else f"prod-{number // on_one_base}"
        if number % on_one_base == 0:
            (root / f"Pulumi.{base}.yaml").write_text(base_text)
        text = record.replace("acme", name).replace("listenerPriority: 100", f"listenerPriority: {number + 1}")
        text = text.replace("certificate/ac3e0000", f"certificate/{number:08}").replace(
            "base: prod\n", f"base: {base}\n"
        )
        (root / f"tenants/{name}.yaml").write_text(text)
        (root / f"Pulumi.{base}-{name}.yaml").write_text(f"config:\n  workbuoy:tenant: {name}\n")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "all")
    return root


@dataclass
class Memory:
    """A store in memory. `now` is its clock; `fail_next` answers with an error once, `after` the write or instead."""

    now: float = 0.0
    objects: dict[str, tuple[bytes, int, float]] = field(default_factory=dict)
    calls: int = 0
    fail_next: str = ""
    _versions: int = 0

    def read(self, key: str) -> Stored | None:
        self.calls += 1
        if key not in self.objects:
            return None
        body, version, written = self.objects[key]
        return Stored(body=body, version=str(version), age_seconds=self.now - written)

    def create(self, key: str, body: bytes) -> str | None:
        self.calls += 1
        return None if key in self.objects else self._put(key, body)

    def replace(self, key: str, body: bytes, version: str) -> str | None:
        self.calls += 1
        there = self.objects.get(key)
        return self._put(key, body) if there is not None and str(there[1]) == version else None

    def _put(self, key: str, body: bytes) -> str:
        trouble, self.fail_next = self.fail_next, ""
        if trouble == "instead":
            raise UnreachableError("no answer")
        self._versions += 1
        self.objects[key] = body, self._versions, self.now
        if trouble == "after":
            raise UnreachableError("no answer")
        return str(self._versions)


def plan_of(shards: Sequence[tuple[str, int]], image: str = IMAGE, release: str = "abc") -> FleetPlan:
    """A plan without files: shards named `WAVE-N`, each with so many customers."""
    return FleetPlan(
        environment="prod",
        image=image,
        release=release,
        settings=FleetSettings(canaries=("c0000",), watch_minutes=0),
        shards=tuple(
            Shard(
                head=ShardHead(
                    name=name,
                    wave=name.partition("-")[0],
                    base="prod",
                    environment="prod",
                    account=ACCOUNT,
                    region="eu-west-1",
                    backend="s3://state",
                    customers=size,
                ),
                customers=tuple(
                    Unit(name=f"{name}-t{number}", stack=f"prod-{name}-t{number}", digest="d") for number in range(size)
                ),
            )
            for name, size in shards
        ),
    )


def journal_of(store: Memory) -> Journal:
    return Journal(store, "prod")
