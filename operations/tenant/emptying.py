"""Whether whoever is signed in may empty the buckets of a leaving: asked before anything goes.

A bucket that still holds something refuses to go, and by then the service and the database are gone.
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from bootstrap.names import LEAVING_ROLE
from operations.engine.errors import UnreachableError
from project.placement import Placement


def require_rights(stack: str, buckets: Sequence[str], place: Placement) -> None:
    """Ask for what emptying takes, of each bucket: listing its versions, and deleting one that is not there.

    Raises UnreachableError where AWS refuses it.
    """
    if not buckets:
        return
    import boto3  # noqa: PLC0415  a third of a second that help must not pay for
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    moto = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"} if place.endpoint_url else {}
    s3 = boto3.client("s3", region_name=place.region, endpoint_url=place.endpoint_url, **moto)
    for bucket in buckets:
        try:
            _ask(s3, bucket)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "NoSuchBucket":  # an interrupted destruction took it already
                continue
            raise UnreachableError(
                f"{stack}: may not empty {bucket} ({error.operation_name}: {code}); nothing was changed",
                f"take the role {LEAVING_ROLE} (docs/tenants.md), then repeat",
            ) from None
        except BotoCoreError as error:
            raise UnreachableError(f"{stack}: {bucket} cannot be asked: {error}", "sign in anew") from None


def _ask(s3: Any, bucket: str) -> None:
    s3.list_object_versions(Bucket=bucket, MaxKeys=1)
    # With a version named nothing is made, no delete marker either, and there is no object of this name.
    s3.delete_object(Bucket=bucket, Key=f"workbuoy-leaving-{uuid4()}", VersionId="null")
