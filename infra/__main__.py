"""What `pulumi up` runs, and the rehearsal too."""

from pathlib import Path

import pulumi

from infra.load import load_settings
from infra.problems import ProblemsError
from infra.stack import declare_stack

stack = pulumi.get_stack()
configured = pulumi.Config().get_object("settings")
try:
    settings = load_settings(Path(pulumi.runtime.get_root_directory()), stack, configured)
except ProblemsError as error:
    # The engine prints a RunError without a traceback; the rehearsal finds its cause.
    raise pulumi.RunError(f"stack {stack} cannot be declared:\n{error}") from error
for name, value in declare_stack(stack, settings).items():
    pulumi.export(name, value)
