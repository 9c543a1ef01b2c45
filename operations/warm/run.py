"""One rehearsal in a fork of the warm process."""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from operations.ending import CHECK_FAILED, NOT_MADE, fail, report_errors
from operations.rehearse.perform import RehearseOptions, rehearsed
from operations.warm.outcome import Outcome, outcome_of


def rehearse_infrastructure(stack: str, *, importing_service: bool) -> None:
    """Stand a stack up and ask the policies, without its service and without a word.

    With `importing_service` what trying the service needs is imported as well.
    """
    from project.files import find_project
    from rehearsal.run import Options
    from rehearsal.whole import rehearse_whole

    rehearse_whole(find_project(Path.cwd()), stack, Options())
    if importing_service:
        for name in ("rehearsal.service.run", "moto.moto_server.werkzeug_app"):  # the gate imports the latter late
            import_module(name)


def rehearse_and_write(request: Mapping[str, Any], into: Path) -> int:
    """Rehearse as `workbuoy rehearse` does, errors on stderr, and write what came of it. Returns the exit code."""
    try:
        _rehearse(request, into)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
        if code and not into.exists():
            Outcome(code=code).write(into)
        return code
    return 0


@report_errors
def _rehearse(request: Mapping[str, Any], into: Path) -> None:
    options = RehearseOptions(
        stack=request["stack"], with_service=request["with_service"], quiet=request["quiet"], lent=request.get("lent")
    )
    result = rehearsed(options)
    code = NOT_MADE if result.incomplete else 0 if result.passed else CHECK_FAILED
    if request.get("report"):
        from operations.rehearse.output import write_report  # few ask for it

        write_report(result, Path(request["report"]))
    outcome_of(result, code).write(into)
    if result.incomplete:
        fail(NOT_MADE, f"incomplete: {result.incomplete}")
    sys.exit(code)
