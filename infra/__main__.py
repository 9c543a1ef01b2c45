"""What `pulumi up` runs, and the rehearsal too: a base stack, or a customer's own where the file names a tenant."""

# ruff: noqa: E402  the imports below read pulumi_aws

from pathlib import Path
from typing import Any

from infra import lazy_provider

lazy_provider.install()
import pulumi

from infra import waiting
from infra.load import load_settings
from infra.problems import ProblemsError
from infra.silo import declare_silo
from infra.stack import declare_stack
from infra.tenants.files import moving, refuse_customers_stack
from infra.tenants.silo import load_silo


def declare(stack: str) -> dict[str, Any]:
    """Declare this stack and return its outputs. Raises ProblemsError for a person's mistake."""
    root, config = Path(pulumi.runtime.get_root_directory()), pulumi.Config()
    tenant, settings = config.get("tenant"), _settings(config)
    if tenant is None:
        if settings is not None:
            refuse_customers_stack(root, stack)
        return declare_stack(stack, load_settings(root, stack, settings), moving(root, stack))
    return declare_silo(stack, load_silo(root, stack, tenant, settings, config.get_object("record")))


def _settings(config: pulumi.Config) -> Any:
    """The settings, or the text in their place: whoever reads them says what is wrong with it."""
    try:
        return config.get_object("settings")
    except pulumi.ConfigTypeError:
        return config.get("settings")


waiting.install()
try:
    outputs = declare(pulumi.get_stack())
except ProblemsError as error:
    # The engine prints a RunError without a traceback; the rehearsal finds its cause.
    raise pulumi.RunError(f"stack {pulumi.get_stack()} cannot be declared:\n{error}") from error
for name, value in outputs.items():
    pulumi.export(name, value)
