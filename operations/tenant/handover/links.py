"""Addresses that anyone can read an export from, until they expire."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any


def links_of(s3: Any, bucket: str, tenant: str, hours: int) -> dict[str, Any] | None:
    """Of the newest export that ended; None where there is none. Raises botocore's errors where AWS refuses."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{tenant}/")
    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    manifests = sorted(one for one in keys if one.endswith("/manifest.json"))
    if not manifests:
        return None
    newest = manifests[-1]  # a folder is called by its time
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=newest)["Body"].read())
    names = [one["name"] for one in manifest["archives"]]
    folder = newest.removesuffix("manifest.json")
    made = [{"name": name, "address": _signed(s3, bucket, folder + name, hours)} for name in ["manifest.json", *names]]
    until = datetime.now(UTC) + timedelta(hours=hours)
    return {"madeAt": manifest["made_at"], "until": until.isoformat(timespec="seconds"), "links": made}


def _signed(s3: Any, bucket: str, key: str, hours: int) -> str:
    parameters = {"Bucket": bucket, "Key": key, "ResponseContentDisposition": "attachment"}
    return str(s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=hours * 3600))
