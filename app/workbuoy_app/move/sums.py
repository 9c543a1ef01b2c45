"""What a tenant's rows come to, in a sum that follows each change and does not depend on the order of rows.

Every row's line is hashed to 2,048 bits, and the hashes are added modulo 2**2048. So a receiver that knows the sum of
what it has takes the old row's hash off and adds the new one's, and need not read the rest while the tenant is frozen.
With a modulus this wide nobody can find other rows of the same sum.
Source: Bellare and Micciancio, "A New Paradigm for Collision-free Hashing" (1997), on AdHash; Wagner, "A Generalized
Birthday Problem" (2002), on the width that it needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.tables import Table, canonical_rows, line
from workbuoy_app.roles import Owner

_BYTES = 256
_MODULUS = 1 << (8 * _BYTES)


@dataclass
class TableSum:
    """How many rows a table has of the tenant, and the sum of their hashes."""

    rows: int = 0
    total: int = 0

    def add(self, text: bytes) -> None:
        """Count a row's line."""
        self.rows += 1
        self.total = (self.total + _hashed(text)) % _MODULUS

    def take(self, text: bytes) -> None:
        """A row that is no longer there."""
        self.rows -= 1
        self.total = (self.total - _hashed(text)) % _MODULUS


@dataclass
class Sums:
    """By table."""

    tables: dict[str, TableSum] = field(default_factory=dict)

    def of(self, table: str) -> TableSum:
        """One table's, to be changed."""
        return self.tables.setdefault(table, TableSum())

    @property
    def digest(self) -> str:
        """One checksum of all; a receipt's."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """As `parse` reads it."""
        return json.dumps(self.document(), sort_keys=True)

    def document(self) -> dict[str, dict[str, object]]:
        """For a receipt."""
        return {
            name: {"rows": one.rows, "sum": f"{one.total:0{2 * _BYTES}x}"}
            for name, one in sorted(self.tables.items())
        }

    def differences(self, other: Sums) -> list[str]:
        """Where two differ, in words."""
        return [
            f"{name} ({self.of(name).rows} rows here, {other.of(name).rows} there)"
            for name in sorted({*self.tables, *other.tables})
            if self.of(name) != other.of(name)
        ]


def parse(document: Any) -> Sums:
    """Of `Sums.document`, or its text. Raises PromotionRefused."""
    try:
        known = json.loads(document) if isinstance(document, str) else document
        return Sums(
            {str(name): TableSum(int(one["rows"]), int(one["sum"], 16)) for name, one in known.items()}
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PromotionRefused("The sums of a move are not of the form that a move writes.") from None


def measure(connection: Owner, tables: Iterable[Table], tenant_id: UUID) -> Sums:
    """Read every row of these tables, in this transaction, within `acting_for`."""
    sums = Sums()
    for table in tables:
        one = sums.of(table.name)
        for row in canonical_rows(connection, table, tenant_id):
            one.add(line(row))
    return sums


def _hashed(text: bytes) -> int:
    return int.from_bytes(hashlib.shake_256(text).digest(_BYTES))
