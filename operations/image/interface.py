"""The web interface's files, built beside the image: its packages come by hash, and nothing of Node goes in."""

import shutil
from pathlib import Path

from operations.image.tools import require, run

TOOLS = {"node": "nodejs", "npm": "npm"}


def build(source: Path, folder: Path) -> None:
    """Leave `source/dist`, and of what made it nothing. Raises ImageError, also where Node is older than it must be."""
    require(TOOLS, "the web interface in the image")
    npm = ("npm", "--prefix", str(source))
    run([*npm, "ci", "--omit=dev", "--ignore-scripts"], folder, "npm ci for the web interface")
    run([*npm, "run", "build"], folder, "building the web interface")
    shutil.rmtree(source / "node_modules")
