"""`workbuoy-app person export|erase`: each ends with one line of JSON on stdout."""

from __future__ import annotations

import argparse
import json

from workbuoy_app.person.erase import erase
from workbuoy_app.person.export import export
from workbuoy_app.settings import Settings

_RESULT_FIELDS = ("address", "tenant", "member", "made_at", "files")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Do one of them. Raises PromotionRefused, psycopg.Error and what `owner_connection` raises."""
    if options.action == "erase":
        result = erase(settings, options.name, options.member, options.yes_erase)
    else:
        manifest = export(settings, options.name, options.member)
        rows = {name: one["rows"] for name, one in manifest["tables"].items()}
        result = {**{name: manifest[name] for name in _RESULT_FIELDS}, "rows": rows}
    print(json.dumps({"done": f"person {options.action}", **result}), flush=True)
