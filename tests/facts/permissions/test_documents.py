"""Reading policy documents: what readers could understand in two ways is no document."""

import json
from typing import Any

import pytest

from facts.permissions.documents import is_document, statements

ALLOW = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}


@pytest.mark.parametrize(
    "text",
    [
        '{"Statement": [], "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        '{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}',
    ],
)
def test_a_key_that_stands_twice_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"(Statement|Effect) stands twice"):
        statements(text)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"statement": [ALLOW]}, "statement is written Statement"),
        ({"Statement": [{"effect": "Allow", "Action": "*", "Resource": "*"}]}, "effect is written Effect"),
        ({"Statement": [ALLOW | {"Effect": "allow"}]}, "allow is written Allow"),
        ({"Statement": ALLOW | {"Principal": {"aws": "*"}}}, "aws is written AWS"),
    ],
)
def test_an_element_in_another_case_is_named(body: dict[str, Any], name: str) -> None:
    assert is_document(json.dumps(body))
    with pytest.raises(ValueError, match=name):
        statements(json.dumps(body))


def test_a_document_is_found_behind_escapes() -> None:
    assert is_document(json.dumps({"Statement": [ALLOW]}).replace("S", "\\u0053").replace("E", "\\u0045"))
    assert not is_document(json.dumps({"rules": [{"Statement": [ALLOW]}]}))


def test_a_document_that_is_nested_too_deep_is_named() -> None:
    deep = '{"Statement": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert not is_document(deep)
    with pytest.raises(ValueError, match="nested deeper"):
        statements(deep)
