"""Clients of AWS, made late (loading them costs 20 MB) and with a bound on every wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbuoy_app import tracing

if TYPE_CHECKING:
    from workbuoy_app.settings import StorageSettings

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 4  # of silence, whatever a whole call takes
ATTEMPTS = 2


def _session() -> Any:
    from botocore.session import get_session  # loaded only where AWS is used

    return get_session()


def secrets_client(region: str | None) -> Any:
    """A client of Secrets Manager; credentials come from AWS's own chain (the task's or function's role)."""
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return tracing.follow(_session().create_client("secretsmanager", region_name=region, config=config))


def storage_client(
    settings: StorageSettings, read_timeout_seconds: float | None = None, attempts: int = ATTEMPTS
) -> Any:
    """A client of an S3-compatible store.

    Signature version 4 is named because presigned addresses of eu-west-1 would otherwise fall back to version 2,
    which objects under KMS refuse (boto/boto3#2680). Checksums are sent only where S3 demands them: R2 and MinIO
    know fewer algorithms.
    """
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout_seconds or READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={
            "addressing_style": "path" if settings.force_path_style else "virtual",
            "us_east_1_regional_endpoint": "regional",
        },
        max_pool_connections=20,
    )
    client = _session().create_client(
        "s3",
        region_name=settings.region,
        endpoint_url=settings.endpoint,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        config=config,
    )
    return tracing.follow(client)
