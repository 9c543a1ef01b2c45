"""Names of tags that something asks for, of those that the components' tags function gives each resource (WB.11)."""

from typing import Final

APPLICATION: Final = "application"
ENVIRONMENT: Final = "environment"
TENANT: Final = "tenant"

ROTATION: Final = "rotation"
"""`rotation=manual` marks a secret that an operator renews; its age is checked at run time (SecretsManager.1)."""
