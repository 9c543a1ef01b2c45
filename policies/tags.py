"""Names of the tags that every taggable resource carries (WB.11); the components' tags function uses the same."""

from typing import Final

APPLICATION: Final = "application"
ENVIRONMENT: Final = "environment"
OWNER: Final = "owner"
TENANT: Final = "tenant"
DATA_CLASSIFICATION: Final = "data-classification"

ROTATION: Final = "rotation"
"""`rotation=manual` marks a secret that an operator renews; its age is checked at run time (SecretsManager.1)."""
