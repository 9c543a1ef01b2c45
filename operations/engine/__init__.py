"""The one door to Pulumi's engine: every command that previews, updates, refreshes or destroys goes through here.

    from operations.engine.stack import open_stack          # imports Pulumi: inside the function that needs it
    from operations.engine.errors import EngineError        # costs nothing

    opened = open_stack(find_project(Path.cwd()), "dev", environment={"WORKBUOY_IMAGE_DIGEST": digest}, notify=progress)
    planned = opened.preview(on_output=progress)            # planned.changes == {"create": 3, "same": 140}
    opened.up(on_output=progress)
    opened.outputs()["url"]

A command catches EngineError, prints it as one line and exits with its `code`; FailedError has `reasons`, too.
After Ctrl-C the engine has stopped and the error says what remains (code 130).

The CLI is the one on PATH, else the one that `workbuoy engine install` puts where the Automation API looks,
`~/.pulumi/versions/<SDK version>`. The backend is the one that `pulumi login` or PULUMI_BACKEND_URL names; ours are
`s3://workbuoy-state-<account>-<region>?region=<region>` with `awskms://alias/workbuoy-state?region=<region>`.

A stack's file keeps every byte: nothing here selects a stack (which all processes of a person share), sets
configuration, or lets the CLI choose a secrets provider for a stack that has one. So runs for several stacks may go
side by side, a process each.
"""
