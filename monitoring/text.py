"""How what is made here is written down."""

from typing import Any, Final

import yaml

_HEAD: Final = "# Made by `workbuoy monitor`: change the settings or the code, not this file.\n"


def as_yaml(content: dict[str, Any]) -> str:
    """YAML whose keys stand in the order in which they were made."""
    return yaml.safe_dump(content, sort_keys=False, width=4096, allow_unicode=True)


def as_file(content: dict[str, Any]) -> str:
    """The same with a line for who would edit it."""
    return _HEAD + as_yaml(content)
