"""IAM's wildcards and policy variables.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from facts.permissions.truth import Truth, every

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case, each with the request's values."""

WITH_VARIABLES: Final = "2012-10-17"
"""The only `Version` whose policies have variables; in an older one `${aws:username}` is a text like any other."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
# Marks for what a filled text holds besides its own characters; no name or value of AWS contains them.
_ASTERISK, _QUESTION, _ANYTHING = "\x00", "\x01", "\x02"
_LITERALS = {"*": _ASTERISK, "?": _QUESTION, "$": "$"}
_CACHED = 1 << 16


@dataclass(frozen=True, slots=True)
class Keys:
    """A request's condition keys.

    `unknown` are patterns (lower case, `*`) of keys whose values whoever asks does not know. A key that is neither in
    `values` nor unknown is one that the request does not carry.
    """

    values: Context = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def found(self, key: str) -> tuple[str, ...]:
        """A key's values; none where the request does not carry it."""
        return self.values.get(key, ())

    def is_unknown(self, key: str) -> bool:
        return bool(self.unknown) and key not in self.values and any(fnmatchcase(key, one) for one in self.unknown)


def has_variables(text: str, version: str = WITH_VARIABLES) -> bool:
    """Whether a text of a policy of this version has anything to be filled."""
    return version == WITH_VARIABLES and "${" in text


def fill_variables(text: str, keys: Keys, version: str = WITH_VARIABLES) -> str | None:
    """A pattern with its variables filled from the request, or None where one has no value: then nothing matches.

    A value's own `*` and `?` stand for themselves, as `${*}` and `${?}` do; a variable whose key is unknown leaves a
    mark, which matches anything without being decided.
    """
    if not has_variables(text, version):
        return text
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = (part.strip() for part in match[1].partition(","))
        if name in _LITERALS:
            return _LITERALS[name]
        if keys.is_unknown(name.lower()):
            return _ANYTHING
        values = keys.found(name.lower())
        if len(values) == 1:  # a key with several values is no variable
            return _without_wildcards(values[0])
        if default.startswith("'") and default.endswith("'") and len(default) > 1:
            return _without_wildcards(default[1:-1])
        missing = True
        return ""

    filled = _VARIABLE.sub(value_of, text)
    return None if missing else filled


def _without_wildcards(text: str) -> str:
    return text.replace("*", _ASTERISK).replace("?", _QUESTION)


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether a text can match a pattern in which `*` stands for any characters and `?` for one."""
    return _compiled(pattern, ignore_case).fullmatch(text) is not None


def match(pattern: str, text: str) -> Truth:
    """Whether a text matches a filled pattern; None where that hangs on a variable whose value is not known."""
    return False if not matches(pattern, text) else None if _ANYTHING in pattern else True


def equals(wanted: str, text: str) -> Truth:
    """Whether a text is a filled one, character for character."""
    if _ANYTHING in wanted:
        return match(_without_wildcards(wanted), text)
    return wanted.replace(_ASTERISK, "*").replace(_QUESTION, "?") == text


def expression_of(pattern: str) -> str:
    """A filled pattern as a regular expression."""
    return _expression(re.split(f"[*{_ANYTHING}]", pattern), {"?": ".", _ASTERISK: r"\*", _QUESTION: r"\?"})


def _expression(pieces: Sequence[str], parts: Mapping[str, str]) -> str:
    """Pieces with anything between them.

    Each is taken where it comes first, which loses nothing: a pattern of many `*` is not tried in every way.
    """
    texts = ["".join(parts.get(character) or re.escape(character) for character in piece) for piece in pieces]
    if len(texts) == 1:
        return texts[0]
    first, *between, last = texts
    return first + "".join(f"(?>.*?{text})" for text in between) + f".*{last}"


@lru_cache(_CACHED)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(expression_of(pattern), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


_PARTS = 6


@lru_cache(_CACHED)
def overlap(one: str, other: str) -> bool:
    """Whether two patterns of `*` and `?` have a text in common."""
    rest = [not other[start:].strip("*") for start in range(len(other) + 1)]  # for each that is left of `other`
    for character in reversed(one):
        longer = [character == "*" and rest[-1]]
        for against, after, past in zip(reversed(other), reversed(rest[:-1]), reversed(rest[1:]), strict=True):
            if "*" in (character, against):
                longer.append(after or longer[-1])
            else:
                longer.append(past and (character == against or "?" in (character, against)))
        rest = longer[::-1]
    return rest[0]


@lru_cache(_CACHED)
def includes(pattern: str, other: str) -> bool:
    """Whether a pattern of `*` and `?` matches whatever another one matches."""
    return re.fullmatch(_expression(pattern.split("*"), {"?": "[^*]"}), other, re.DOTALL) is not None


def match_arn(pattern: str, arn: str) -> Truth:
    """ArnLike: the six parts of an ARN are compared one by one, so that a wildcard never spans a colon.

    AWS documents patterns of six parts only: what a shorter one (`*`, `arn:aws:s3*`) matches is not decided, nor what
    matches a text that is no ARN.
    Source: reference_policies_elements_condition_operators.html, "Amazon Resource Name (ARN) condition operators".
    """
    wanted, found = pattern.split(":", _PARTS - 1), arn.split(":", _PARTS - 1)
    if len(wanted) < _PARTS or len(found) < _PARTS:
        return None
    return every(map(match, wanted, found))
