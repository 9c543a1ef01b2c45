"""The whole life of the stack `local`: up, a second up, refresh, destroy; on a backend that is gone afterwards."""

import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from operations.ending import Notify
from operations.engine import plugins
from operations.engine.cli import find_cli
from operations.engine.errors import EngineError, EngineMissingError, InterruptedRunError, MistakenError
from operations.engine.stack import EngineStack, OperationResult, open_stack
from operations.local.changed import Changed, changed_by_refresh, changed_by_update
from operations.local.server import serving
from project.files import Project
from project.own_folder import own_folder
from project.placement import placement_of
from rehearsal.service.ports import free_port, is_free

STACK: Final = "local"


@dataclass(frozen=True, kw_only=True)
class EngineStep:
    """One operation of the engine: what it did, what it changed though nothing should have changed, why it failed."""

    name: str
    seconds: float
    changes: dict[str, int]
    changed: tuple[Changed, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LocalRun:
    """All steps up to one that failed, and how many resources were left; not known where that cannot be asked."""

    steps: tuple[EngineStep, ...]
    left: int | None

    @property
    def unexplained(self) -> tuple[Changed, ...]:
        return tuple(one for step in self.steps for one in step.changed if not one.reason)

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(f"{step.name}: {problem}" for step in self.steps for problem in step.problems)

    @property
    def passed(self) -> bool:
        return not self.unexplained and not self.problems and self.left == 0


def require_genuine_plugins() -> None:
    """Raises EngineMissingError where a provider plugin is missing, or is a stand-in of tests."""
    cli = find_cli()
    for plugin, version in plugins.missing(cli).items():
        raise EngineMissingError(f"the plugin {plugin} {version} is not here", "`workbuoy engine install` brings it")
    for plugin in plugins.PACKAGES:
        if plugins.wrong_with(plugin):
            raise EngineMissingError(
                f"the plugin {plugin} here is a script, not the provider, so it would prove nothing",
                "`workbuoy engine install` into another PULUMI_HOME brings the genuine one",
            )


def run(project: Project, notify: Notify) -> LocalRun:
    """Live through it. Raises EngineError, ProblemsError; nothing of it stays on this machine."""
    place = placement_of(project, STACK)
    if place.endpoint_url is None:
        raise MistakenError(f"Pulumi.{STACK}.yaml: names no endpointUrl", "give it a moto server's address")
    wanted = int(place.endpoint_url.rpartition(":")[2])
    port = wanted if is_free(wanted) else free_port()
    if port != wanted:
        notify(f"Port {wanted} is taken; moto serves on {port}, which stands in for it in endpointUrl.")
    with _copied(project, port) as (copy, folder), serving(port, place.account):
        variables = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(24),
        }
        return _live(open_stack(copy, STACK, create=True, environment=variables), notify)


def _live(opened: EngineStack, notify: Notify) -> LocalRun:
    """Step by step; what came before a step that fails is kept, and nothing comes after it."""
    life: tuple[tuple[str, Callable[[], OperationResult], Callable[[Any], tuple[Changed, ...]] | None], ...] = (
        ("up", lambda: opened.up(on_output=notify), None),
        ("second up", lambda: opened.up(on_output=notify), changed_by_update),
        ("refresh", lambda: opened.refresh(on_output=notify), changed_by_refresh),
        ("destroy", lambda: opened.destroy(on_output=notify), None),
    )
    steps: list[EngineStep] = []
    for name, operation, judge in life:
        notify(f"{name} ...")
        began = time.monotonic()
        try:
            ran = operation()
        except InterruptedRunError:
            raise
        except EngineError as error:
            seconds = time.monotonic() - began
            steps.append(EngineStep(name=name, seconds=seconds, changes={}, problems=error.lines))
            break
        changed = judge(ran.events) if judge else ()
        seconds = time.monotonic() - began
        steps.append(EngineStep(name=name, seconds=seconds, changes=dict(ran.changes), changed=changed))
    return LocalRun(steps=tuple(steps), left=_left(opened))


def _left(opened: EngineStack) -> int | None:
    try:
        return len(opened.export()["deployment"].get("resources") or ())
    except EngineError:
        return None


@contextmanager
def _copied(project: Project, port: int) -> Iterator[tuple[Project, Path]]:
    """The project in a folder of its own, for making a stack writes into its file."""
    with own_folder("local") as folder:
        root = folder / "project"
        root.mkdir()
        (folder / "state").mkdir()
        for entry in project.root.iterdir():
            if entry.name.startswith("Pulumi"):
                shutil.copy(entry, root)
            elif entry.is_dir() and entry.name not in (".git", "build", "node_modules"):
                (root / entry.name).symlink_to(entry.resolve())
        file = root / f"Pulumi.{STACK}.yaml"
        text = re.sub(r"(endpointUrl: http://[\w.]+:)\d+", rf"\g<1>{port}", file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
        yield replace(project, root=root), folder
