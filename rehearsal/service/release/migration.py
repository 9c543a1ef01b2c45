"""What the coming release's migration does to a database in use: its statements linted, its locks measured."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rehearsal.service.forks import Forks
from rehearsal.service.processes import Process
from rehearsal.service.tasks import finish, verdict
from rehearsal.service.trial import StepError, Trial, until

ROWS = 200_000
LONGEST_WAIT_SECONDS = 2.0
FILL_TIMEOUT_SECONDS = 120
END_TIMEOUT_SECONDS = 10
VERSIONS: Final = Path("workbuoy_app/migrations/versions")
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_COMMENT = re.compile(r"--.*$", re.MULTILINE)
_PARAMETER = re.compile(r"%s|%\(\w+\)s")
_CHANGES = re.compile(r"(alter|create|drop|update|delete|insert|truncate|grant|revoke|with|lock)\b", re.IGNORECASE)
# How it is written, or what the migration's own settings already see to.
_LEFT_OUT = ("prefer-*", "require-lock-timeout", "require-statement-timeout", "ban-char-field", "transaction-nesting")


def new_revisions(former_app: Path, coming_app: Path) -> list[Path]:
    """The files of revisions that the former release has not, in their order."""
    before = {file.name for file in (former_app / VERSIONS).glob("*.py")}
    return sorted(file for file in (coming_app / VERSIONS).glob("*.py") if file.name not in before)


def named_tables(files: Sequence[Path]) -> list[str]:
    """Every word in the texts of these files that may name a table; statements may be put together from parts."""
    found = (word for file in files for text in _texts(file) for word in _WORD.findall(text))
    return list(dict.fromkeys(found))


def _texts(file: Path) -> Iterator[str]:
    """The texts in a module's code, without what it says to its reader."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    remarks = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in remarks:
            yield one.value


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The longest that somebody waited behind a statement of the migration."""

    statement: str
    table: str
    seconds: float


class Watch:
    """The programs of `migration_watch`, with the environment and the owner's login of the task's `migrate`."""

    def __init__(self, trial: Trial, package: Forks) -> None:
        self._trial, self._package = trial, package
        self._statements = trial.folder / "statements.jsonl"
        self._waits: Process | None = None

    def _start(self, *arguments: str) -> Process:
        environment = self._trial.task_environment(self._trial.declared.migrate)
        process = self._package.begin_devtool("migration_watch", *arguments, environment=environment)
        self._trial.stack.callback(process.stop)
        return process

    def fill(self, tables: Sequence[str]) -> Mapping[str, int | str]:
        """Fill tables with rows: each table's rows, or why it has none more."""
        process = self._start("fill", "--rows", str(ROWS), *tables)
        return verdict(process, "filling the tables", FILL_TIMEOUT_SECONDS)

    def migrate(self) -> Process:
        """Begin the coming release's `migrate`, its statements recorded and its locks watched."""
        self._waits = self._start("waits")
        waits = self._waits
        until(lambda: bool(waits.lines), END_TIMEOUT_SECONDS, "nobody watches the locks", waits)
        return self._start("migrate", str(self._statements))

    def locks(self) -> list[Lock]:
        """Who waited behind the migration, the longest first."""
        assert self._waits is not None  # noqa: S101  migrate comes first
        self._waits.ask_to_end()
        finish(self._waits, "watching the locks", END_TIMEOUT_SECONDS)
        found: list[dict[str, Any]] = json.loads(self._waits.lines[-1])
        return [
            Lock(statement=_short(one["statement"]), table=one["table"], seconds=float(one["seconds"])) for one in found
        ]

    def statements(self) -> list[str]:
        """Each statement of the migration that changes something, once, with null for each parameter."""
        lines = self._statements.read_text(encoding="utf-8").splitlines()
        sent = (_PARAMETER.sub("null", str(json.loads(line)["statement"])) for line in lines)
        return [one for one in dict.fromkeys(sent) if _CHANGES.match(one)]


def linted(statements: Sequence[str], folder: Path) -> Iterator[str]:
    """What squawk says of statements, one line each. Raises StepError without squawk."""
    squawk = Path(sys.executable).with_name("squawk")
    if not squawk.is_file():
        raise StepError("squawk is not installed, so that nobody lints the migration: run `make rehearse` once")
    file = folder / "migration.sql"
    # A line each, so that a line's number is a statement's.
    lines = [f"{' '.join(_COMMENT.sub('', one).split()).rstrip(';')};" for one in statements]
    file.write_text("\n".join(lines), encoding="utf-8")
    command = [str(squawk), "--reporter", "json", "--pg-version", "16.0", str(file)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    try:
        found: list[dict[str, Any]] = json.loads(answer.stdout)
    except ValueError:
        raise StepError(f"squawk did not lint the migration: {answer.stderr.strip()[:200]}") from None
    for one in found:
        rule = str(one["rule_name"])
        if not any(re.fullmatch(left_out.replace("*", ".*"), rule) for left_out in _LEFT_OUT):
            statement = _short(lines[int(one["line"])] if int(one["line"]) < len(lines) else "")
            yield f"{rule}: {one['message']}{' ' + one['help'] if one['help'] else ''} `{statement}`"


def way_out(statement: str) -> str:
    """How to do what a statement does without holding writers up."""
    text = statement.lower()
    for word, way in _WAYS.items():
        if re.search(word, text):
            return way
    return "do it in pages of a few hundred rows, each a transaction of its own"


_WAYS: Final[Mapping[str, str]] = {
    r"create (unique )?index(?! concurrently)": "create the index concurrently, outside a transaction",
    r"drop index(?! concurrently)": "drop the index concurrently, outside a transaction",
    r"add constraint.*(foreign key|check)": "add the constraint not valid, then validate it in a later transaction",
    r"set not null": "add a check (column is not null) not valid, validate it, then set not null",
    r"alter column .* type|alter .* type ": "add a column of the new type, fill it in pages, swap in a later release",
    r"alter table .* add column": "add the column without a default that must be computed, and fill it in pages",
}


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= 120 else f"{text[:117]}..."
