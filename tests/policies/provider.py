"""What the installed provider's resource types take, read in its source."""

import importlib
import re
from functools import cache
from pathlib import Path

_PACKAGE = Path(importlib.import_module("pulumi_aws").__file__ or "").parent
_TOKEN = re.compile(r"'(aws:[\w-]+/\w+:\w+)',\s*\n\s*resource_name,")


@cache
def provider_inputs() -> dict[str, set[str]]:
    """The camelCase inputs of every resource type, by token."""
    found: dict[str, set[str]] = {}
    for path in _PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        token = _TOKEN.search(text)
        constructor = re.search(r"def _internal_init\(.*?__props__=None\):", text, re.DOTALL)
        if token and constructor:
            names = re.findall(r"\n\s+(\w+): ", constructor[0])
            found[token[1]] = {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in names}
    return found
