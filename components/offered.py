"""What AWS offers today, from cfn-lint's data: `python -m rehearsal.checks.refresh` writes offered.json anew."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "offered.json"


@cache
def _offered() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


def data_date() -> str:
    """The day of the data, as YYYY-MM-DD: what AWS has offered since is not in it."""
    return str(_offered()["date"])


@cache
def postgres_versions() -> frozenset[str]:
    """Every version of Postgres that RDS ever had: some can no longer be made, but still run."""
    found = _offered()
    return frozenset((found["postgres versions"] + " " + found["postgres versions that are no longer offered"]).split())


@cache
def postgres_majors() -> tuple[int, ...]:
    """The majors in which a new instance can be made, in order."""
    return tuple(sorted({int(one.partition(".")[0]) for one in _offered()["postgres versions"].split()}))


@cache
def postgres_classes(region: str) -> frozenset[str]:
    """The instance classes for Postgres in a region; of all regions together where the data has no such region."""
    every = frozenset(_offered()["postgres instance classes"].split())
    lacking = set(
        _offered()["postgres instance classes, or whole families, that a region lacks"].get(region, "").split()
    )
    return frozenset(one for one in every if one not in lacking and one.rpartition(".")[0] not in lacking)


@cache
def fargate_memory_mib() -> dict[int, tuple[int, ...]]:
    """CPU units to the sizes of memory that go with them, in MiB."""
    table = _offered()["fargate memory in MiB by CPU units"]
    return {int(units): tuple(int(one) for one in sizes.split()) for units, sizes in table.items()}


@cache
def awslogs_options() -> frozenset[str]:
    """Options of the log driver awslogs."""
    return frozenset(_offered()["awslogs options"].split())


@cache
def lambda_reserved_variables() -> frozenset[str]:
    """Names of environment variables that Lambda keeps for itself."""
    return frozenset(_offered()["lambda reserved variables"].split())
