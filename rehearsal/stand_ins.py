"""Placeholders of a stack file and what stands in for them in a rehearsal.

A stack file may be committed before its accounts and its image exist. The program itself refuses the placeholders, so
that no real engine ever runs with one; a rehearsal replaces them in the configuration before the program starts, and
names each.
"""

import re
from dataclasses import dataclass
from typing import Any

from infra.placeholders import PLACEHOLDER_ACCOUNT

ID_PLACEHOLDER = re.compile(r"(?<![\w-])0{9}(?![\w-])")  # GitHub's numbers
UUID_PLACEHOLDER = re.compile(r"(?<![\w-])0{8}-0{4}-0{4}-0{4}-0{12}(?![\w-])")  # a certificate's id
DIGEST_PLACEHOLDER = re.compile(r"sha256:0{64}(?![0-9a-f])")
ACCOUNT_STAND_IN = "210000000"
ID_STAND_IN = "500000005"
UUID_STAND_IN = "5eed5eed-5eed-45ee-85ee-5eed5eed5eed"
DIGEST_STAND_IN = "sha256:" + "5eed" * 16


@dataclass(frozen=True, slots=True)
class StandIn:
    """A placeholder of a stack file and what stood in for it."""

    path: str
    placeholder: str
    stand_in: str

    def __str__(self) -> str:
        return f"{self.path}: {self.placeholder} -> {self.stand_in}"


def replace(value: Any, path: str = "") -> tuple[Any, tuple[StandIn, ...]]:
    """The value with every placeholder in it replaced, and what was replaced where.

    The three digits of an account are kept, so that distinct placeholders stay distinct accounts.
    """
    found: list[StandIn] = []
    return _walk(value, path, found), tuple(found)


def _walk(value: Any, path: str, found: list[StandIn]) -> Any:
    if isinstance(value, dict):
        if path.endswith(".image") and "repository" in value and value.get("digest") is None:
            found.append(StandIn(f"{path}.digest", "(none)", DIGEST_STAND_IN))
            value = {**value, "digest": DIGEST_STAND_IN}
        return {key: _walk(v, f"{path}.{key}" if path else str(key), found) for key, v in value.items()}
    if isinstance(value, list):
        return [_walk(v, f"{path}[{i}]", found) for i, v in enumerate(value)]
    return _text(value, path, found) if isinstance(value, str) else value


def _text(value: str, path: str, found: list[StandIn]) -> str:
    for pattern, stand_in in (
        (DIGEST_PLACEHOLDER, DIGEST_STAND_IN),
        (UUID_PLACEHOLDER, UUID_STAND_IN),
        (PLACEHOLDER_ACCOUNT, ACCOUNT_STAND_IN),
        (ID_PLACEHOLDER, ID_STAND_IN),
    ):

        def note(match: re.Match[str], stand_in: str = stand_in) -> str:
            found.append(StandIn(path, match[0], stand_in + (match[1] if match.re.groups else "")))
            return found[-1].stand_in

        value = pattern.sub(note, value)
    return value
