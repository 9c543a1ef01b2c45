"""Which image a deployment or a review is about."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from graph.values import at
from infra.placeholders import DIGEST, IMAGE_VARIABLE, PLACEHOLDER_DIGEST
from operations.engine.errors import MistakenError
from project.files import Project, read_config
from project.silos import whole_config

DEPLOYED: Final = "deployed"


def image_variables(stack: str, image: str | None, outputs: Callable[[], Mapping[str, Any]]) -> dict[str, str]:
    """The variable that names the image to the program; none where the stack's file or the environment does.

    Args:
        stack: the stack's name, for messages.
        image: a digest, `deployed` for the one that the stack runs now, or None.
        outputs: gives the stack's outputs.

    Raises:
        MistakenError: it is no digest, or nothing is deployed.
    """
    if image is None:
        return {}
    if image == DEPLOYED:
        image = deployed_image(outputs())
        if image is None:
            raise MistakenError(f"{stack}: runs no image yet", "name one: `--image sha256:...`")
    if not is_digest(image):
        raise MistakenError(f"--image {image}: is no digest", "give sha256: and 64 hex digits, or `deployed`")
    return {IMAGE_VARIABLE: image}


def running_image(project: Project, stack: str, outputs: Callable[[], Mapping[str, Any]]) -> dict[str, str]:
    """The variable that keeps the image that runs, for an update that is about something else.

    None where nothing runs yet, and where the stack's file pins an image, which then decides.
    """
    settings = whole_config(project, stack, read_config(project, stack)).get(f"{project.name}:settings")
    pinned = at(settings, "service.image.digest")
    image = None if isinstance(pinned, str) and is_digest(pinned) else deployed_image(outputs())
    return {IMAGE_VARIABLE: image} if image else {}


def is_digest(image: str) -> bool:
    """Whether it is the digest of an image; the placeholder of zeros is none."""
    return bool(DIGEST.fullmatch(image)) and image != PLACEHOLDER_DIGEST


def deployed_image(outputs: Mapping[str, Any]) -> str | None:
    """The image that a stack's last update put there."""
    image = outputs.get("imageDigest")
    return image if isinstance(image, str) and is_digest(image) else None
