"""A base stack takes so many silos; the next one is refused, and four fifths are warned of."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from infra.tenants.capacity import beyond, capacity_limits, warnings
from infra.tenants.files import capacity_warnings, read_tenants
from infra.tenants.listing import tenant_file
from infra.tenants.record import Tenant
from infra.tenants.tiers import TIERS
from operations.limits.counting import limit_uses
from rehearsal.as_graph import graph_of
from tests.conftest import Declare
from tests.infra.tenants.conftest import problems_of

ZONE = {"publicCidrBlock": "10.0.0.0/24", "privateCidrBlock": "10.0.16.0/20", "dataCidrBlock": "10.0.1.0/24"}
BASE: dict[str, Any] = {
    "network": {"zones": [ZONE, ZONE, ZONE]},
    "database": {"multiAz": True},
    "service": {"maxTasks": 12},
}


def silos(count: int, **changes: Any) -> list[Tenant]:
    return [silo(number, **changes) for number in range(count)]


def silo(number: int, **changes: Any) -> Tenant:
    content = {
        "name": f"c{number:03d}",
        "legalName": "C",
        "isolation": "silo",
        "base": "prod",
        "region": "eu-west-1",
        "residency": "eea",
        "tier": "standard",
        "hostName": f"c{number:03d}.workbuoy.example",
        "listenerPriority": number + 1,
        "certificateArn": "base",
        "contacts": [{"name": "N", "email": "n@c.example", "role": "privacy"}],
        "dates": {"signed": "2026-01-01"},
        **changes,
    }
    return Tenant.model_validate_json(json.dumps(content))


def named(found: Iterable[tuple[Tenant, str]]) -> list[str]:
    return [tenant.name for tenant, _ in found]


def test_ninety_nine_silos_fit_and_the_hundredth_is_refused_with_the_way_out() -> None:
    assert list(beyond(BASE, silos(99))) == []
    ((tenant, message),) = beyond(BASE, silos(100))
    assert tenant.name == "c099"
    assert message.startswith(
        "prod has no room for a silo number 100: there are 100 target groups on its load balancer"
    )
    assert "make another base stack" in message


def test_who_came_last_is_refused_whatever_the_name() -> None:
    late = silo(0, dates={"signed": "2026-02-01"})
    assert named(beyond(BASE, [late, *silos(101)[1:100]])) == ["c000"]


def test_small_subnets_are_a_wall_of_their_own() -> None:
    narrow = {**BASE, "network": {"zones": [{**ZONE, "dataCidrBlock": "10.0.1.0/28"}] * 2}}
    assert list(beyond(narrow, silos(10))) == []
    ((_, message),) = beyond(narrow, silos(11))
    assert "22 addresses of its data subnets" in message


def test_four_fifths_are_warned_of_and_less_is_not() -> None:
    assert warnings("prod", BASE, silos(78)) == []
    (warning,) = warnings("prod", BASE, silos(79))
    assert "prod has 80 of 100 target groups on its load balancer taken" in warning
    assert warnings("prod", BASE, silos(100)) == []  # then it is refused


def test_pool_customers_take_no_room() -> None:
    pool = {"isolation": "pool", "tier": None, "hostName": None, "listenerPriority": None, "certificateArn": None}
    assert warnings("prod", BASE, [silo(number, **pool) for number in range(200)]) == []


def test_a_base_whose_settings_are_wrong_is_left_to_its_own_rehearsal() -> None:
    assert list(beyond({"network": {"zones": [{"dataCidrBlock": "x"}]}}, silos(200))) == []


def test_the_committed_files_are_held_to_it(root: Path) -> None:
    text = tenant_file(root, "acme").read_text(encoding="utf-8")
    for number in range(100):
        name = f"c{number:03d}"
        changed = text.replace("name: acme", f"name: {name}", 1).replace("hostName: acme.", f"hostName: {name}.")
        lines = [
            f"listenerPriority: {number + 500}"
            if line.startswith("listenerPriority:")
            else "certificateArn: base"
            if line.startswith("certificateArn:")
            else line
            for line in changed.splitlines()
        ]
        tenant_file(root, name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    full = [one for one in problems_of(root) if "has no room" in one]
    silos_there = sum(one.isolation == "silo" and one.base == "prod" for one in read_tenants(root).tenants)
    assert len(full) == silos_there - 99
    for number in range(silos_there - 90):
        tenant_file(root, f"c{number:03d}").unlink()
    assert len(capacity_warnings(root, "prod")) == 1


@pytest.mark.parametrize("file", ["tenants/acme.yml", "tenants/Acme.YAML", "tenants/offboarded/gone.yml"])
def test_a_record_whose_name_ends_otherwise_is_refused_and_not_ignored(root: Path, file: str) -> None:
    (root / "tenants/offboarded").mkdir(exist_ok=True)
    (root / file).write_text("name: acme\n")
    wanted = f"{file}: is not read under this name; call it {file.rpartition('.')[0]}.yaml"
    assert wanted in problems_of(root)


def test_the_settings_count_what_the_declared_graphs_do(declared: Declare) -> None:
    base, own = (graph_of(declared(stack).rehearsal) for stack in ("prod", "prod-acme"))
    counted = {one.quota.name: one for one in limit_uses(base, own)}
    from infra.stack_files import settings_in, stack_file
    from tests.conftest import PROJECT

    settings = settings_in(stack_file(PROJECT, "prod"))
    assert settings is not None
    tier = next(one.tier for one in read_tenants(PROJECT).tenants if one.name == "acme")
    assert tier in TIERS
    for limit in capacity_limits(settings):
        kind = limit.name.removesuffix(" on its load balancer").removeprefix("addresses of its ")
        (page,) = [one for name, one in counted.items() if kind in name.lower() and one.quota.scope == "base"]
        assert (page.limit, page.base, page.silo) == (limit.most, limit.base, limit.silo(str(tier)))
        assert page.quota.adjustable == "no"
