"""A Pulumi project on disk: finding it, reading a stack's configuration, and running its program without an engine."""

import asyncio
import contextvars
import importlib
import json
import os
import runpy
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from infra.problems import Problem, ProblemsError
from infra.yaml_text import read_yaml


@dataclass(frozen=True)
class Project:
    """A Pulumi project: its name, its root folder, and the folder of its program."""

    name: str
    root: Path
    main: Path

    def stacks(self) -> tuple[str, ...]:
        """Names of the stacks that have a file, sorted."""
        return tuple(sorted(path.name[len("Pulumi.") : -len(".yaml")] for path in self.root.glob("Pulumi.*.yaml")))

    def stack_file(self, stack: str) -> Path:
        return self.root / f"Pulumi.{stack}.yaml"


def find_project(start: Path) -> Project:
    """The project found upward from a folder, as the Pulumi CLI finds it.

    Raises ProblemsError when there is none, or its file cannot be used.
    """
    for folder in (start, *start.parents):
        file = folder / "Pulumi.yaml"
        if file.is_file():
            return _project(file)
    raise ProblemsError([Problem(message=f"no Pulumi.yaml in {start} or any folder above it")])


def _project(file: Path) -> Project:
    content = read_yaml(file).content
    name, main = content.get("name"), content.get("main", ".")
    if not isinstance(name, str) or not name:
        raise ProblemsError([Problem(file=file.name, path="name", message="must be the project's name")])
    if not isinstance(main, str):
        raise ProblemsError([Problem(file=file.name, path="main", message="must be the program's folder")])
    folder = (file.parent / main).resolve()
    if not (folder / "__main__.py").is_file():
        raise ProblemsError([Problem(file=file.name, path="main", message=f"{main} has no __main__.py")])
    return Project(name, file.parent.resolve(), folder)


def read_config(project: Project, stack: str) -> dict[str, Any]:
    """The `config` of a stack's file, keys with their namespace, values as YAML gives them.

    Raises ProblemsError for an unknown stack or a file that is empty or not YAML.
    """
    file = project.stack_file(stack)
    if os.sep in stack or not file.is_file():
        known = ", ".join(project.stacks()) or "none yet"
        raise ProblemsError([Problem(message=f"there is no stack {stack!r}; the project has: {known}")])
    content = read_yaml(file).content
    config = content.get("config")
    if not isinstance(config, dict) or not config:
        raise ProblemsError([Problem(file=file.name, path="config", message="is missing or empty")])
    return {key if ":" in str(key) else f"{project.name}:{key}": value for key, value in config.items()}


def as_engine_config(config: Mapping[str, Any]) -> dict[str, str]:
    """Configuration as the engine hands it to a program: scalars as text, anything structured as JSON."""
    return {key: _engine_text(value) for key, value in config.items()}


def _engine_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str)


class _Inline(ThreadPoolExecutor):
    """Runs what it is given at once, on the calling thread.

    The runtime hands every registration to the loop's executor because a real monitor is another process. Ours is not:
    on one thread the order is the same in every run, nothing needs a lock, and Ctrl-C ends it.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # handed to whoever awaits it
            future.set_exception(error)
        return future


def run_program(project: Project, stack: str, config: Mapping[str, str], monitor: Any, timeout_seconds: float) -> None:
    """Run the project's program, unchanged, against a monitor.

    Raises whatever the program raises, and TimeoutError when an output never resolves.
    """
    contextvars.copy_context().run(_run, project, stack, config, monitor, timeout_seconds)


def _run(project: Project, stack: str, config: Mapping[str, str], monitor: Any, timeout_seconds: float) -> None:
    # Read late, so that a command line that only prints help does not pay for Pulumi.
    mocks = importlib.import_module("pulumi.runtime.mocks")
    settings = importlib.import_module("pulumi.runtime.settings")
    stacks = importlib.import_module("pulumi.runtime.stack")
    configuration = importlib.import_module("pulumi.runtime.config")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(_Inline(max_workers=1))
        loop.set_exception_handler(lambda *_: None)  # the first failure is raised; its echoes are noise
        features = monitor.GetDeploymentInfo(None).supportedFeatures
        settings.configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(features),
                engine=mocks.MockEngine(None),
                project=project.name,
                stack=stack,
                dry_run=False,
                organization="organization",
                root_directory=str(project.root),
                parallel=None,
                legacy_apply_enabled=False,
                callbacks=None,
                package_refs={},
                base_providers_by_ref={},
                outputs=set(),
                lock=_lock(),
            )
        )
        settings.set_root_resource(None)
        configuration.set_all_config(dict(config), [])
        await asyncio.wait_for(stacks.run_in_stack(lambda: _execute(project.main)), timeout_seconds)

    with _waiting_for_all(stacks):
        _run_loop(main())


@contextmanager
def _waiting_for_all(stacks: Any) -> Iterator[None]:
    """Let the runtime wait for its outputs together.

    It looks at every one that is outstanding each time a single one is done, which takes a tenth of a rehearsal.
    """
    before = stacks.asyncio

    async def wait(tasks: Any, **_: Any) -> Any:
        return await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)

    stacks.asyncio = SimpleNamespace(**{**vars(asyncio), "wait": wait})
    try:
        yield
    finally:
        stacks.asyncio = before


def _run_loop(work: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run` without its own handling of Ctrl-C, which would wait for the program to come back to the loop."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()


def _lock() -> Any:
    import threading  # noqa: PLC0415

    return threading.Lock()


def _execute(main: Path) -> None:
    runpy.run_path(str(main), run_name="__main__")


@contextmanager
def inside(project: Project) -> Iterator[None]:
    """The program's folder as working directory, and its own modules forgotten afterwards, as in its own process."""
    before, cwd, path, argv = set(sys.modules), Path.cwd(), list(sys.path), list(sys.argv)
    os.chdir(project.main)
    sys.argv = [str(project.main)]
    try:
        yield
    finally:
        os.chdir(cwd)
        sys.path[:], sys.argv = path, argv
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if "." not in name and file and Path(file).parent == project.main and Path(file).stem != "__init__":
                del sys.modules[name]
