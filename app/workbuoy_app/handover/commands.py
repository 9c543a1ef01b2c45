"""`workbuoy-app tenant hand-over|count`: each ends with one line of JSON on stdout."""

from __future__ import annotations

import argparse
import json

from workbuoy_app.handover.count import count
from workbuoy_app.handover.export import hand_over
from workbuoy_app.settings import Settings

_RESULT_FIELDS = ("address", "tenant", "tenant_id", "digest", "made_at", "frozen_at", "files")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Do one of them. Raises PromotionRefused, psycopg.Error and what `owner_connection` raises."""
    if options.action == "count":
        result = count(settings, options.name, options.tenant_id)
    else:
        manifest = hand_over(settings, options.name)
        rows = {name: one["rows"] for name, one in manifest["tables"].items()}
        result = {**{name: manifest[name] for name in _RESULT_FIELDS}, "rows": rows}
    print(json.dumps({"done": options.action, **result}), flush=True)
