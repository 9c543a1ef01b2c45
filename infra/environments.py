"""The environments, and which of them a stack is of."""

from typing import Final, Literal, get_args

DeployedEnvironment = Literal["dev", "staging", "prod"]
Environment = Literal["local", DeployedEnvironment]
ENVIRONMENTS: Final[tuple[Environment, ...]] = get_args(Environment)
DEPLOYED_ENVIRONMENTS: Final[tuple[str, ...]] = get_args(DeployedEnvironment)
"""Those with an account, in the order in which a release goes through them."""
PERMANENT_ENVIRONMENTS: Final = ("staging", "prod")
"""Those that hold customers' data, or show what will be done to them."""


def environment_of(stack: str) -> Environment:
    """The environment that a stack belongs to: `prod-acme` and `prod-eu-north-1` are prod.

    An unknown name is judged as prod, so that a new stack cannot slip past by its name.
    """
    first = stack.split("-", 1)[0]
    return next((one for one in ENVIRONMENTS if one == first), "prod")
