"""Looking through every enabled region of an account for what belongs to a stack, by name and by tag."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from facts import tokens as t
from operations.engine.account import EXPIRED
from operations.locate.live.account import REFUSED, Account, explained
from operations.locate.live.backups import plans, vaults
from operations.locate.live.buckets import buckets
from operations.locate.live.database import databases
from operations.locate.live.found import Found
from operations.locate.live.names import Names
from operations.locate.live.others import keys, log_groups, secrets, topics
from policies.tags import APPLICATION, TENANT
from project.terminal import count

_AT_ONCE = 8
_IN_A_REGION: Final[Mapping[str, Callable[[Account, str, Names], Iterator[Found]]]] = {
    t.DATABASE: databases,
    t.LOG_GROUP: log_groups,
    t.SECRET: secrets,
    t.KEY: keys,
    t.TOPIC: topics,
    t.BACKUP_VAULT: vaults,
    t.BACKUP_PLAN: plans,
}
LOOKED_FOR: Final = frozenset({t.BUCKET, *_IN_A_REGION})


@dataclass(frozen=True)
class Swept:
    """What was found, and where could not be looked."""

    found: tuple[Found, ...]
    tagged: tuple[tuple[str, str], ...]  # region and ARN of whatever carries the customer's tag
    searched: tuple[str, ...]
    unsearched: tuple[str, ...]


def sweep(account: Account, names: Names, tag: str) -> Swept:
    """Everything of a stack in an account. Raises UnreachableError where AWS cannot be asked at all."""
    from botocore.exceptions import BotoCoreError, ClientError  # only a live answer needs it

    try:
        regions = account.regions()
        found = list(buckets(account, names))
    except (BotoCoreError, ClientError) as error:
        raise explained(account, error) from None
    tagged: list[tuple[str, str]] = []
    unsearched: list[str] = []

    def look(region: str) -> tuple[str, list[Found], list[str], Exception | None]:
        try:
            here = [one for look_for in _IN_A_REGION.values() for one in look_for(account, region, names)]
            return region, here, list(_tagged(account, region, tag)), None
        except (BotoCoreError, ClientError) as error:
            return region, [], [], error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for region, here, arns, failure in pool.map(look, regions):
            if failure is not None:
                code = getattr(failure, "response", {}).get("Error", {}).get("Code", "")
                if code in EXPIRED or (region == account.home and code not in REFUSED):
                    raise explained(account, failure)
                unsearched.append(f"{region}: {' '.join(str(failure).split())}")
            found += here
            tagged += [(region, arn) for arn in arns]
            account.notify(f"{region}: {count(len(here), 'store')} by name, {count(len(arns), 'resource')} by tag")
    refused = {one.partition(":")[0] for one in unsearched}
    searched = tuple(region for region in regions if region not in refused)
    return Swept(tuple(found), tuple(tagged), searched, tuple(unsearched))


def _tagged(account: Account, region: str, tag: str) -> Iterator[str]:
    """ARNs of everything in a region that the tagging API knows under a customer's tag."""
    wanted = [{"Key": APPLICATION, "Values": ["workbuoy"]}, {"Key": TENANT, "Values": [tag]}]
    for one in account.items(
        "resourcegroupstaggingapi", region, "get_resources", "ResourceTagMappingList", TagFilters=wanted
    ):
        yield one["ResourceARN"]
