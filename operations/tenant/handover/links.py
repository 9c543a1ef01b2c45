"""Addresses that anyone can read an export from, until they expire."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.aws import items_of


def signing_client(region: str) -> Any:
    """A client of S3 whose addresses hold for objects under KMS, at the region's own endpoint.

    Of eu-west-1 they would fall back to signature version 2, which such objects refuse (boto/boto3#2680).
    """
    import boto3  # half a second
    from botocore.config import Config

    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return boto3.client("s3", region_name=region, config=config)


def links_of(s3: Any, bucket: str, folder: str, hours: int) -> dict[str, Any] | None:
    """Of the newest export in a folder that ended; None where there is none.

    `folder` is the customer's name, or `person_folder` of one person. Raises botocore's errors where AWS refuses.
    """
    keys = [one["Key"] for one in items_of(s3, "list_objects_v2", "Contents", Bucket=bucket, Prefix=f"{folder}/")]
    whole = re.compile(rf"{re.escape(folder)}/[^/]+/manifest\.json")  # one of a person lies deeper
    manifests = sorted(one for one in keys if whole.fullmatch(one))
    if not manifests:
        return None
    newest = manifests[-1]  # a folder is called by its time
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=newest)["Body"].read())
    names = [one["name"] for one in manifest["archives"]]
    prefix = newest.removesuffix("manifest.json")
    made = [{"name": name, "address": _signed(s3, bucket, prefix + name, hours)} for name in ["manifest.json", *names]]
    until = datetime.now(UTC) + timedelta(hours=hours)
    return {"madeAt": manifest["made_at"], "until": until.isoformat(timespec="seconds"), "links": made}


def person_folder(tenant: str, member: str) -> str:
    """Where a customer's exports of one person lie, as app/workbuoy_app/person/export.py writes them."""
    return f"{tenant}/persons/{member}"


def _signed(s3: Any, bucket: str, key: str, hours: int) -> str:
    parameters = {"Bucket": bucket, "Key": key, "ResponseContentDisposition": "attachment"}
    return str(s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=hours * 3600))
