"""Running a project's program without an engine."""

import asyncio
import contextvars
import importlib
import json
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

from project.files import Project
from rehearsal.patching import replace_attribute

_CONSTRUCTORS = 3  # Resource's, CustomResource's or ComponentResource's, and the resource's own


def as_engine_config(config: Mapping[str, Any]) -> dict[str, str]:
    """Configuration as the engine hands it to a program: scalars as text, anything structured as JSON."""
    return {key: _engine_text(value) for key, value in config.items()}


def _engine_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str)


class _Inline(asyncio.SelectorEventLoop):
    """Runs what is meant for another thread at once, on its own.

    The runtime hands every registration to the loop's executor because a real monitor is another process. Ours is not:
    on one thread the order is the same in every run, nothing needs a lock, and Ctrl-C ends it.
    """

    def run_in_executor(  # type: ignore[override]  # typeshed wants a coroutine's future, which awaits alike
        self, _executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = self.create_future()
        try:
            self.call_soon(future.set_result, func(*args))
        except Exception as error:  # handed to whoever awaits it
            self.call_soon(future.set_exception, error)
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
    resource = importlib.import_module("pulumi.runtime.resource")

    def execute() -> None:
        runpy.run_path(str(project.main), run_name="__main__")

    async def main() -> None:
        loop = asyncio.get_running_loop()
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
                lock=threading.Lock(),
            )
        )
        settings.set_root_resource(None)
        configuration.set_all_config(dict(config), [])
        await asyncio.wait_for(stacks.run_in_stack(execute), timeout_seconds)

    undo = replace_attribute(importlib.import_module("pulumi.runtime.rpc"), "contains_unknowns", has_unknown)
    try:
        with _telling_frames(resource, project.root):
            _run_loop(main())
    finally:
        undo()


def has_unknown(value: Any) -> bool:
    """What the runtime's `contains_unknowns` says.

    That one makes a function which refers to itself for each value that it is asked of: a fifth of a declaration, and
    most of what the collector then has to find.
    """
    from pulumi.runtime.known_types import is_unknown  # a command line that prints help does not pay

    if not isinstance(value, dict | list):  # as most are
        return is_unknown(value)
    waiting, seen = [value], dict[int, Any]()
    while waiting:
        one = waiting.pop()
        if is_unknown(one):
            return True
        if isinstance(one, dict | list) and id(one) not in seen:
            seen[id(one)] = one  # kept, so that its id stays its own
            waiting.extend([one[key] for key in one] if isinstance(one, dict) else one)
    return False


@contextmanager
def _telling_frames(runtime: Any, root: Path) -> Iterator[None]:
    """Let the runtime look at the frames alone that say where in the program a resource is made.

    It describes every frame for every resource, its own and those of whoever called us too, which takes a sixth of a
    declaration.
    """
    before = runtime.traceback
    runtime.traceback = SimpleNamespace(**{**vars(traceback), "extract_stack": lambda: _frames(f"{root}{os.sep}")})
    try:
        yield
    finally:
        runtime.traceback = before


def _frames(within: str) -> list[traceback.FrameSummary]:
    """The frames up to the constructor of a resource, and the innermost line of the program that calls it."""
    found: list[traceback.FrameSummary] = []
    constructors = 0
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        inside = constructors == _CONSTRUCTORS
        if not inside or (code.co_filename.startswith(within) and "site-packages" not in code.co_filename):
            found.append(traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False))
            if inside:
                break
        constructors += not inside and code.co_name == "__init__"
        frame = frame.f_back
    return found[::-1]


def _run_loop(work: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run` without its own handling of Ctrl-C, which would wait for the program to come back to the loop."""
    loop = _Inline()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(work)
    except BaseException:  # a program that ends well has waited for all its tasks; looking for them takes long
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        raise
    finally:
        asyncio.set_event_loop(None)
        loop.close()


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
