"""What stands, as the commands about a customer ask for it; each import is paid by whoever asks."""

from typing import TYPE_CHECKING, Any

from operations.ending import notify

if TYPE_CHECKING:
    from operations.engine.stack import EngineStack
    from project.files import Project


def opened(project: "Project", stack: str) -> "EngineStack":
    """A stack, open. Raises as `open_stack` does."""
    from operations.engine.stack import open_stack  # noqa: PLC0415  imports Pulumi

    return open_stack(project, stack, notify=notify)


def outputs(project: "Project", stack: str) -> dict[str, Any]:
    """What a deployed stack says of itself."""
    return opened(project, stack).outputs()


def session() -> Any:
    """boto3's, of whoever is signed in."""
    import boto3  # noqa: PLC0415  half a second

    return boto3.Session()
