"""What a stack that retires no longer has to meet: the refusal of its own deletion, and nothing else."""

from collections.abc import Mapping
from typing import Any, Final

from policies.settings import Configuration

RETIRING: Final[Configuration] = {
    "bucket-refuse-force-destroy": "advisory",
    "database-protect-from-deletion": "advisory",
    "key-delay-deletion": "advisory",
}


def with_retirement(configuration: Configuration | None, *, retiring: bool) -> dict[str, Any]:
    """The configuration for a stack, where it does not name these controls itself."""
    given: Mapping[str, Any] = configuration or {}
    return {**RETIRING, **given} if retiring else dict(given)
