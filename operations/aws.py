"""What every reader of AWS does alike; botocore is imported by whoever asks first."""

from collections.abc import Callable, Iterator
from typing import Any


def items_of(client: Any, operation: str, result: str, **parameters: Any) -> Iterator[Any]:
    """Every item of a listing, over all its pages."""
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page.get(result) or ()


def find(ask: Callable[..., Any], absent: str, **parameters: Any) -> Any:
    """An answer, or None where AWS says by this error that there is none."""
    from botocore.exceptions import ClientError  # half a second

    try:
        return ask(**parameters)
    except ClientError as error:
        if error_code(error) == absent:
            return None
        raise


def error_code(error: Exception) -> str:
    """By which error AWS refused; empty where it did not answer."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def lifecycle_rules(s3: Any, bucket: str) -> list[Any]:
    """A bucket's rules, those that are switched off included; none where it has no lifecycle."""
    answer = find(s3.get_bucket_lifecycle_configuration, "NoSuchLifecycleConfiguration", Bucket=bucket)
    return list(answer["Rules"]) if answer else []
