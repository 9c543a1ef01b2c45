"""All seeded breaches of the checks."""

from tests.rehearsal.checks import (
    seeds_account,
    seeds_database,
    seeds_files,
    seeds_names,
    seeds_network,
    seeds_observability,
    seeds_policies,
    seeds_service,
    seeds_together,
)
from tests.rehearsal.checks.case import Case

CASES: tuple[Case, ...] = (
    *seeds_names.CASES,
    *seeds_policies.CASES,
    *seeds_database.CASES,
    *seeds_files.CASES,
    *seeds_service.CASES,
    *seeds_network.CASES,
    *seeds_observability.CASES,
    *seeds_together.CASES,
    *seeds_account.CASES,
)
