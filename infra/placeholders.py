"""What a fresh clone cannot know yet, and no engine may take: account ids and the image's digest."""

import re
from collections.abc import Iterator

from infra.problems import Problem
from infra.settings import StackSettings

PLACEHOLDER_ACCOUNT = re.compile(r"(?<![\w-])0{9}\d{3}(?![\w-])")
PLACEHOLDER_DIGEST = "sha256:" + "0" * 64


def find_placeholders(settings: StackSettings) -> Iterator[Problem]:
    """Placeholders that are left. A rehearsal puts named stand-ins in their place before the program starts."""
    for path, value in (
        ("account", settings.account),
        ("permissionsBoundaryArn", settings.permissions_boundary_arn),
        ("service.image.repository", settings.service.image.repository),
        ("service.certificateArn", settings.service.certificate_arn),
    ):
        if value and PLACEHOLDER_ACCOUNT.search(value):
            yield Problem(path=path, message=f"{value} names a placeholder account; put the real account id there")
    if settings.service.image.digest in (None, PLACEHOLDER_DIGEST):
        yield Problem(
            path="service.image.digest",
            message="names no image; build and push one, then put its digest there",
        )
