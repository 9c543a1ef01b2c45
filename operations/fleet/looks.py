"""What was looked at, stack by stack: a folder of the JSON that other commands print, as nightly workflows leave it.

Nothing here asks AWS. `workbuoy drift prod-acme --json > FOLDER/ANY-NAME.json` is a look, and so is what `drills`,
`backups`, `releases` and `cost` print; which one it is, its content says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from infra.problems import Problem, ProblemsError
from operations.outputs import number_of
from operations.outputs.audited import Backups
from operations.outputs.models import Cost, Drift, DriftAccount, Releases
from operations.outputs.printed import Printed
from operations.outputs.restored import Drills

Look = Drift | Drills | Backups | Releases | Cost
_KINDS: Final[Mapping[str, tuple[str, type[Printed]]]] = {
    "drift-account": ("unread", DriftAccount),
    "drift": ("drifted", Drift),
    "drills": ("lastGoodAt", Drills),
    "backups": ("findings", Backups),
    "releases": ("releases", Releases),
    "cost": ("perMonth", Cost),
}
"""Output -> a key that it alone has, in the order in which they are tried."""


@dataclass(frozen=True)
class Looks:
    """What was found, by output and stack."""

    by_kind: Mapping[str, Mapping[str, Any]]

    def of(self, kind: str) -> Mapping[str, Any]:
        """Stack -> the output."""
        return self.by_kind.get(kind, {})


def read_looks(folder: Path) -> Looks:
    """Every `.json` file in a folder and below. Raises ProblemsError with each that is none of these outputs."""
    if not folder.is_dir():
        raise ProblemsError([Problem(message=f"{folder}: there is no such folder")])
    found: dict[str, dict[str, Any]] = {}
    names: dict[tuple[str, str], Path] = {}
    problems: list[Problem] = []
    for file in sorted(folder.rglob("*.json")):
        if not file.stat().st_size:
            continue  # the command failed before it printed: its stack was not looked at
        try:
            kind, look = _read(file)
        except ValueError as error:
            problems.append(Problem(file=str(file.relative_to(folder)), message=str(error)))
            continue
        if other := names.get((kind, look.stack)):
            message = f"is a second `{kind}` of {look.stack} beside {other.relative_to(folder)}; keep the newer one"
            problems.append(Problem(file=str(file.relative_to(folder)), message=message))
        names[kind, look.stack] = file
        found.setdefault(kind, {})[look.stack] = look
    if problems:
        raise ProblemsError(problems)
    return Looks(found)


def _read(file: Path) -> tuple[str, Any]:
    """Raises ValueError with what is wrong, in words."""
    try:
        content = json.loads(file.read_bytes())
    except ValueError:
        raise ValueError("is no JSON; was the command cut off?") from None
    known = ", ".join(f"`{name}`" for name in _KINDS)
    kind = next((name for name, (key, _) in _KINDS.items() if isinstance(content, dict) and key in content), None)
    if kind is None:
        raise ValueError(f"is no output that is read here; those are {known}")
    number = content.pop("schema", None)
    if number != number_of(kind):
        raise ValueError(f"is `{kind}` of schema {number}, and {number_of(kind)} is read here; look again")
    try:
        return kind, _KINDS[kind][1].model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"is no whole `{kind}`: {where}: {first['msg']}; look again") from None
