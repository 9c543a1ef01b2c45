"""The form in which components hand out permissions: one statement with a Sid, exact actions and exact ARNs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pulumi import Input, Output

from components.json_text import json_text

Condition = Mapping[str, Mapping[str, Input[str] | Sequence[Input[str]]]]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy document.

    `principals` (by type: `Service`, `AWS`) are for policies that hang on a resource; a role's own statements have
    none. `resources` are ARNs; `*` stands only where AWS knows no resource for the action, with the reason beside it.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[Input[str]]
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Mapping[str, Sequence[Input[str]]] = field(default_factory=dict)
    conditions: Condition = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The statement in IAM's JSON grammar, where `Principal: *` is written for anyone at all."""
        statement: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals:
            anyone = self.principals == ANYONE
            statement["Principal"] = "*" if anyone else {k: _one_or_all(v) for k, v in self.principals.items()}
        statement["Action"] = list(self.actions)
        if self.resources:
            statement["Resource"] = _one_or_all(self.resources)
        if self.conditions:
            statement["Condition"] = self.conditions
        return statement


ANYONE: Mapping[str, Sequence[Input[str]]] = {"*": ["*"]}


def _one_or_all(values: Sequence[Input[str]]) -> Input[str] | list[Input[str]]:
    # S3 log delivery is recognised only where principal and resource are single strings.
    return values[0] if len(values) == 1 else list(values)


def policy_document(statements: Sequence[Statement]) -> Output[str]:
    """A policy of these statements as JSON.

    Raises:
        ValueError: two statements share a Sid.
    """
    sids = [statement.sid for statement in statements]
    if len(set(sids)) != len(sids):
        raise ValueError(f"two statements of one policy share a Sid: {sorted(sids)}")
    return json_text({"Version": "2012-10-17", "Statement": [statement.document() for statement in statements]})
