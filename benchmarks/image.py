"""The image beside the usual one: `python benchmarks/image.py [--rounds 5]`. Needs what `make image` needs, and root.

The usual one is the layout of Python's slim image: Debian with its Python and pip, the same wheels installed by pip,
the same code (whose byte code, as is usual there, is not kept). Both run under runc with the same limits, against the
same Postgres, in turns. Memory is the resident set of the one process, two seconds after it was ready; start is from
runc's to the first 200 of /readyz.
"""

import json
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

# Python puts this folder first, where rehearsal.py would hide the package of the same name.
sys.path[0] = str(Path(__file__).parent.parent)

from operations.image import engines, wheelhouse  # noqa: E402
from operations.image.base import SUITE  # noqa: E402
from operations.image.build import build  # noqa: E402
from operations.image.tools import require, run, workshop  # noqa: E402
from rehearsal.image import Image, ImageError, Unpacked, image_of, unpacked  # noqa: E402
from rehearsal.image.archive import OCI_NAMES, this_machine  # noqa: E402
from rehearsal.service.browser import fetch  # noqa: E402
from rehearsal.service.ports import free_port  # noqa: E402
from rehearsal.service.processes import NotToBeHadError  # noqa: E402
from rehearsal.service.surroundings import Surroundings  # noqa: E402
from tests.image.container import Container  # noqa: E402

ROOT = Path(__file__).parent.parent
REST_SECONDS = 2
PACKAGES = ("ca-certificates", "netbase", "python3", "python3-pip", "tzdata")
NOT_IN_SLIM = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
SLIM = """
FROM localhost/debian AS build
COPY wheelhouse /wheels
RUN pip install --quiet --no-cache-dir --no-index --no-deps --break-system-packages --root-user-action=ignore \
    --target /packages /wheels/*.whl

FROM localhost/debian
COPY --from=build /packages /usr/local/lib/python3.13/dist-packages
COPY workbuoy_app /service/workbuoy_app
ENV PATH=/usr/bin:/bin LANG=C.UTF-8 PYTHONPATH=/service PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["python3", "-m", "workbuoy_app"]
CMD ["serve"]
"""


@dataclass(frozen=True)
class Start:
    """One start: seconds until it was ready, and then the memory of the process in bytes."""

    seconds: float
    memory_bytes: int


def ours() -> Image:
    """The image that lies built, if it is of this code, else a new one."""
    with suppress(ImageError):
        return image_of(ROOT)
    return build(ROOT, this_machine(), engine="buildah", notify=lambda doing: click.echo(f"{doing} ...", err=True))


def slim(folder: Path) -> Image:
    """The usual image, built into `folder`."""
    context, files, archive = folder / "context", folder / "debian.tar", folder / "slim.tar"
    wheelhouse.fetch(ROOT / "app", this_machine(), context / "wheelhouse", folder)
    ignored = shutil.ignore_patterns("__pycache__", "devtools")
    shutil.copytree(ROOT / "app/workbuoy_app", context / "workbuoy_app", ignore=ignored)
    (context / "Dockerfile").write_text(SLIM)
    left_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in NOT_IN_SLIM]
    run(
        [
            *("mmdebstrap", "--quiet", "--variant=minbase", f"--architectures={OCI_NAMES[this_machine()]}"),
            *(*left_out, f"--include={','.join(PACKAGES)}", SUITE, str(files)),
        ],
        folder,
        "making Debian with Python",
    )
    buildah = ["buildah", "--storage-driver=vfs", f"--root={folder / 'store'}", f"--runroot={folder / 'run'}"]
    made = run([*buildah, "from", "scratch"], folder, "buildah from").strip()
    run([*buildah, "add", "--quiet", made, str(files), "/"], folder, "buildah add")
    run([*buildah, "commit", "--quiet", "--rm", made, "localhost/debian"], folder, "buildah commit")
    bud = [*buildah, "bud", "--isolation=chroot", "--layers=false", "--pull-never", "--quiet", "--tag=localhost/slim"]
    run([*bud, str(context)], folder, "buildah bud")
    run([*buildah, "push", "--quiet", "localhost/slim", f"oci-archive:{archive}:slim"], folder, "buildah push")
    return Image.read(archive)


def start(files: Unpacked, environment: dict[str, str]) -> Start:
    """Start the service once, wait until it is ready and then at rest, and stop it."""
    port = free_port()
    own = {"HOST": "127.0.0.1", "PORT": str(port), "METRICS_PORT": str(free_port()), **environment}
    begun = time.perf_counter()
    with Container(files, ["serve"], own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as container:
        while not _ready(port):
            if container.process.poll() is not None or time.perf_counter() - begun > 60:
                raise click.ClickException("the service did not get ready")
            time.sleep(0.005)
        seconds = time.perf_counter() - begun
        time.sleep(REST_SECONDS)
        process = json.loads(files.ask("state", container.id).stdout)["pid"]
        (line,) = [one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith("VmRSS")]
    return Start(seconds, int(line.split()[1]) * 1024)


def _ready(port: int) -> bool:
    try:
        return fetch(f"http://127.0.0.1:{port}/readyz").status == 200
    except OSError:
        return False


def _database(surroundings: Surroundings, files: Unpacked) -> dict[str, str]:
    """The settings of an empty database, migrated."""
    owner = surroundings.postgres()
    address = f"postgresql://{owner.user}:{owner.password}@{owner.host}:{owner.port}/{owner.database}"
    with Container(files, ["migrate"], {"DATABASE_URL": address}, stdout=subprocess.DEVNULL) as container:
        if container.wait(100):
            raise click.ClickException("migrate failed")
    return {"DATABASE_URL": address}


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Starts of each; the median is shown.")
def main(rounds: int) -> None:
    """Measure both images and print size, start and memory."""
    try:
        require(engines.TOOLS, "the benchmark")
        with workshop() as folder:
            own = ours()
            click.echo("Building the usual image ...", err=True)
            _compare(own, slim(folder), rounds)
    except (ImageError, NotToBeHadError) as error:
        raise click.ClickException(str(error)) from error


def _compare(own: Image, usual: Image, rounds: int) -> None:
    found: dict[str, list[Start]] = {"workbuoy-app": [], "slim": []}
    with unpacked(own) as one, unpacked(usual) as other, Surroundings(ROOT / "app", {}) as surroundings:
        environment = _database(surroundings, one)
        both = {"workbuoy-app": one, "slim": other}
        for turn in range(rounds + 1):
            click.echo(f"round {turn} of {rounds} ..." if turn else "warming up ...", err=True)
            for name, files in both.items():
                found[name].append(start(files, environment))
        click.echo(f"{'':14}{'compressed MB':>15}{'unpacked MB':>13}{'files':>8}{'ready s':>9}{'memory MB':>11}")
        for name, files in both.items():
            held = [path for path in files.files.rglob("*") if path.is_file() and not path.is_symlink()]
            size = sum(path.stat().st_size for path in held)
            ready = statistics.median(each.seconds for each in found[name][1:])
            memory = statistics.median(each.memory_bytes for each in found[name][1:])
            click.echo(
                f"{name:14}{files.image.compressed_bytes / 1e6:15.1f}{size / 1e6:13.1f}{len(held):8}"
                f"{ready:9.2f}{memory / 1e6:11.1f}"
            )


if __name__ == "__main__":
    main()
