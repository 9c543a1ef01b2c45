"""The buckets of a leaving: whether whoever is signed in may empty those that go, and the day on which others end.

A bucket that still holds something refuses to go, and by then the service and the database are gone.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from components.context import LEAVING_ROLE
from operations.aws import error_code
from operations.engine.errors import UnreachableError

ENDS: Final = "ends-with-the-customer"


def require_rights(s3: Any, stack: str, buckets: Sequence[str]) -> None:
    """Ask for what emptying takes, of each bucket: listing its versions, and deleting one that is not there.

    Raises UnreachableError where AWS refuses it.
    """
    if not buckets:
        return
    from botocore.exceptions import BotoCoreError, ClientError

    for bucket in buckets:
        try:
            _ask(s3, bucket)
        except ClientError as error:
            code = error_code(error)
            if code == "NoSuchBucket":  # an interrupted destruction took it already
                continue
            raise UnreachableError(
                f"{stack}: may not empty {bucket} ({error.operation_name}: {code}); nothing was changed",
                f"take the role {LEAVING_ROLE} (docs/tenants.md), then repeat",
            ) from None
        except BotoCoreError as error:
            raise UnreachableError(f"{stack}: {bucket} cannot be asked: {error}", "sign in anew") from None


def end_buckets(s3: Any, buckets: Sequence[str], today: date, keep_days: int) -> None:
    """Let S3 delete every object of a bucket that outlives its stack after so many days, and no version before.

    So a destruction can be undone whole for as long (docs/runbooks.md): the rows of the final snapshot name these
    versions. Again is no change. Raises botocore's errors.
    """
    for bucket in buckets:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        kept = [one for one in rules if one.get("ID") != ENDS and not {"Date", "Days"} & {*one.get("Expiration", {})}]
        for one in kept:
            ending = one.get("NoncurrentVersionExpiration")
            if ending:
                ending["NoncurrentDays"] = max(ending["NoncurrentDays"], keep_days)
        day = today + timedelta(days=keep_days)
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        whole = {"ID": ENDS, "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Date": moment}}
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*kept, whole]})


def _ask(s3: Any, bucket: str) -> None:
    s3.list_object_versions(Bucket=bucket, MaxKeys=1)
    # With a version named nothing is made, no delete marker either, and there is no object of this name.
    s3.delete_object(Bucket=bucket, Key=f"workbuoy-leaving-{uuid4()}", VersionId="null")
