"""Values that AWS changes one way only, so that an update back is refused, or left out."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts import tokens as t

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
# https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html
_ONLY_RISES: Final[Mapping[tuple[str, str], str]] = {
    (t.DATABASE, "allocatedStorage"): "RDS makes storage larger only",
    (t.DATABASE, "engineVersion"): "RDS goes to newer versions only",
    (t.DATABASE_CLUSTER, "engineVersion"): "RDS goes to newer versions only",
    ("aws:ebs/volume:Volume", "size"): "EBS makes volumes larger only",
}


def refused_updates(type_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What AWS does not change from the one value to the other, with the reason; `old` and `new` are inputs.

    A value that is not known is refused by nobody.
    """
    for (kind, name), why in _ONLY_RISES.items():
        if kind == type_ and _is_lower(old.get(name), new.get(name)):
            yield f"{name} {old[name]} → {new[name]}: {why}"


def _is_lower(old: Any, new: Any) -> bool:
    """Whether a number or version comes before another; `17` and `17.5` may be the same."""
    pairs = zip(_parts(old), _parts(new), strict=False)
    return next((becomes < was for was, becomes in pairs if was != becomes), False)


def _parts(value: Any) -> list[int]:
    if not isinstance(value, str | int | float):
        return []
    found = []
    for part in str(value).split("."):
        if not part.isdecimal():
            break
        found.append(int(part))
    return found
