"""What counts as a key of one's own."""

import re
from collections.abc import Sequence
from typing import Any

_KEY = re.compile(r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:(\d{12}):(key|alias)/(.+)$")


def names_customer_key(value: Any, accounts: Sequence[str]) -> bool:
    """Whether a key's id, ARN or alias names a customer key of these accounts (any, where none are known).

    `alias/aws/...` are AWS's own keys, whose policies nobody here decides.
    """
    if not isinstance(value, str):
        return value is not None  # not known yet: the program gives it, and a later run judges it
    found = _KEY.match(value)
    if found and accounts and found[1] not in accounts:
        return False
    return bool(value) and not (found[3] if found else value.removeprefix("alias/")).startswith("aws/")
