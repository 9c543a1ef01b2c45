"""What `pulumi up` runs, and the rehearsal too."""

from pathlib import Path

import pulumi

from infra.load import load_settings
from infra.stack import declare_stack

stack = pulumi.get_stack()
configured = pulumi.Config().get_object("settings")
settings = load_settings(Path(pulumi.runtime.get_root_directory()), stack, configured)
for name, value in declare_stack(stack, settings).items():
    pulumi.export(name, value)
