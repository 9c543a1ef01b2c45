"""How skopeo signs in to Amazon's registries: a file of short-lived tokens, never an argument."""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from operations.image.tools import IMPOSSIBLE
from rehearsal.image.archive import ImageError

ECR_HOST: Final = re.compile(r"\d{12}\.dkr\.ecr\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com")


def write_authorization(repositories: Iterable[str], file: Path) -> bool:
    """Write a containers-auth.json(5) for those repositories that are Amazon's; False, and no file, without any.

    A token opens whatever registry of its region the caller may use, so one a region is asked for
    (https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html). Raises ImageError.
    """
    regions: dict[str, str] = {}
    for repository in repositories:
        host = repository.partition("/")[0]
        if match := ECR_HOST.fullmatch(host):
            regions[host] = match[1]
    if not regions:
        return False
    tokens = {region: _token(region) for region in sorted(set(regions.values()))}
    content = json.dumps({"auths": {host: {"auth": tokens[region]} for host, region in regions.items()}})
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(content)
    return True


def _token(region: str) -> str:
    import boto3  # noqa: PLC0415 only images in AWS need it
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        answer = boto3.client("ecr", region_name=region).get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        raise ImageError(
            f"AWS gives no login to the registry in {region}: {error}; sign in first", IMPOSSIBLE
        ) from None
    return str(answer["authorizationData"][0]["authorizationToken"])
