"""A state in a file: an export of the CLI, or a backend's own file."""

import json
from pathlib import Path
from typing import Any, Final, NoReturn

from infra.problems import Problem, ProblemsError

VERSIONS: Final = (3, 4)
LIMIT_MEGABYTES: Final = 200
HOW: Final = "write it with `pulumi stack export --stack STACK --file FILE`"


def read_state(file: Path) -> dict[str, Any]:
    """The deployment in a file. Raises ProblemsError for anything that is no state of a known version."""
    content = _content(file)
    version = content.get("version")
    checkpoint = content.get("checkpoint")
    deployment = checkpoint.get("latest") if isinstance(checkpoint, dict) else content.get("deployment")
    if version not in VERSIONS and isinstance(version, int):
        _refuse(file, f"is a state of version {version}; this command knows {' and '.join(map(str, VERSIONS))}")
    if not isinstance(deployment, dict) or not isinstance(deployment.get("resources") or [], list):
        _refuse(file, f"is no state; {HOW}")
    found: dict[str, Any] = deployment
    return found


def _content(file: Path) -> dict[str, Any]:
    try:
        megabytes = file.stat().st_size / 1e6
        text = file.read_text(encoding="utf-8") if megabytes <= LIMIT_MEGABYTES else ""
        content = json.loads(text or "{}")
    except (OSError, UnicodeDecodeError) as error:
        _refuse(file, f"cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}")
    except (ValueError, RecursionError):
        _refuse(file, f"is no JSON; {HOW}")
    if megabytes > LIMIT_MEGABYTES:
        _refuse(file, f"has {megabytes:.0f} MB; a state has at most {LIMIT_MEGABYTES} MB here. Is it the right file?")
    if not isinstance(content, dict):
        _refuse(file, f"is no state; {HOW}")
    return content


def _refuse(file: Path, message: str) -> NoReturn:
    raise ProblemsError([Problem(file=str(file), message=message)]) from None
