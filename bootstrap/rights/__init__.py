"""What deploying needs of AWS, one file a kind of thing, reading apart from writing.

Reading is what the provider does to compare, and what a preview may do; it reaches no object, row or secret value.
Actions and their resources: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from components.permissions import Statement


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Statements that compare what stands, and statements that change it."""

    read: Sequence[Statement]
    write: Sequence[Statement]
