"""What a plain scalar of YAML means: as yaml.v3 reads it, by which the engine reads stack files.

yaml.v3 knows YAML 1.2's core with a few things more: `yes`, `on` and `1:40` are text; `0o17` and `017` are 15; `1_000`
is 1000. tests/infra/yaml_answers.json holds its own answers to 280 traps, and a test holds this to them. Dates are the
one exception: they stay text, since settings say themselves what is a date.
"""

import re
from typing import Any

_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_INTEGER = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[oO]?(?P<octal>[0-7]+)|0[bB](?P<binary>[01]+)"
    r"|(?P<decimal>0|[1-9][0-9]{0,19}))"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASES = {"hex": 16, "octal": 8, "binary": 2, "decimal": 10}
_LEAST, _MOST = -(2**63), 2**64 - 1  # of Go's integers; what lies beyond is a float


def plain_value(text: str) -> Any:
    """None, a bool, an int, a float, or the text itself."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] == ".":
        return _float(text)
    if text[0] not in "+-0123456789":
        return text
    bare = text.replace("_", "")
    integer = _INTEGER.fullmatch(bare)
    if integer:
        (base,) = [name for name in _BASES if integer[name] is not None]
        number = int(integer["sign"] + integer[base], _BASES[base])
        if _LEAST <= number <= _MOST:
            return number
    found = _float(bare)
    return text if isinstance(found, str) else found


def _float(text: str) -> Any:
    """A float, or the text where it is none or too large for one."""
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text)
    return text if number in (float("inf"), float("-inf")) else number
