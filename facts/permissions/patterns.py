"""IAM's wildcards and policy variables.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Mapping
from functools import cache

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case, each with the request's values."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "\x00", "?": "\x01", "$": "$"}  # ${*} is a literal asterisk


def fill_variables(text: str, context: Context) -> str | None:
    """The text with its variables filled from the request, or None where one has no value: then nothing matches."""
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = (part.strip() for part in match[1].partition(","))
        if name in _LITERALS:
            return _LITERALS[name]
        values = context.get(name.lower(), ())
        if len(values) == 1:
            return values[0]
        if default.startswith("'") and default.endswith("'"):
            return default[1:-1]
        missing = True
        return ""

    filled = _VARIABLE.sub(value_of, text)
    return None if missing else filled


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether a text matches a pattern in which `*` stands for any characters and `?` for one."""
    return _compiled(pattern, ignore_case).fullmatch(text) is not None


@cache
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = {"*": ".*", "?": ".", "\x00": r"\*", "\x01": r"\?"}
    expression = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches_arn(pattern: str, arn: str) -> bool:
    """ArnLike: the six parts of an ARN are compared one by one, so that a wildcard never spans a colon.

    Source: reference_policies_elements_condition_operators.html, "Amazon Resource Name (ARN) condition operators".
    """
    wanted, found = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(found) == 6 and all(map(matches, wanted, found))
