import pytest

from infra.environments import environment_of


@pytest.mark.parametrize(
    ("stack", "environment"),
    [
        ("prod", "prod"),
        ("prod-acme", "prod"),
        ("prod-eu-north-1", "prod"),
        ("staging", "staging"),
        ("dev", "dev"),
        ("local", "local"),
        ("something-new", "prod"),
    ],
)
def test_a_stack_is_judged_as_its_environment_and_an_unknown_one_as_prod(stack: str, environment: str) -> None:
    assert environment_of(stack) == environment
