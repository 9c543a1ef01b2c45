"""What AWS's own managed policies allow.

The documents are those that moto carries, which its makers take from AWS from time to time. A policy that is not among
them is not known, and its reader must treat it as the worst.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from facts.permissions.documents import Statement, statements


def is_managed_by_aws(arn: str) -> bool:
    """`arn:aws:iam::aws:policy/...`."""
    return arn.startswith("arn:aws") and ":iam::aws:policy/" in arn


@cache
def managed_statements(arn: str) -> Sequence[Statement] | None:
    """The statements of one of AWS's managed policies; None where it is not known."""
    found = _documents().get(arn.rpartition("/")[2])
    return None if found is None else tuple(statements(found["Document"]))


@cache
def _documents() -> Mapping[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # some 5 MB, and few ask

    documents: Mapping[str, Any] = json.loads(aws_managed_policies_data)
    return documents
