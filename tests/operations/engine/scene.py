"""The example project on a backend of its own and stand-in plugins, where the real CLI can run its stack `local`."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.files import Project, find_project
from rehearsal.result import Rehearsed
from tests.conftest import PROJECT, ROOT
from tests.operations.engine.fake_plugins import FakePlugins

LINKED = (ROOT / ".venv", ROOT / "components", *(PROJECT / name for name in ("infra", "policies", "tenants")))

WORKBUOY = """
from operations.deploy import perform
perform.wait_for_rollout = perform.try_service = lambda *_: ""
from operations.main import main
main()
"""
"""The command line, but for the rollout and the smoke test: they need a service, and stand-ins are none."""


@dataclass(frozen=True)
class Scene:
    """A project whose stack `local` has never been made, stand-in plugins, an empty backend."""

    project: Project
    plugins: FakePlugins
    environment: Mapping[str, str]
    """What chooses the plugins, the backend and its passphrase."""
    committed: bytes
    """The stack's file as it was before a stack was made of it."""

    @property
    def file(self) -> Path:
        return self.project.stack_file("local")


def folder_backend(folder: Path) -> str:
    """A folder's backend without its checksums: a kill between one and its file is a fault of its own (messages.py)."""
    return f"file://{folder}?metadata=skip"


def set_up(folder: Path, resources: Iterable[Rehearsed]) -> Scene:
    """Write everything below a folder; `resources` are what the plugins answer with."""
    root = folder / "project"
    root.mkdir()
    for file in PROJECT.glob("Pulumi*.yaml"):
        shutil.copy(file, root)
    for source in LINKED:
        (root / source.name).symlink_to(source)
    plugins = FakePlugins(folder / "home", resources)
    (folder / "state").mkdir()
    environment = {
        "PULUMI_HOME": str(plugins.home),
        "PULUMI_BACKEND_URL": folder_backend(folder / "state"),
        "PULUMI_CONFIG_PASSPHRASE": "of the tests",
    }
    project = find_project(root)
    return Scene(project, plugins, environment, project.stack_file("local").read_bytes())


_WHEN_AND_WHERE = ("created", "modified", "sourcePosition", "stackTrace")


def meaning(deployment: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a state says of each resource, but for when and where it was said, in which order, and encrypted anew."""
    found = {}
    for one in deployment.get("resources") or ():
        kept = {name: _plain(value) for name, value in one.items() if name not in _WHEN_AND_WHERE}
        kept["dependencies"] = sorted(one.get("dependencies") or ())
        kept["propertyDependencies"] = {
            name: sorted(urns) for name, urns in (one.get("propertyDependencies") or {}).items()
        }
        found[one["urn"]] = kept
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return "a secret" if "ciphertext" in value else {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
