"""What `pulumi up` runs in an account once, and the rehearsal too."""

# ruff: noqa: E402  the imports below read pulumi_aws

from pathlib import Path

from infra import lazy_provider

lazy_provider.install()
import pulumi

from bootstrap.account import declare_account
from bootstrap.load import load_settings
from bootstrap.settings import AccountSettings
from bootstrap.vault import declare_vault_account
from infra.problems import ProblemsError

stack = pulumi.get_stack()
configured = pulumi.Config().get_object("settings")
try:
    settings = load_settings(Path(pulumi.runtime.get_root_directory()), stack, configured)
except ProblemsError as error:
    # The engine prints a RunError without a traceback; the rehearsal finds its cause.
    raise pulumi.RunError(f"account {stack} cannot be declared:\n{error}") from error
outputs = declare_account(settings) if isinstance(settings, AccountSettings) else declare_vault_account(settings)
for name, value in outputs.items():
    pulumi.export(name, value)
