"""What the silo's bucket says of a promotion: the export's manifest, the import's receipt, and whether they agree."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operations.tenant.promotion.places import Promotion

_COMPARED = ("digest", "lineage", "number", "tenant", "tenant_id")


@dataclass(frozen=True, kw_only=True)
class PromotionDocuments:
    """Both documents; None where one is not there or not finished."""

    manifest: Mapping[str, Any] | None
    receipt: Mapping[str, Any] | None

    @property
    def agree(self) -> bool:
        """The silo opened with all that the pool handed over; it had compared every row with what the pool has."""
        return self.manifest is not None and self.receipt is not None and not self.differences()

    @property
    def digest(self) -> str | None:
        """What the silo's rows came to when it opened, which `tenant remove` asks for."""
        return str(self.receipt["sums_digest"]) if self.receipt else None

    def differences(self) -> list[str]:
        """Which of what names the last batch differs."""
        if self.manifest is None or self.receipt is None:
            return []
        return [name for name in _COMPARED if self.manifest.get(name) != self.receipt.get(name)]


def read_documents(session: Any, promotion: Promotion) -> PromotionDocuments:
    """Read both with the operator's own credentials. Raises botocore.exceptions.ClientError where AWS refuses."""
    s3 = session.client("s3", region_name=promotion.silo.region)
    documents = [
        read_document(s3, promotion.silo.bucket, f"{promotion.prefix}/{name}")
        for name in ("manifest.json", "receipt.json")
    ]
    manifest, receipt = (paper if paper and paper.get("complete") is True else None for paper in documents)
    return PromotionDocuments(manifest=manifest, receipt=receipt)


def read_document(s3: Any, bucket: str, key: str) -> Mapping[str, Any] | None:
    """None where it is not there. Operators may list these two names alone, so S3 would answer 403 to a blind get."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    if not any(one["Key"] == key for one in found):
        return None
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
