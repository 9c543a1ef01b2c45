"""What the silo's bucket says of a promotion: the export's manifest, the import's receipt, and whether they agree."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operations.tenant.promotion.places import Promotion


@dataclass(frozen=True, kw_only=True)
class Papers:
    """Both documents; None where one is not there or not finished."""

    manifest: Mapping[str, Any] | None
    receipt: Mapping[str, Any] | None

    @property
    def agree(self) -> bool:
        """The import found in database and bucket what the export had read."""
        return self.manifest is not None and self.receipt is not None and not self.differences()

    @property
    def digest(self) -> str | None:
        """The receipt's, which `tenant remove` asks for."""
        return str(self.receipt["digest"]) if self.receipt else None

    def differences(self) -> list[str]:
        """Where they differ: table by table, then the objects, then the rest."""
        if self.manifest is None or self.receipt is None:
            return []
        ours, theirs = _flat(self.manifest), _flat(self.receipt)
        return sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    tables = {f"table {name}": value for name, value in document.get("tables", {}).items()}
    names = ("objects", "tenant", "tenant_id", "schema_revision", "digest")
    return {**tables, **{name: document.get(name) for name in names}}


def read_papers(session: Any, promotion: Promotion) -> Papers:
    """Read both with the operator's own credentials. Raises botocore.exceptions.ClientError where AWS refuses."""
    s3 = session.client("s3", region_name=promotion.silo.region)
    papers = [
        read_paper(s3, promotion.silo.bucket, f"{promotion.prefix}/{name}")
        for name in ("manifest.json", "receipt.json")
    ]
    manifest, receipt = (paper if paper and paper.get("complete") is True else None for paper in papers)
    return Papers(manifest=manifest, receipt=receipt)


def read_paper(s3: Any, bucket: str, key: str) -> Mapping[str, Any] | None:
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
