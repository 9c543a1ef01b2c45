"""The output of `workbuoy backups --json`."""

from typing import Literal

from operations.outputs.printed import Printed


class BackupFinding(Printed):
    """One thing that was looked at."""

    what: str
    state: Literal["unreadable", "missing", "exposed", "unknown", "good", "not_asked"]
    found: str


class Backups(Printed):
    """What a stack would be restored from, as the account has it, the worst first."""

    stack: str
    looked_at: str
    findings: list[BackupFinding]
