"""The image run as the stack runs it: read-only, as its own user, without capabilities, within its memory.

The network is this machine's, so that what listens on loopback can be reached; pass HOST=127.0.0.1 to the service.
Needs runc and root. Nothing stays: no container, cgroup, mount or folder.
"""

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from rehearsal.image.archive import Image, ImageError
from rehearsal.image.specification import specification
from rehearsal.service.processes import Process

IMPOSSIBLE = 4
FILES = "files"
MEMORY_MIB = 512  # of each container


class Unpacked:
    """An image's files, which any number of containers may share, since none can write."""

    def __init__(self, image: Image, folder: Path, laid_out: "Future[None]") -> None:
        self.image = image
        self.runc = ("runc", "--root", str(folder / "runc"))
        self._folder, self._laid_out = folder, laid_out
        self._names: list[str] = []

    @property
    def files(self) -> Path:
        """Where they lie. Waits until they do; raises ImageError where the archive is damaged."""
        self._laid_out.result()
        return self._folder / FILES

    def prepare(self, command: Sequence[str], environment: Mapping[str, str], visible: Iterable[Path] = ()) -> str:
        """Write down one run; gives back its name, which is runc's too. `visible` are read at the same place inside."""
        name = f"workbuoy-{uuid.uuid4().hex[:12]}"
        bundle = self._folder / name
        bundle.mkdir()
        document = specification(
            self.image,
            self.files,
            name=name,
            command=command,
            environment=environment,
            visible=visible,
            memory_mib=MEMORY_MIB,
        )
        (bundle / "config.json").write_text(json.dumps(document))
        self._names.append(name)
        return name

    def start(self, name: str) -> list[str]:
        """The command line that runs it; a signal to that process goes on to the one inside."""
        return [*self.runc, "run", "--bundle", str(self._folder / name), name]

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
        """`workbuoy-app` with these arguments, as `rehearsal.service` asks for it.

        A CA file of this machine that the environment names is made visible at the same place.
        """
        named = {Path(environment[name]) for name in ("SSL_CERT_FILE", "AWS_CA_BUNDLE") if environment.get(name)}
        name = self.prepare(arguments, environment, {file for file in named if file.is_file()})
        return Process(self.start(name), environment)

    def ask(self, *arguments: str, timeout_seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """One question to runc."""
        return subprocess.run(
            [*self.runc, *arguments], capture_output=True, text=True, check=False, timeout=timeout_seconds
        )

    def end(self) -> None:
        """Kill and forget every container that is left."""
        for name in self._names:
            self.ask("delete", "--force", name)


@contextmanager
def unpacked(image: Image) -> Iterator[Unpacked]:
    """Lay the image out in a temporary folder. Raises ImageError (code 4) where runc or root is missing.

    A thread does it, since who asks has other things to begin.
    """
    require_runc()
    with tempfile.TemporaryDirectory(prefix="workbuoy-image-") as name, ThreadPoolExecutor(1) as thread:
        folder = Path(name)
        (folder / FILES).mkdir()
        containers = Unpacked(image, folder, thread.submit(image.unpack, folder / FILES))
        try:
            yield containers
        finally:
            containers.end()


def require_runc() -> None:
    """Raises ImageError that names what is missing."""
    if shutil.which("runc") is None:
        raise ImageError("running the image needs runc: apt-get install runc", IMPOSSIBLE)
    if os.geteuid() != 0:
        raise ImageError("running the image needs root, for runc's mounts and limits", IMPOSSIBLE)
