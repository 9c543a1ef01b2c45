"""How strong a value is as a safeguard, and how it is taken out of a property that holds more."""

from typing import Any

from facts.safeguards.model import Strength
from graph.values import flag, items, maps, number


def on(value: Any) -> float:
    return float(flag(value) is True)


def off(value: Any) -> float:
    return float(flag(value) is False)


def amount(value: Any) -> float:
    return number(value) or 0.0


def kept_days(value: Any) -> float:
    """Days; nothing or 0 keep for ever."""
    return number(value) or float("inf")


def given(value: Any) -> float:
    return 1.0 if value not in (None, "", [], {}) else 0.0


def how_many(value: Any) -> float:
    return float(len(items(value)))


def few(value: Any) -> float:
    """The fewer the stronger."""
    return -how_many(value)


def absent(value: Any) -> float:
    """What narrows something else is the weaker for being there."""
    return -given(value)


def few_or_all(value: Any) -> float:
    """How many something is limited to; without a word, all."""
    return how_many(value) or float("inf")


def lock_days(value: Any) -> float:
    return sum(amount(one.get("days")) + 365 * amount(one.get("years")) for one in maps(value))


def lock_mode(value: Any) -> str:
    return next((str(one.get("mode")) for one in maps(value) if one.get("mode")), "none")


def object_encryption(value: Any) -> str:
    """What encrypts new objects: a customer key, S3's own KMS key, or S3 alone."""
    for rule in maps(value):
        for one in maps(rule.get("applyServerSideEncryptionByDefault")):
            if one.get("kmsMasterKeyId"):
                return "a customer key"
            return "S3's KMS key" if str(one.get("sseAlgorithm")).startswith("aws:kms") else "S3 alone"
    return "S3 alone"


def forced_tls(value: Any) -> str:
    """`rds.force_ssl` of a parameter group; Postgres 15 and newer force it where nothing is said."""
    values = [one.get("value") for one in maps(value) if one.get("name") == "rds.force_ssl"]
    return "0" if values and str(values[-1]).lower() not in ("1", "true", "on") else "1"


def log_target(value: Any) -> str:
    enabled = [str(one.get("bucket")) for one in maps(value) if one.get("bucket") and on(one.get("enabled", True))]
    return enabled[0] if enabled else "none"


def in_order(*weakest_first: str) -> Strength:
    return lambda value: float(weakest_first.index(value)) if value in weakest_first else -1.0
