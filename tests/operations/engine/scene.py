"""The example project on a backend of its own and stand-in plugins, where the real CLI can run its stack `local`."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from project.files import Project, find_project
from rehearsal.result import Rehearsed
from tests.conftest import PROJECT, ROOT
from tests.operations.engine.fake_plugins import FakePlugins

LINKED = (ROOT / ".venv", ROOT / "components", *(PROJECT / name for name in ("infra", "policies", "tenants")))


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
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of the tests",
    }
    project = find_project(root)
    return Scene(project, plugins, environment, project.stack_file("local").read_bytes())
