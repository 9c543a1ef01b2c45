"""What a fresh clone cannot know yet, and no engine may take: account ids and the image's digest."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra.problems import Problem

if TYPE_CHECKING:  # the settings' classes take a second to load, which who only asks about an account need not pay
    from infra.settings import StackSettings

# Nine zeros and three digits, wherever an account id may stand: alone, in an ARN, in an image's address. The end of a
# UUID looks alike, so no dash may come before it.
PLACEHOLDER_ACCOUNT = re.compile(r"(?<![\w-])0{9}(\d{3})(?![\w-])")
PLACEHOLDER_DIGEST = "sha256:" + "0" * 64
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
IMAGE_VARIABLE = "WORKBUOY_IMAGE_DIGEST"


def find_placeholders(settings: "StackSettings") -> Iterator[Problem]:
    """Placeholders that are left. A rehearsal puts named stand-ins in their place before the program starts."""
    for path, value in (
        ("account", settings.account),
        ("permissionsBoundaryArn", settings.permissions_boundary_arn),
        ("backupCopy.account", settings.backup_copy.account if settings.backup_copy else None),
        ("service.image.repository", settings.service.image.repository),
        ("service.certificateArn", settings.service.certificate_arn),
    ):
        if value and PLACEHOLDER_ACCOUNT.search(value):
            yield Problem(path=path, message=f"{value} names a placeholder account; put the real account id there")
    if settings.service.image.digest in (None, PLACEHOLDER_DIGEST):
        yield Problem(
            path="service.image.digest",
            message=f"names no image; name one by {IMAGE_VARIABLE} (`--image` of deploy and review), or put it there",
        )


def with_image(configured: Any, in_file: Any) -> tuple[Any, list[Problem]]:
    """The settings with the image that WORKBUOY_IMAGE_DIGEST names, where the stack's file leaves it open.

    Deployments name the image that they built in the environment, so that no commit is needed for each. What the
    file pins stays: another digest in the environment is a problem. A rehearsal's stand-in is left alone.

    Args:
        configured: the settings as they reach the program.
        in_file: the settings in the stack's file.
    """
    given = os.environ.get(IMAGE_VARIABLE)
    if not given:
        return configured, []
    path = "service.image.digest"
    if not DIGEST.fullmatch(given) or given == PLACEHOLDER_DIGEST:
        shown = given if len(given) <= 80 else f"{given[:77]}..."
        return configured, [
            Problem(path=path, message=f"{IMAGE_VARIABLE} must be sha256: and 64 hex digits of an image; it is {shown}")
        ]
    pinned, configured_digest = _digest(in_file), _digest(configured)
    if configured_digest in (None, PLACEHOLDER_DIGEST):
        return _put(configured, given), []
    if pinned == configured_digest and given != pinned:
        message = f"pins {pinned}, but {IMAGE_VARIABLE} names {given}; leave one of them out"
        return configured, [Problem(path=path, message=message)]
    return configured, []


def _digest(settings: Any) -> Any:
    for step in ("service", "image", "digest"):
        if not isinstance(settings, Mapping):
            return None
        settings = settings.get(step)
    return settings


def _put(settings: Any, digest: str) -> Any:
    service = settings.get("service") if isinstance(settings, Mapping) else None
    image = service.get("image") if isinstance(service, Mapping) else None
    if not isinstance(settings, Mapping) or not isinstance(service, Mapping) or not isinstance(image, Mapping):
        return settings  # the rules of the settings tell what is wrong
    return {**settings, "service": {**service, "image": {**image, "digest": digest}}}
