"""Whether the export that a leaving names is there, whole, and not in what is about to be destroyed."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from infra.problems import Problem, ProblemsError

_ADDRESS: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)")
LARGEST_MANIFEST_BYTES: Final = 16 * 1024 * 1024


def check_export(address: str, tenant: str, region: str, doomed: Collection[str]) -> None:
    """Read the manifest. Raises ProblemsError for one that is missing, unfinished, another's, or in a doomed bucket."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise _problem(address, "must read like s3://BUCKET/PATH/manifest.json")
    if match["bucket"] in doomed:
        raise _problem(address, "lies in a bucket that goes with the stack; copy the export elsewhere first")
    manifest = _manifest(address, match["bucket"], match["key"], region)
    if manifest.get("complete") is not True:
        raise _problem(address, "is of an export that did not end; export again")
    if manifest.get("tenant") != tenant:
        raise _problem(address, f"is an export of {manifest.get('tenant')}, not of {tenant}")


def _manifest(address: str, bucket: str, key: str, region: str) -> Mapping[str, Any]:
    import boto3  # noqa: PLC0415  a third of a second that help must not pay for
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        body = boto3.client("s3", region_name=region).get_object(Bucket=bucket, Key=key)["Body"]
        content = json.loads(body.read(LARGEST_MANIFEST_BYTES))
    except ClientError as error:
        raise _problem(address, f"cannot be read: {error.response['Error']['Code']}") from None
    except (BotoCoreError, OSError) as error:
        raise _problem(address, f"cannot be read: {' '.join(str(error).split())}") from None
    except ValueError:
        raise _problem(address, "is no JSON; name the export's manifest.json") from None
    if not isinstance(content, Mapping):
        raise _problem(address, "is no manifest of an export")
    return content


def _problem(address: str, message: str) -> ProblemsError:
    return ProblemsError([Problem(path="--export", message=f"{address}: {message}")])
