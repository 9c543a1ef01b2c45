"""Plugins of the fake provider in a folder that serves as PULUMI_HOME."""

import json
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rehearsal.missing import is_marker
from rehearsal.result import Rehearsed

PROVIDER = Path(__file__).parent / "fake_provider.py"
PLUGINS = {"aws": "pulumi-aws", "random": "pulumi-random"}


class FakePlugins:
    """A PULUMI_HOME whose plugins answer with recorded outputs."""

    def __init__(self, home: Path, resources: Iterable[Rehearsed]) -> None:
        self.home = home
        self.file = home / "outputs.json"
        for name, package in PLUGINS.items():
            number = version(package)
            folder = home / "plugins" / f"resource-{name}-v{number}"
            folder.mkdir(parents=True)
            program = folder / f"pulumi-resource-{name}"
            program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{PROVIDER}' {number} '{self.file}'\n")
            program.chmod(0o755)
        self.known: dict[str, dict[str, Any]] = {
            one.urn: {"id": one.id, "outputs": {k: v for k, v in one.outputs.items() if not is_marker(v)}}
            for one in resources
            if one.declared.custom
        }
        self.write()

    def change(self, name: str, **entry: Any) -> None:
        """Let the resource with a logical name drift (`drift=...`), or take its time (`seconds=...`)."""
        (urn,) = [urn for urn in self.known if urn.endswith(f"::{name}")]
        self.known[urn] = {**self.known[urn], **entry}
        self.write()

    def write(self) -> None:
        """Let running plugins see what is known now."""
        self.file.write_text(json.dumps(self.known))
