"""`workbuoy image push` and `workbuoy image copy`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import INTERRUPTED, JSON, doing, fail, notify, print_json, print_text, report_errors

if TYPE_CHECKING:
    from operations.image.registry import Stored


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("repository")
@click.option("--digest", metavar="DIGEST", help="Refuse to push any other image.")
@click.option(
    "--keep",
    metavar="FILE.tar",
    type=click.Path(path_type=Path),
    help="Also write an archive of what was pushed, from which every registry gets the same digest.",
)
@click.option("--github-output", is_flag=True, help="Also write `repository` and `digest` into $GITHUB_OUTPUT.")
@JSON
@report_errors
def push(
    *, archive: Path, repository: str, digest: str | None, keep: Path | None, github_output: bool, json_wanted: bool
) -> None:
    """Push ARCHIVE, or the only archive in that folder, to REPOSITORY, and see that it is there.

    The digest that comes back names the image from here on. Pushing again changes nothing. For ECR the login comes
    from this machine's AWS credentials.
    """
    from operations.image import registry

    (stored,) = _stored(lambda: [registry.push(archive, repository, digest=digest, keep=keep, notify=doing)])
    if github_output:
        from operations.workflow import write_outputs

        write_outputs({"repository": stored.repository, "digest": stored.digest})
    _print([stored], json_wanted)
    notify(f"Next: workbuoy deploy STACK --image {stored.digest}")


@click.command("copy")
@click.argument("source", metavar="REPOSITORY@DIGEST")
@click.argument("repositories", metavar="REPOSITORY...", nargs=-1, required=True)
@JSON
@report_errors
def copy_image(source: str, repositories: Sequence[str], json_wanted: bool) -> None:
    """Copy an image by its digest into each REPOSITORY, the digest unchanged, and see that it is there.

    Lambda and ECS take images of their own account's registry; Lambda those of its own region only.
    """
    from operations.image import registry

    _print(_stored(lambda: registry.copy(source, repositories, notify=doing)), json_wanted)


def _stored(work: Callable[[], "list[Stored]"]) -> "list[Stored]":
    from rehearsal.image.archive import ImageError

    try:
        return work()
    except ImageError as error:
        fail(error.code, str(error))
    except KeyboardInterrupt:
        fail(INTERRUPTED, "interrupted; run it again, what is there already is not sent twice")


def _print(stored: "Sequence[Stored]", json_wanted: bool) -> None:
    if json_wanted:
        facts = [{"repository": one.repository, "digest": one.digest, "moved": one.moved} for one in stored]
        print_json("image-push", {"images": facts})
        return
    for one in stored:
        print_text(one.reference)
